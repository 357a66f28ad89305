/**
 * Signs a call to an app's backend: a compact JWS (RFC 7515, section 7.1) with a `typ` that verifiers
 * of session tokens reject.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  LIFECYCLE_TTL_SECONDS,
  LIFECYCLE_TYPE,
  type LifecycleBody,
  type LifecycleClaims,
} from "@breezeway/shared/schemas";
import type { Clock } from "@breezeway/shared";
import { toSeconds } from "../time.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { SigningAlgorithm } from "../keys/key-vault.ts";
import { signWith } from "../tokens/mint.ts";

export interface SignedCall {
  /** The exact body that the token signs. */
  readonly body: string;
  readonly token: string;
}

/** @throws {BridgeError} KEYS_UNAVAILABLE */
export type LifecycleSigner = (body: LifecycleBody) => Promise<SignedCall>;

export interface LifecycleSignerDeps {
  readonly issuer: string;
  readonly keys: Pick<KeyRing, "active">;
  /** Apps whose tokens are signed with ES256. */
  readonly algorithms: Readonly<Record<string, SigningAlgorithm>>;
  readonly clock: Clock;
}

export function createLifecycleSigner(options: LifecycleSignerDeps): LifecycleSigner {
  const { issuer, keys, algorithms, clock } = options;
  return async ({ event, installationId, appId, tenantId, userId }) => {
    const user = userId === undefined ? {} : { userId };
    const said: LifecycleBody = { event, installationId, appId, tenantId, ...user };
    const body = JSON.stringify(said);
    const iat = toSeconds(clock.now());
    const claims: LifecycleClaims = {
      iss: issuer,
      aud: appId,
      iat,
      exp: iat + LIFECYCLE_TTL_SECONDS,
      jti: randomUUID(),
      event,
      installationId,
      tenantId,
      ...user,
      contentDigest: `sha-256=:${createHash("sha256").update(body).digest("base64")}:`,
    };
    const active = keys.active(algorithms[appId] ?? "EdDSA");
    const header = { alg: active.alg, typ: LIFECYCLE_TYPE, kid: active.kid };
    const input = `${encode(header)}.${encode(claims)}`;
    const signature = await signWith(active, Buffer.from(input));
    return { body, token: `${input}.${Buffer.from(signature).toString("base64url")}` };
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
