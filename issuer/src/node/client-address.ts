/** The client's address behind trusted proxies, from `X-Forwarded-For`. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { ProxyOptions } from "./serve-options.ts";

export type ClientAddress = (request: IncomingMessage) => string | undefined;

export function createClientAddress({ trustedProxies = [] }: ProxyOptions): ClientAddress {
  const trusted = new BlockList();
  for (const entry of trustedProxies) addRange(trusted, entry);
  const isTrusted = (address: string): boolean =>
    trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

  return ({ socket, headersDistinct }) => {
    let address = socket.remoteAddress;
    const hops = headersDistinct["x-forwarded-for"]?.join(",").split(",") ?? [];
    // From the right: each proxy appends the address that it saw. The first untrusted address wrote
    // everything to its left, and a client can write anything.
    for (const hop of hops.toReversed()) {
      const previous = hop.trim();
      if (address === undefined || !isTrusted(address) || isIP(previous) === 0) break;
      address = previous;
    }
    return address;
  };
}

/** Adds an address or a CIDR range, which the options have checked. */
function addRange(list: BlockList, entry: string): void {
  const [address = "", bits] = entry.split("/");
  const isIpv6 = isIP(address) === 6;
  const longest = isIpv6 ? 128 : 32;
  list.addSubnet(address, bits === undefined ? longest : Number(bits), isIpv6 ? "ipv6" : "ipv4");
}
