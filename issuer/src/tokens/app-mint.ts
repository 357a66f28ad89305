/** A token for one app of one session: picks the key, asks the claims hook, minds revocations. */
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { RevocationFeed } from "../changes/revocation-feed.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { CheckedOptions, IssuerOptions } from "../options.ts";
import { toInfo, type Claims, type SessionRecord } from "../sessions/session-record.ts";
import { checkHookClaims, createMint, type MintedToken } from "./mint.ts";

export type AppMint = (
  record: SessionRecord,
  app: RegisteredApp,
) => Promise<MintedToken> | MintedToken;

export interface AppMintDeps {
  readonly options: IssuerOptions;
  readonly checked: CheckedOptions;
  readonly keys: KeyRing;
  readonly feed: RevocationFeed;
}

export function createAppMint({ options, checked, keys, feed }: AppMintDeps): AppMint {
  const { claims: hook, algorithms = {} } = options;
  const sign = createMint({
    issuer: options.issuer,
    ttlSeconds: checked.ttlSeconds,
    clock: checked.clock,
    random: Math.random,
  });

  return (record, app) => {
    const finish = (extraClaims?: Claims): MintedToken | Promise<MintedToken> =>
      sign({
        record,
        app,
        signer: keys.active(algorithms[app.id] ?? "EdDSA"),
        extraClaims: extraClaims && checkHookClaims(extraClaims),
        notBeforeSeconds: feed.blockedUntilSeconds({
          userId: record.userId,
          tenantId: record.tenantId,
          appId: app.id,
        }),
      });
    if (!hook) return finish();
    const claims = hook({ session: toInfo(record), app });
    return claims instanceof Promise ? claims.then(finish) : finish(claims);
  };
}
