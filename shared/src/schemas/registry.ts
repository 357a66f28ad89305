/** The app registry as the issuer sends it to host pages and gateways. */
import * as z from "zod/mini";
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
  /** A manifest without the addresses of the app's backend. */
  readonly manifest: unknown;
  /** `null` while the app can be used. */
  readonly suspended: { readonly reason: string } | null;
  /** The scopes that the tenant has agreed to; `null` where the issuer asks for no consent. */
  readonly granted: readonly string[] | null;
}

export interface AppListResponse {
  readonly apps: readonly TenantApp[];
}

export const appListResponseSchema: z.ZodMiniType<AppListResponse> = z.object({
  apps: z.array(
    z.object({
      // Each is parsed alone: one that this version does not understand must not hide the others.
      manifest: z.unknown(),
      suspended: z.nullable(z.object({ reason: suspensionReason })),
      granted: z.nullable(z.array(z.string())),
    }),
  ),
});

/** `GET /auth/registry`: an app with all that gateways must know about it. */
export interface RegistryEntry {
  readonly manifest: unknown;
  readonly suspensions: readonly AppSuspension[];
}

export interface RegistryResponse {
  readonly apps: readonly RegistryEntry[];
}

export const registryResponseSchema: z.ZodMiniType<RegistryResponse> = z.object({
  apps: z.array(
    z.object({
      manifest: z.unknown(),
      suspensions: z.array(
        z.object({
          tenantId: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
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
