/** Options of `serveIssuer` and `toNodeHandler`, and the check of them. */
import { BridgeError, isRecord } from "@breezeway/shared";
import { refuseUnknown, type Names } from "../option-names.ts";

export interface ProxyOptions {
  /**
   * Addresses and CIDR ranges of proxies in front, whose `X-Forwarded-For` is believed. Limits per
   * address count everybody behind another proxy as one. Default: none.
   */
  readonly trustedProxies?: readonly string[];
}

export interface ServeOptions extends ProxyOptions {
  /** 0 to 65535; 0 takes a free one. */
  readonly port: number;
  /** Default: loopback only. */
  readonly host?: string;
}

const PROXY: Names<ProxyOptions> = { trustedProxies: 1 };
const SERVE: Names<ServeOptions> = { ...PROXY, port: 1, host: 1 };
const MAX_PORT = 65_535;

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkProxyOptions(options: unknown): void {
  const { trustedProxies = [] } = namesOf(options, PROXY);
  if (!Array.isArray(trustedProxies)) throw invalid("trustedProxies: must be a list");
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkServeOptions(options: unknown): void {
  const { port, host } = namesOf(options, SERVE);
  if (typeof port !== "number" || !Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw invalid(`port: must be a whole number from 0 to ${MAX_PORT}`);
  }
  // Node takes an empty one for every address of the machine.
  if (host !== undefined && (typeof host !== "string" || host === "")) {
    throw invalid("host: must be a name or an address");
  }
}

function namesOf(options: unknown, names: object): Readonly<Record<string, unknown>> {
  if (!isRecord(options)) throw invalid("options: must be an object");
  refuseUnknown(options, names);
  return options;
}

function invalid(message: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${message}.`);
}
