import { isIPv4 } from "node:net";
import { describe, expect, it } from "vitest";
import { refusedAddresses, type AddressPolicy } from "./refused-addresses.ts";

const PUBLIC = ["93.184.216.34", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111"];
const LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1"];
const PRIVATE = [
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "fd12::1",
];
const NEVER = [
  ["unspecified", ["0.0.0.0", "0.1.2.3", "::"]],
  ["link-local", ["169.254.1.1", "fe80::1", "febf::1", "fec0::1"]],
  [
    "a cloud's metadata",
    [
      "169.254.169.254",
      "192.0.0.192",
      "100.100.100.200",
      "168.63.129.16",
      "fd00:ec2::254",
      "fd00:ec2::23",
      "fd20:ce::254",
      "fd00:c1::a9fe:a9fe",
      "fd00:42::42",
    ],
  ],
  ["multicast and broadcast", ["224.0.0.1", "239.1.1.1", "255.255.255.255", "ff02::1"]],
  [
    "for documents and benchmarks",
    ["192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1", "100:0:0:1::1"],
  ],
  ["a tunnel to another address", ["2002:7f00:1::", "2001:0:1::1"]],
] as const;

/** IPv6 forms that lead to an IPv4 address. */
const DISGUISES = ["::ffff:", "64:ff9b::", "::ffff:0:"];

function refuses(address: string, policy: Partial<AddressPolicy> = {}): boolean {
  const list = refusedAddresses({ loopback: false, private: false, ...policy });
  return list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

const forms = (address: string): string[] =>
  isIPv4(address) ? [address, ...DISGUISES.map((prefix) => prefix + address)] : [address];

describe("an address", () => {
  it.each(PUBLIC)("of the public network is never refused: %s", (address) => {
    expect(forms(address).filter((form) => refuses(form))).toEqual([]);
  });

  it.each(LOOPBACK)("of this machine is refused unless the policy permits it: %s", (address) => {
    expect(forms(address).filter((form) => !refuses(form))).toEqual([]);
    expect(refuses(address, { private: true })).toBe(true);
    expect(forms(address).filter((form) => refuses(form, { loopback: true }))).toEqual([]);
  });

  it.each(PRIVATE)(
    "of a private network is refused unless the policy permits it: %s",
    (address) => {
      expect(forms(address).filter((form) => !refuses(form))).toEqual([]);
      expect(refuses(address, { loopback: true })).toBe(true);
      expect(forms(address).filter((form) => refuses(form, { private: true }))).toEqual([]);
    },
  );

  it.each(NEVER)("that is %s is refused by every policy", (_name, addresses) => {
    const all = { loopback: true, private: true };
    expect(addresses.flatMap(forms).filter((form) => !refuses(form, all))).toEqual([]);
  });
});
