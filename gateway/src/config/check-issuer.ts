/** Checks the issuer and the addresses of its keys and revocations. */
import { BridgeError, isLoopbackHost, originOf } from "@breezeway/shared";
import type { GatewayOptions } from "./options.ts";

type Issuer = Pick<GatewayOptions, "issuer" | "jwks" | "revocations">;

/** @throws {BridgeError} CONFIG_INVALID, naming source and field */
export function checkIssuer({ issuer, jwks, revocations }: Issuer, source: string): void {
  if (typeof issuer !== "string" || originOf(issuer) === undefined) {
    throw invalid(source, "issuer: must be an http or https URL");
  }
  const hasFeedUrl = revocations === false || revocations?.url !== undefined;
  const addresses = {
    jwks: typeof jwks === "string" ? jwks : undefined,
    "revocations.url": revocations === false ? undefined : revocations?.url,
    // The default addresses are derived from the issuer.
    issuer: jwks !== undefined && hasFeedUrl ? undefined : issuer,
  };
  for (const [field, url] of Object.entries(addresses)) {
    if (url === undefined || isProtected(url)) continue;
    throw invalid(source, `${field}: must be an https URL (http is allowed only on loopback)`);
  }
  if (!issuer.endsWith("/") || addresses.issuer === undefined) return;
  // Breezeway issuers have no trailing slash, so no token would match, and addresses would have "//".
  const spelt = issuer.replace(/\/+$/, "");
  throw invalid(source, `issuer: must be ${spelt}, without the trailing slash`);
}

// An attacker on the path of plain http could replace keys and hide revocations. The verifier and the feed
// have the same rule, but their messages could not name the configuration file.
function isProtected(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}

function invalid(source: string, what: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${source}: ${what}.`);
}
