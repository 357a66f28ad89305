/**
 * Mints a token for one app of one session: checks that the app is installed, picks the key, calls
 * the claims hook, and respects revocations.
 *
 * Invariant: a token's `rev` and `iat` are the position in the change log and the moment at which its
 * session was known to be live, not those of its claims or its signature. A revocation that arrives in
 * between has a higher number, so it ends the token.
 */
import { BridgeError, type Clock } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { InstalledApps } from "../installations/installed-apps.ts";
import type { TenantGrants } from "../grants/tenant-grants.ts";
import type { RevocationFeed } from "../changes/revocation-feed.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { SigningAlgorithm } from "../keys/key-vault.ts";
import { toSeconds } from "../time.ts";
import { toInfo, type Claims, type SessionRecord } from "../sessions/session-record.ts";
import { checkHookClaims, type ClaimsHook } from "./claims-hook.ts";
import { createMint, type MintedToken } from "./mint.ts";

export type AppMint = (
  record: SessionRecord,
  app: RegisteredApp,
  proofKeyThumbprint?: string,
) => Promise<MintedToken> | MintedToken;

export interface AppMintDeps {
  /** The `iss` of every token. */
  readonly issuer: string;
  readonly tokenTtlSeconds: number;
  readonly claims: ClaimsHook | undefined;
  /** By app id. Default: EdDSA. */
  readonly algorithms: Readonly<Record<string, SigningAlgorithm>>;
  readonly keys: Pick<KeyRing, "active">;
  readonly feed: Pick<RevocationFeed, "seq">;
  readonly clock: Clock;
  /** Absent when every app gets tokens. */
  readonly installedApps: InstalledApps | undefined;
  /** Absent when nobody needs to agree to an app's scopes. */
  readonly grants: TenantGrants | undefined;
}

/**
 * The mint throws, or rejects with, APP_NOT_ALLOWED when the app is not installed in the tenant, and
 * when the app takes bound tokens only and no key is given.
 */
export function createAppMint(deps: AppMintDeps): AppMint {
  const { issuer, claims: hook, algorithms, keys, feed, clock, installedApps, grants } = deps;
  const sign = createMint({ issuer, ttlSeconds: deps.tokenTtlSeconds, random: Math.random });

  return (record, app, proofKeyThumbprint) => {
    const { tenantId } = record;
    if (app.proofRequired === true && proofKeyThumbprint === undefined) {
      throw new BridgeError(
        "APP_NOT_ALLOWED",
        "The app accepts only tokens that are bound to a key. Send proofKeyThumbprint.",
      );
    }
    // Taken before the first await: a later revocation of the session or the app must end the token.
    const [position, issuedAtSeconds] = [feed.seq, toSeconds(clock.now())];
    const finish = (
      granted: ReadonlySet<string> | undefined,
      extraClaims?: Claims,
    ): MintedToken | Promise<MintedToken> =>
      sign({
        record,
        app,
        granted,
        signer: keys.active(algorithms[app.id] ?? "EdDSA"),
        issuedAtSeconds,
        position,
        extraClaims: extraClaims && checkHookClaims(extraClaims),
        proofKeyThumbprint,
      });
    const mintWith = (
      granted: ReadonlySet<string> | undefined,
    ): MintedToken | Promise<MintedToken> => {
      if (!hook) return finish(granted);
      const claims = hook({ session: toInfo(record), app });
      return claims instanceof Promise
        ? claims.then((extra) => finish(granted, extra))
        : finish(granted, claims);
    };
    const mint = (): MintedToken | Promise<MintedToken> => {
      const granted = grants?.of({ appId: app.id, tenantId });
      return granted instanceof Promise ? granted.then(mintWith) : mintWith(granted);
    };
    if (!installedApps) return mint();
    const isAdmitted = installedApps.admits({ appId: app.id, tenantId });
    if (isAdmitted === true) return mint();
    return Promise.resolve(isAdmitted).then((admitted) => {
      if (admitted) return mint();
      throw new BridgeError("APP_NOT_ALLOWED", "The app is not installed in this tenant.");
    });
  };
}
