/**
 * Two ways to verify a session token with jose. `verifyByKeySet` finds the key by the token's `kid`
 * and is the better one. `verifyByFirstKey` is for a backend that was written so: it works because
 * the key that signs is the first one of the set, and refuses tokens of the previous key, which live
 * for a minute at most after a rotation.
 */
import {
  createRemoteJWKSet,
  importJWK,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
} from "jose";

export interface Caller {
  readonly userId: string;
  readonly tenantId: string;
}

/** Rejects when the token is not valid. */
export type Verify = (token: string) => Promise<Caller>;

export interface VerifyOptions {
  /** The issuer's URL, such as `https://shell.example/auth`. */
  readonly issuer: string;
  /** The id of this app. */
  readonly audience: string;
}

const ALGORITHMS = ["EdDSA"];

export function verifyByKeySet({ issuer, audience }: VerifyOptions): Verify {
  const keys = createRemoteJWKSet(keySetOf(issuer));
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ALGORITHMS });
    return callerOf(payload);
  };
}

export function verifyByFirstKey({ issuer, audience }: VerifyOptions): Verify {
  return async (token) => {
    const response = await fetch(keySetOf(issuer));
    const { keys } = (await response.json()) as JSONWebKeySet;
    const [first] = keys;
    if (first === undefined) throw new Error("The issuer has no key.");
    const key = await importJWK(first, "EdDSA");
    const { payload } = await jwtVerify(token, key, { issuer, audience, algorithms: ALGORITHMS });
    return callerOf(payload);
  };
}

function keySetOf(issuer: string): URL {
  return new URL(`${issuer}/.well-known/jwks.json`);
}

function callerOf({ userId, tenantId }: JWTPayload): Caller {
  if (typeof userId === "string" && typeof tenantId === "string") return { userId, tenantId };
  throw new Error("The token names no user or no tenant.");
}
