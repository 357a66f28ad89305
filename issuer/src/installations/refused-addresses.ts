/**
 * Addresses that a backend of an app must not have. A manifest may come from a stranger, so its URLs
 * must not lead into the issuer's network.
 *
 * The ranges are those that the IANA registries of special-purpose addresses call not globally
 * reachable (RFC 6890), and the addresses at which clouds serve metadata to their machines.
 */
import { BlockList, isIPv4 } from "node:net";

export interface AddressPolicy {
  /** Addresses of this machine may be called. */
  readonly loopback: boolean;
  /** Addresses of private networks may be called. */
  readonly private: boolean;
}

type Subnet = readonly [network: string, prefix: number];

const LOOPBACK: readonly Subnet[] = [
  ["127.0.0.0", 8],
  // Includes the unspecified address and the deprecated IPv4-compatible form.
  ["::", 96],
];

const PRIVATE: readonly Subnet[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["fc00::", 7],
];

/** No policy allows these, since no backend is there. */
const NEVER: readonly Subnet[] = [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 128],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["100:0:0:1::", 64],
  // Teredo and 6to4 lead to the IPv4 address that they contain.
  ["2001::", 23],
  ["2002::", 16],
  ["2001:db8::", 32],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
  // Services of clouds for their machines outside link-local: Alibaba, Azure, AWS (metadata, pod
  // roles, DNS, time), Google, Oracle, Scaleway.
  ["100.100.100.200", 32],
  ["168.63.129.16", 32],
  ["fd00:ec2::", 32],
  ["fd20:ce::254", 128],
  ["fd00:c1::a9fe:a9fe", 128],
  ["fd00:42::42", 128],
];

/** Translators turn these into the IPv4 address at their end (RFC 6052, RFC 7915). */
const TRANSLATED = ["64:ff9b::", "::ffff:0:"];

/** IPv4-mapped IPv6 addresses (`::ffff:10.0.0.1`) are refused like the IPv4 addresses. */
export function refusedAddresses(policy: AddressPolicy): BlockList {
  const refused = new BlockList();
  const subnets = [
    ...NEVER,
    ...(policy.loopback ? [] : LOOPBACK),
    ...(policy.private ? [] : PRIVATE),
  ];
  for (const [network, prefix] of subnets) {
    if (isIPv4(network)) {
      refused.addSubnet(network, prefix, "ipv4");
      for (const form of TRANSLATED) refused.addSubnet(form + network, 96 + prefix, "ipv6");
    } else {
      refused.addSubnet(network, prefix, "ipv6");
    }
  }
  return refused;
}
