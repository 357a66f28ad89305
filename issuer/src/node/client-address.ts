/** Whose request this is when proxies stand in front: `X-Forwarded-For`, as far as it is believed. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { BridgeError } from "@breezeway/shared";
import { checkProxyOptions, type ProxyOptions } from "./serve-options.ts";

export type ClientAddress = (request: IncomingMessage) => string | undefined;

/** @throws {BridgeError} CONFIG_INVALID, naming the option: one that is none, or is no address or CIDR range */
export function createClientAddress(options: ProxyOptions): ClientAddress {
  checkProxyOptions(options);
  const { trustedProxies = [] } = options;
  const trusted = new BlockList();
  for (const [index, entry] of trustedProxies.entries()) addRange(trusted, entry, index);
  const isTrusted = (address: string): boolean =>
    trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

  return ({ socket, headersDistinct }) => {
    let address = socket.remoteAddress;
    const hops = headersDistinct["x-forwarded-for"]?.join(",").split(",") ?? [];
    // From the right: each proxy appends whom it has seen. What stands left of the first one that
    // nobody trusts is that one's word, and a client can say anything.
    for (const hop of hops.toReversed()) {
      const told = hop.trim();
      if (address === undefined || !isTrusted(address) || isIP(told) === 0) break;
      address = told;
    }
    return address;
  };
}

function addRange(list: BlockList, entry: string, index: number): void {
  const [address = "", bits, ...rest] = entry.split("/");
  const version = isIP(address);
  const longest = version === 6 ? 128 : 32;
  const isLength = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest);
  if (version === 0 || !isLength || rest.length > 0) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `trustedProxies[${index}]: must be an address or a CIDR range.`,
    );
  }
  list.addSubnet(address, bits === undefined ? longest : Number(bits), `ipv${version as 4 | 6}`);
}
