/**
 * A token for one app of one session: asks whether the app is installed, picks the key, asks the
 * claims hook, minds revocations.
 *
 * Invariant: a token's `iat` is from when its session was known to be live, not from when its claims
 * or its signature came. A revocation heard in between names a second that is no earlier, so it ends
 * the token.
 */
import { BridgeError } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { InstalledApps } from "../installations/installed-apps.ts";
import type { RevocationFeed } from "../changes/revocation-feed.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { CheckedOptions, IssuerOptions } from "../options.ts";
import { toInfo, type Claims, type SessionRecord } from "../sessions/session-record.ts";
import { checkHookClaims, createMint, type MintedToken } from "./mint.ts";

export type AppMint = (
  record: SessionRecord,
  app: RegisteredApp,
  proofKeyThumbprint?: string,
) => Promise<MintedToken> | MintedToken;

export interface AppMintDeps {
  readonly options: IssuerOptions;
  readonly checked: CheckedOptions;
  readonly keys: KeyRing;
  readonly feed: RevocationFeed;
  /** Where only installed apps get tokens. */
  readonly installedApps: InstalledApps | undefined;
}

/**
 * The mint throws or rejects with APP_NOT_ALLOWED for an app that is not installed in the tenant, and for
 * one that takes bound tokens only when there is no key to bind to.
 */
export function createAppMint(deps: AppMintDeps): AppMint {
  const { options, checked, keys, feed, installedApps } = deps;
  const { claims: hook, algorithms = {} } = options;
  const sign = createMint({
    issuer: options.issuer,
    ttlSeconds: checked.ttlSeconds,
    random: Math.random,
  });

  return (record, app, proofKeyThumbprint) => {
    const { userId, tenantId } = record;
    if (app.proofRequired === true && proofKeyThumbprint === undefined) {
      throw new BridgeError(
        "APP_NOT_ALLOWED",
        "The app takes tokens that are bound to a key only.",
      );
    }
    // Before anything is awaited, as for the session: an app that is shut out meanwhile loses it.
    const iat = feed.issuedAtSeconds({ userId, tenantId, appId: app.id });
    const finish = (extraClaims?: Claims): MintedToken | Promise<MintedToken> =>
      sign({
        record,
        app,
        signer: keys.active(algorithms[app.id] ?? "EdDSA"),
        issuedAtSeconds: iat,
        extraClaims: extraClaims && checkHookClaims(extraClaims),
        proofKeyThumbprint,
      });
    const mint = (): MintedToken | Promise<MintedToken> => {
      if (!hook) return finish();
      const claims = hook({ session: toInfo(record), app });
      return claims instanceof Promise ? claims.then(finish) : finish(claims);
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
