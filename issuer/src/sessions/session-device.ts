/**
 * The device of a session: what a user needs to recognise a sign-in, and no more.
 *
 * [DV-1] The description consists of words of `user-agent.ts` alone. No text of a stranger is stored.
 * [DV-2] The address is cut to its network before it is stored: IPv4 /24, IPv6 /48.
 * [DV-3] It is taken once, when the session is created. Neither a mint nor a refresh writes it.
 */
import { isIP } from "node:net";
import { ipv6Groups } from "../ipv6-groups.ts";
import type { SessionRecord } from "./session-record.ts";
import { describeUserAgent } from "./user-agent.ts";

/** What sessions keep of their device. */
export type DeviceDetail = "full" | "browser" | "none";

export interface SessionClient {
  /** The header `User-Agent`. Its first 512 characters are read, and it is not stored. */
  readonly userAgent?: string | undefined;
  /** IP address of the client. Only its network is stored. */
  readonly address?: string | undefined;
}

const IPV4_PART = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function deviceOf(
  client: SessionClient | undefined,
  detail: DeviceDetail,
): Pick<SessionRecord, "device" | "network"> {
  const { userAgent, address } = client ?? {};
  return {
    device: detail === "none" || userAgent === undefined ? undefined : describeUserAgent(userAgent),
    network: detail !== "full" || address === undefined ? undefined : coarseNetwork(address),
  };
}

/** @returns `undefined` for a text that is not an IP address */
export function coarseNetwork(address: string): string | undefined {
  const ipv4 = IPV4_PART.exec(address)?.[1] ?? address;
  switch (isIP(ipv4)) {
    case 4:
      return `${ipv4.split(".").slice(0, 3).join(".")}.0/24`;
    case 6:
      return `${ipv6Prefix(ipv4)}::/48`;
    default:
      return undefined;
  }
}

/** The first three groups. An IPv4 part is at the end, beyond them. */
function ipv6Prefix(address: string): string {
  const groups = ipv6Groups(address.replace(/(\d+\.){3}\d+/, "0:0")).slice(0, 3);
  // `::` stands for zeros at the end of the prefix, too (RFC 5952).
  return groups.join(":").replace(/(^|:)0(:0)*$/, "");
}
