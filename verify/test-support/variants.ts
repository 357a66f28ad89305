/** Option sets with which the example applications are started for the conformance table. */
import type { SessionOptions } from "../src/guard/session-options.ts";

export const PUBLIC_URL = "https://api.example";

export type Variant = "plain" | "claims" | "revocation" | "proofs" | "keys unreachable";

export const variants: Readonly<Record<Variant, Partial<SessionOptions>>> = {
  plain: {},
  claims: { claims: { org_role: (role) => role === "admin" } },
  revocation: { checkRevocation: true },
  proofs: { proof: { publicUrls: PUBLIC_URL } },
  "keys unreachable": {},
};
