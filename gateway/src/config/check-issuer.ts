/** Whose tokens are taken, and where its keys and its revocations are. */
import { BridgeError, isLoopbackHost, originOf } from "@breezeway/shared";
import type { GatewayOptions } from "./options.ts";

type Issuer = Pick<GatewayOptions, "issuer" | "jwks" | "revocations">;

/** @throws {BridgeError} CONFIG_INVALID, naming source and field */
export function checkIssuer({ issuer, jwks, revocations }: Issuer, source: string): void {
  if (typeof issuer !== "string" || originOf(issuer) === undefined) {
    throw invalid(source, "issuer: must be an http or https URL");
  }
  const isFeedNamed = revocations === false || revocations?.url !== undefined;
  const addresses = {
    jwks: typeof jwks === "string" ? jwks : undefined,
    "revocations.url": revocations === false ? undefined : revocations?.url,
    // Where the addresses are made of it.
    issuer: jwks !== undefined && isFeedNamed ? undefined : issuer,
  };
  for (const [field, url] of Object.entries(addresses)) {
    if (url === undefined || isProtected(url)) continue;
    throw invalid(source, `${field}: must be an https URL (http only on loopback)`);
  }
  if (!issuer.endsWith("/") || addresses.issuer === undefined) return;
  // Breezeway's issuer is never spelt so: no token would match, and the addresses made of it have "//".
  const spelt = issuer.replace(/\/+$/, "");
  throw invalid(source, `issuer: must be spelt ${spelt}, without a slash at the end`);
}

// Whoever is on the path of plain http chooses the keys, and hides revocations. The verifier and the feed
// have the same rule, and know no file that they could name.
function isProtected(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}

function invalid(source: string, what: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${source}: ${what}.`);
}
