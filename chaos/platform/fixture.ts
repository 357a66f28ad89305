/** The apps and users of the platform, and what its programs are started with. */
import type { DevUser } from "@breezeway/issuer";
import type { ManifestInput } from "@breezeway/shared/schemas";

/** The `iss` of all issuers, wherever they listen. */
export const ISSUER_URL = "http://localhost:4000/auth";

export const APP_ID = "orders";
export const INSTALLED_APP_ID = "reports";
export const TENANTS: readonly string[] = ["acme", "globex", "initech", "umbrella"];
const PEOPLE = 64;

export const APPS: readonly ManifestInput[] = [
  { id: APP_ID, name: "Orders", version: "1.0.0", url: "http://127.0.0.1:4010/" },
  { id: INSTALLED_APP_ID, name: "Reports", version: "1.0.0", url: "http://127.0.0.1:4011/" },
];

export const userId = (index: number): string => `user-${index}`;

export const USERS: readonly DevUser[] = Array.from({ length: PEOPLE }, (_, index) => ({
  id: userId(index),
  name: `User ${index}`,
  tenants: Object.fromEntries(TENANTS.map((tenant) => [tenant, { scopes: [] }])),
}));

export interface IssuerSettings {
  readonly port: number;
  /** The file of an SQLite store, or the URL of a Postgres database. */
  readonly store: string;
}

export interface GatewaySettings {
  readonly port: number;
  /** The mount path of the issuers, at their load balancer. */
  readonly issuers: string;
  readonly upstream: string;
  /** The Redis of the rate limits. Default: the gateway counts alone. */
  readonly counters?: string;
}

export interface UpstreamSettings {
  readonly port: number;
  readonly host: string;
}
