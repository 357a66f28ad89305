/** Options of `serveIssuer` and `toNodeHandler`. */
import { isIP } from "node:net";
import { optionObject, parseOptions, wholeNumberOption } from "@breezeway/shared/schemas";
import * as z from "zod/mini";

export interface ProxyOptions {
  /**
   * Addresses and CIDR ranges of the proxies in front, whose `X-Forwarded-For` is trusted. Behind any
   * other proxy, limits per address count all clients as one. Default: no proxy is trusted.
   */
  readonly trustedProxies?: readonly string[];
}

export interface ServeOptions extends ProxyOptions {
  /** 0 to 65 535; 0 takes a free port. */
  readonly port: number;
  /** Default `127.0.0.1`, which only this machine reaches. */
  readonly host?: string;
  /** Time for the head of a request, 1 to 3 600 000 milliseconds. Default 10 000. */
  readonly headersTimeoutMs?: number;
  /** Time for a whole request, 1 to 3 600 000 milliseconds. Default 30 000. */
  readonly requestTimeoutMs?: number;
  /**
   * Wait for the next request on a connection, 1 to 3 600 000 milliseconds. Default 65 000. Choose it
   * longer than the reverse proxy in front keeps unused connections: otherwise the proxy sends a request
   * into a connection that is just closing, and a sign-in or refresh is lost.
   */
  readonly keepAliveTimeoutMs?: number;
}

const trustedProxies = z.optional(
  z.array(z.string().check(z.refine(isAddressRange, "must be an address or a CIDR range"))),
);

const proxyOptions = optionObject<ProxyOptions>({ trustedProxies });

// Node takes 0 for no limit.
const milliseconds = z.optional(wholeNumberOption(1, 3_600_000));

const serveOptions = optionObject<ServeOptions>({
  port: wholeNumberOption(0, 65_535),
  // Node listens on every address of the machine when the host is empty.
  host: z.optional(
    z.string().check(z.refine((host) => host !== "", "must be a host name or an address")),
  ),
  headersTimeoutMs: milliseconds,
  requestTimeoutMs: milliseconds,
  keepAliveTimeoutMs: milliseconds,
  trustedProxies,
});

/** @throws {BridgeError} CONFIG_INVALID */
export function parseProxyOptions(options: ProxyOptions): ProxyOptions {
  return parseOptions(proxyOptions, options, "toNodeHandler");
}

/** @throws {BridgeError} CONFIG_INVALID */
export function parseServeOptions(options: ServeOptions): ServeOptions {
  return parseOptions(serveOptions, options, "serveIssuer");
}

function isAddressRange(entry: string): boolean {
  const [address = "", bits, ...rest] = entry.split("/");
  const version = isIP(address);
  const isLength =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
  return version !== 0 && isLength && rest.length === 0;
}
