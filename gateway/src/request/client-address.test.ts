import { describe, expect, it } from "vitest";
import { createPeerTrust } from "./peer-trust.ts";
import { clientAddress } from "./client-address.ts";

const trustsPeer = createPeerTrust(["10.0.0.0/8", "2001:db8:1::/48"], "test");

function addressOf(peerAddress: string | undefined, ...forwarded: string[]): string | undefined {
  const rawHeaders = forwarded.flatMap((value) => ["X-Forwarded-For", value]);
  return clientAddress({ peerAddress, rawHeaders }, trustsPeer);
}

describe("the address of a client", () => {
  it.each([
    ["is the peer's", "203.0.113.7", [], "203.0.113.7"],
    ["is the peer's, whatever it says of others", "203.0.113.7", ["198.51.100.1"], "203.0.113.7"],
    ["is what a trusted proxy says", "10.0.0.1", ["203.0.113.7"], "203.0.113.7"],
    [
      "is not what stands left of that",
      "10.0.0.1",
      ["198.51.100.1, 203.0.113.7, 10.9.9.9"],
      "203.0.113.7",
    ],
    ["is read over several fields", "10.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"],
    ["has no port", "10.0.0.1", ["203.0.113.7:5151"], "203.0.113.7"],
    ["is IPv4 when it is mapped", "::ffff:203.0.113.7", [], "203.0.113.7"],
    ["is a network in IPv6", "2001:db8:7:8:9:a:b:c", [], "2001:db8:7:8"],
    ["is the same network in another spelling", "2001:0DB8:7:8::1", [], "2001:db8:7:8"],
    ["is a network of zeros", "10.0.0.1", ["[2001:db8::1]:443"], "2001:db8:0:0"],
    ["comes from a trusted proxy over IPv6", "2001:db8:1::5", ["203.0.113.7"], "203.0.113.7"],
    ["may be private when a trusted proxy says so", "10.0.0.1", ["192.168.1.5"], "192.168.1.5"],
  ] as const)("%s", (_name, peer, forwarded, expected) => {
    expect(addressOf(peer, ...forwarded)).toBe(expected);
  });

  it.each([
    ["an untrusted peer on this machine", "127.0.0.1", ["203.0.113.7"]],
    ["an untrusted peer in a private network", "192.168.7.7", []],
    ["an untrusted peer in a private IPv6 network", "fd00::7", []],
    ["a proxy that says nothing", "10.0.0.1", []],
    ["a proxy that says nonsense", "10.0.0.1", ["203.0.113.7, unknown"]],
    ["proxies all the way", "10.0.0.1", ["10.0.0.2"]],
    ["nobody", undefined, []],
  ] as const)("is not known of %s", (_name, peer, forwarded) => {
    expect(addressOf(peer, ...forwarded)).toBeUndefined();
  });
});
