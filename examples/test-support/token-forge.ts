/** Signs whatever a test wants signed, with nothing checked: issuer and attacker in one. */
import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

export const ISSUER = "https://shell.example/auth";
export const APP_ID = "orders";
export const APP_ORIGIN = "https://orders.example";

export type Claims = Record<string, unknown>;

export interface SigningKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function createSigningKey(kid: string): SigningKey {
  return { kid, ...generateKeyPairSync("ed25519") };
}

export interface PublishedJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg: "EdDSA";
  readonly use: "sig";
}

export function publicJwk({ kid, publicKey }: SigningKey): PublishedJwk {
  const { x = "" } = publicKey.export({ format: "jwk" });
  return { kty: "OKP", crv: "Ed25519", x, kid, alg: "EdDSA", use: "sig" };
}

/** A fresh session token's claims (docs: session tokens), `offsetSeconds` from now. */
export function claims(overrides: Claims = {}, offsetSeconds = 0): Claims {
  const now = Math.floor(Date.now() / 1_000) + offsetSeconds;
  return {
    iss: ISSUER,
    aud: APP_ID,
    azp: APP_ORIGIN,
    sub: "alice",
    userId: "alice",
    tenantId: "acme",
    sid: "session-1",
    jti: "token-1",
    iat: now,
    nbf: now,
    exp: now + 60,
    scope: "orders:read orders:write",
    ...overrides,
  };
}

export function without(all: Claims, name: string): Claims {
  const { [name]: _, ...rest } = all;
  return rest;
}

export function token(key: SigningKey, payload: object, header: object = headerOf(key)): string {
  return signText(key, JSON.stringify(header), JSON.stringify(payload));
}

export function headerOf({ kid }: SigningKey): Record<string, unknown> {
  return { alg: "EdDSA", typ: "JWT", kid };
}

/** Takes JSON as text or bytes, so that a test can write what no serialiser would. */
export function signText(key: SigningKey, header: string, payload: string | Buffer): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${base64url(sign(null, Buffer.from(input), key.privateKey))}`;
}

export function hmacToken(secret: string | Buffer, header: object, payload: object): string {
  const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

export function base64url(value: string | Buffer): string {
  return Buffer.from(value).toString("base64url");
}

/** The same bytes in another spelling: bits of the last letter that no byte needs are set. */
export function withStrayTailBits(part: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(part.slice(-1));
  return part.slice(0, -1) + alphabet.charAt(last + 1);
}
