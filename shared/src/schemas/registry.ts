/** The app registry as the issuer sends it to host pages and gateways. */
import * as z from "zod/mini";
import { catch as orElse } from "zod/mini";
import { channelName, type AppChannel, type AppVersion } from "./channels.ts";
import { scopesOfManifest, text, type RegisteredApp } from "./manifest.ts";

/** Why an app is suspended, for the people who miss it. One line of text, 1 to 200 characters. */
export const suspensionReason: z.ZodMiniType<string> = text(200);

export interface AppSuspension {
  /** Absent: in every tenant. */
  readonly tenantId?: string | undefined;
  readonly reason: string;
}

/** `GET /auth/apps`: an app that the session's tenant may see. */
export interface TenantApp {
  /** A manifest without the addresses of the app's backend, and without `channels`. */
  readonly manifest: unknown;
  /** The version that the tenant has. Absent from earlier issuers: that of the manifest. */
  readonly page?: AppVersion | undefined;
  /** `null` while the app can be used. */
  readonly suspended: { readonly reason: string } | null;
  /** The scopes that the tenant has agreed to; `null` where the issuer asks for no consent. */
  readonly granted: readonly string[] | null;
}

export interface AppListResponse {
  readonly apps: readonly TenantApp[];
}

const appVersion = z.object({ channel: channelName, version: z.string(), url: z.string() });

export const appListResponseSchema: z.ZodMiniType<AppListResponse> = z.object({
  apps: z.array(
    z.object({
      // Each is parsed alone: one that this version does not understand must not hide the others.
      manifest: z.unknown(),
      // One that this version does not understand counts as absent, for the same reason.
      page: orElse(z.optional(appVersion), undefined),
      suspended: z.nullable(z.object({ reason: suspensionReason })),
      granted: z.nullable(z.array(z.string())),
    }),
  ),
});

/** `GET /auth/registry`: an app with all that gateways must know about it. */
export interface RegistryEntry {
  /** Without `channels`, which earlier gateways do not know. */
  readonly manifest: unknown;
  /** Absent for an app without channels. */
  readonly channels?: RegistryChannels | undefined;
  readonly suspensions: readonly AppSuspension[];
}

export interface RegistryChannels {
  readonly versions: Readonly<Record<string, AppChannel>>;
  /** Tenants that are on a channel of their own. */
  readonly tenants: readonly { readonly tenantId: string; readonly channel: string }[];
  /** `null` without a rollout. */
  readonly rollOut: { readonly channel: string; readonly percent: number } | null;
}

export interface RegistryResponse {
  readonly apps: readonly RegistryEntry[];
}

const tenantId = z.string().check(z.minLength(1), z.maxLength(256));

const registryChannels: z.ZodMiniType<RegistryChannels> = z.object({
  versions: z.record(channelName, z.object({ url: z.string(), version: z.string() })),
  tenants: z.array(z.object({ tenantId, channel: channelName })),
  rollOut: z.nullable(
    z.object({ channel: channelName, percent: z.int().check(z.minimum(1), z.maximum(100)) }),
  ),
});

export const registryResponseSchema: z.ZodMiniType<RegistryResponse> = z.object({
  apps: z.array(
    z.object({
      manifest: z.unknown(),
      // For telemetry alone: a part that this version does not understand must not keep suspensions back.
      channels: orElse(z.optional(registryChannels), undefined),
      suspensions: z.array(
        z.object({
          tenantId: z.optional(tenantId),
          reason: suspensionReason,
        }),
      ),
    }),
  ),
});

/**
 * Whether tokens from before a change of the manifest have rights that the app has no longer: it moved to another
 * origin, lost a scope, or now needs proofs. `after` is `undefined` for an app that was removed.
 */
export function isNarrower(before: RegisteredApp, after: RegisteredApp | undefined): boolean {
  if (after === undefined || after.origin !== before.origin) return true;
  if (after.proofRequired === true && before.proofRequired !== true) return true;
  const left = scopesOfManifest(after);
  return !scopesOfManifest(before).every((scope) => left.includes(scope));
}
