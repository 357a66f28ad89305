/** What the bench and the servers that it measures say to each other. */
import type { JWK } from "jose";

export interface Settings {
  readonly database?: string;
  readonly upstreamPort?: number;
  readonly jwks?: { readonly keys: (JWK & { readonly kty: string })[] };
  /** The `iss` of the tokens that a gateway accepts. */
  readonly issuer?: string;
  readonly redis?: string;
}

export type Work =
  | { readonly kind: "usage"; readonly afterGc: boolean }
  | {
      readonly kind: "sign-in";
      readonly from: number;
      readonly count: number;
      readonly tenants: number;
    }
  | { readonly kind: "change"; readonly count: number; readonly handles: readonly string[] };

export type Order = Work & { readonly id: number };

export interface Usage {
  readonly cpuMs: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Statements sent to Postgres. */
  readonly statements: number;
  readonly rowWrites: number;
}

export interface SignedIn {
  readonly handle: string;
  readonly cookie: string;
}

export const APPS = Array.from({ length: 5 }, (_, n) => ({
  id: n === 0 ? "orders" : `orders-${n}`,
  name: "Orders",
  version: "1.0.0",
  url: "https://orders.example/",
  scopes: ["orders:read", "orders:write"],
}));
