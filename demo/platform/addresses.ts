/** Addresses of the demo's parts: each port has a fixed offset from one base port. */
import { BridgeError } from "@breezeway/shared";

export const DEFAULT_BASE_PORT = 4000;
const LOWEST_PORT = 1024;
const HIGHEST_OFFSET = 20;

export const PARTS = [
  "shell",
  "gateway",
  "orders",
  "customer-pane",
  "inspector",
  "upstream",
] as const;
export type Part = (typeof PARTS)[number];

export const GUESTS = ["orders", "customer-pane", "inspector"] as const;
export type Guest = (typeof GUESTS)[number];

export interface Address {
  readonly port: number;
  /** Host and port, as in a request's `Host` header. */
  readonly authority: string;
  readonly origin: string;
  /** IP addresses to listen on. All of them are loopback addresses. */
  readonly listenOn: readonly string[];
}

export type Addresses = Readonly<Record<Part, Address>>;

/**
 * @param basePort 1024 to 65515
 * @throws {BridgeError} CONFIG_INVALID
 */
export function addressesFrom(basePort: number): Addresses {
  const highest = 65_535 - HIGHEST_OFFSET;
  if (!Number.isInteger(basePort) || basePort < LOWEST_PORT || basePort > highest) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `BREEZEWAY_PORT: must be a whole number from ${LOWEST_PORT} to ${highest}.`,
    );
  }
  return {
    shell: localhost(basePort),
    gateway: localhost(basePort + 1),
    // Guests have a different site from the host, so the browser renders them in another process and
    // sends them none of the host's cookies.
    orders: numeric(basePort + 10),
    "customer-pane": numeric(basePort + 11),
    inspector: numeric(basePort + 12),
    upstream: numeric(basePort + HIGHEST_OFFSET),
  };
}

// Browsers try both addresses of the name. If only one were taken, another program could answer on the
// other.
function localhost(port: number): Address {
  return address(`localhost:${port}`, port, ["127.0.0.1", "::1"]);
}

function numeric(port: number): Address {
  return address(`127.0.0.1:${port}`, port, ["127.0.0.1"]);
}

function address(authority: string, port: number, listenOn: readonly string[]): Address {
  return { port, authority, origin: `http://${authority}`, listenOn };
}
