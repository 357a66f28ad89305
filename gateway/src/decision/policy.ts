import type { AppRegistry } from "@breezeway/shared/schemas";
import type { SuspensionOf, VersionOf } from "../registry/registry-follower.ts";
import type { RouteTable } from "./route-table.ts";

/** Everything that a reload replaces at once. One request sees one policy from start to end. */
export interface Policy {
  /** `undefined` until the issuer's registry has arrived. */
  readonly apps: AppRegistry | undefined;
  /** Whether the apps are the issuer's. */
  readonly followsIssuer: boolean;
  /** The reason for which an app is suspended in a tenant; `undefined` while no app is. */
  readonly suspensionOf: SuspensionOf | undefined;
  /** For telemetry. It decides nothing. */
  readonly versionOf: VersionOf;
  readonly routes: RouteTable;
  readonly cors: {
    /** How long a browser may cache a preflight. */
    readonly maxAgeSeconds: number;
    /** Response headers that guests may read, besides the gateway's own. */
    readonly exposedHeaders: readonly string[];
    /** The CORS headers of answers to a registered origin, from its first request on. */
    readonly prepared: Map<string, readonly string[]>;
  };
  readonly hostOrigins: ReadonlySet<string>;
  /** Whether to trust the `X-Forwarded-*` headers of this address. */
  readonly trustsPeer: (address: string | undefined) => boolean;
  /** Whether the operator has this header removed; `undefined` for none. Takes lower case. */
  readonly isRemoved: ((name: string) => boolean) | undefined;
}
