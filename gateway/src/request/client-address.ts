/** The address of the client that sent a request, as far as it is known. */
import { BlockList, isIPv4, isIPv6, SocketAddress } from "node:net";
import { valuesOf } from "./header-list.ts";
import type { RequestHead } from "./request-head.ts";

/**
 * The address that opened the connection, or the client address that trusted proxies report. Read
 * `X-Forwarded-For` from the right, since clients can write the left part. IPv6 addresses are grouped by
 * /64, which is what one customer has.
 *
 * `undefined` when many clients may share the address: an untrusted peer in a private network is most
 * likely a load balancer or a reverse proxy, and its clients must not be limited together.
 */
export function clientAddress(
  { peerAddress, rawHeaders }: Pick<RequestHead, "peerAddress" | "rawHeaders">,
  trustsPeer: (address: string | undefined) => boolean,
): string | undefined {
  if (peerAddress === undefined) return undefined;
  if (!trustsPeer(peerAddress)) return groupOfPeer(peerAddress);
  if (plainAddress(peerAddress) === undefined) return undefined;
  const hops = forwardedFor(rawHeaders);
  for (const hop of hops.toReversed()) {
    const address = plainAddress(hop);
    if (address === undefined) return undefined;
    if (!trustsPeer(address)) return groupOf(address);
  }
  return undefined;
}

// Few peers send most requests. Bounded, because anybody can be a peer.
const MAX_KNOWN_PEERS = 1_024;
const knownPeers = new Map<string, string | undefined>();

function groupOfPeer(peerAddress: string): string | undefined {
  if (knownPeers.has(peerAddress)) return knownPeers.get(peerAddress);
  const peer = plainAddress(peerAddress);
  const group = peer === undefined || isPrivate(peer) ? undefined : groupOf(peer);
  if (knownPeers.size >= MAX_KNOWN_PEERS) knownPeers.clear();
  knownPeers.set(peerAddress, group);
  return group;
}

function forwardedFor(rawHeaders: readonly string[]): string[] {
  return valuesOf(rawHeaders, "x-forwarded-for").flatMap((value) =>
    value.split(",").map((hop) => hop.trim()),
  );
}

/** Removes the port that some proxies add, and unwraps IPv4-mapped IPv6 addresses. */
function plainAddress(text: string): string | undefined {
  const address = text
    .replace(/^\[(.*)\](?::\d+)?$/, "$1")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1")
    .replace(/^::ffff:(?=\d+\.)/i, "");
  return isIPv4(address) || isIPv6(address) ? address : undefined;
}

function groupOf(address: string): string {
  if (isIPv4(address)) return address;
  // The system's canonical form, so that one network has one spelling.
  const { address: canonical } = new SocketAddress({ address, family: "ipv6" });
  const [left = "", right = ""] = canonical.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === "" ? [] : right.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
}

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  PRIVATE.addSubnet(network, bits, "ipv4");
}
PRIVATE.addAddress("::1", "ipv6");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addSubnet("fe80::", 10, "ipv6");

function isPrivate(address: string): boolean {
  return PRIVATE.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}
