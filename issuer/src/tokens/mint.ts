/**
 * Builds and signs session tokens: a compact JWS (RFC 7515, section 7.1) for one app, one origin and
 * one tenant.
 *
 * Minting writes nothing to the store. It is synchronous when the signer is, so that a mint costs
 * little more than its signature.
 */
import { randomUUID } from "node:crypto";
import { BridgeError, TOKEN_LIMITS } from "@breezeway/shared";
import { scopesOfManifest, type RegisteredApp } from "@breezeway/shared/schemas";
import type { ActiveSigner } from "../keys/key-set.ts";
import { activeScopes, type Claims, type SessionRecord } from "../sessions/session-record.ts";

export interface MintedToken {
  /** Compact JWT. */
  readonly token: string;
  /** Epoch seconds. */
  readonly expiresAtSeconds: number;
  readonly jti: string;
  readonly kid: string;
}

export interface MintOptions {
  readonly issuer: string;
  readonly ttlSeconds: number;
  /** 0 to 1, spreads the expiry of tokens. */
  readonly random: () => number;
}

export interface MintInput {
  readonly record: SessionRecord;
  readonly app: RegisteredApp;
  /** What the tenant has agreed to; `undefined` where the issuer asks for no consent. */
  readonly granted: ReadonlySet<string> | undefined;
  readonly signer: ActiveSigner;
  readonly issuedAtSeconds: number;
  /** The number of the newest change that the token respects. */
  readonly position: number;
  /** From the claims hook. They override the session's claims. */
  readonly extraClaims?: Claims | undefined;
  /** The key to bind the token to (RFC 9449, section 6.1). */
  readonly proofKeyThumbprint?: string | undefined;
}

export type Mint = (input: MintInput) => MintedToken | Promise<MintedToken>;

export function createMint({ issuer, ttlSeconds, random }: MintOptions): Mint {
  const headers = new Map<string, string>();

  function headerOf({ alg, kid }: ActiveSigner): string {
    let header = headers.get(kid);
    if (header === undefined) {
      header = encode(JSON.stringify({ alg, typ: "JWT", kid }));
      headers.set(kid, header);
    }
    return header;
  }

  return ({ record, app, granted, signer, issuedAtSeconds: iat, position, ...input }) => {
    const { extraClaims, proofKeyThumbprint: jkt } = input;
    const exp = iat + ttlSeconds - Math.floor(random() * ttlSeconds * TOKEN_LIMITS.ttlJitter);
    const jti = randomUUID();
    const claims = {
      ...record.claims,
      ...extraClaims,
      iss: issuer,
      aud: app.id,
      azp: app.origin,
      sub: record.userId,
      userId: record.userId,
      tenantId: record.tenantId,
      sid: record.handle,
      jti,
      iat,
      nbf: iat,
      exp,
      scope: grantedScope(app, granted, record),
      // `undefined` is not written, and overrides a `cnf` of the hook or the session.
      cnf: jkt === undefined ? undefined : { jkt },
      rev: position,
    };
    const signed = `${headerOf(signer)}.${encode(JSON.stringify(claims))}`;
    const finish = (signature: Uint8Array): MintedToken => {
      const token = `${signed}.${Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString("base64url")}`;
      if (token.length > TOKEN_LIMITS.maxTokenBytes) {
        throw new BridgeError(
          "INTERNAL_ERROR",
          "The token is larger than 8 kB. Shorten the claims of the session or of the claims hook.",
        );
      }
      return { token, expiresAtSeconds: exp, jti, kid: signer.kid };
    };
    const signature = signWith(signer, Buffer.from(signed));
    return signature instanceof Promise ? signature.then(finish) : finish(signature);
  };
}

/** @throws {BridgeError} KEYS_UNAVAILABLE, when the signer throws or rejects */
export function signWith(
  { kid, signer }: ActiveSigner,
  data: Uint8Array,
): Uint8Array | Promise<Uint8Array> {
  const fail = (cause: unknown): never => {
    throw new BridgeError("KEYS_UNAVAILABLE", `Signing key ${kid} cannot sign.`, { cause });
  };
  try {
    const signature = signer.sign(data);
    return signature instanceof Promise ? signature.catch(fail) : signature;
  } catch (error) {
    return fail(error);
  }
}

/** Granted, in the manifest, and the user's own. */
function grantedScope(
  app: RegisteredApp,
  granted: ReadonlySet<string> | undefined,
  record: SessionRecord,
): string {
  const scopes = activeScopes(record);
  return scopesOfManifest(app)
    .filter((scope) => scopes.includes(scope) && (granted?.has(scope) ?? true))
    .join(" ");
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}
