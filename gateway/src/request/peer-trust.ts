/** Which peers are trusted proxies. */
import { BlockList, isIP } from "node:net";
import { BridgeError } from "@breezeway/shared";

/**
 * @returns a test of peer addresses
 * @throws {BridgeError} CONFIG_INVALID, when an entry is neither an address nor a CIDR range
 */
export function createPeerTrust(
  proxies: readonly string[],
  source: string,
): (address: string | undefined) => boolean {
  if (proxies.length === 0) return () => false;
  const list = new BlockList();
  for (const [index, entry] of proxies.entries())
    addRange(list, entry, `${source}: trustedProxies[${index}]`);
  return (address) => address !== undefined && list.check(address, familyOf(address) ?? "ipv4");
}

function addRange(list: BlockList, entry: string, field: string): void {
  const [address = "", bits, ...rest] = entry.split("/");
  const family = familyOf(address);
  const length = bits === undefined ? undefined : Number(bits);
  const longest = family === "ipv6" ? 128 : 32;
  const isLength = length === undefined || (/^\d+$/.test(bits ?? "") && length <= longest);
  if (family === undefined || !isLength || rest.length > 0) {
    throw new BridgeError("CONFIG_INVALID", `${field}: must be an address or a CIDR range.`);
  }
  if (length === undefined) list.addAddress(address, family);
  else list.addSubnet(address, length, family);
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(address);
  return version === 4 ? "ipv4" : version === 6 ? "ipv6" : undefined;
}
