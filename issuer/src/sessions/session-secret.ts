/**
 * The session cookie's value: 16 random bytes that find the session (the selector) and 32 that open
 * it (the secret), together base64url. Both are stored only as SHA-256; a hash without salt or
 * stretching is enough for random input.
 *
 * Why a selector beside the secret: a secret that was rotated away must still be recognised as one
 * of this session, or theft could not be told from a typo. And it must not be the session handle:
 * handles are in tokens, so guests could present made-up secrets and have sessions revoked.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";

const SELECTOR_BYTES = 16;
const SECRET_BYTES = 32;
// 48 bytes are 64 characters without padding, so each text is canonical.
const FORM = /^[A-Za-z0-9_-]{64}$/;

/** A secret as it was presented. */
export interface PresentedSecret {
  readonly selector: Uint8Array;
  readonly selectorHash: string;
  readonly secretHash: string;
}

export interface IssuedSecret extends PresentedSecret {
  /** What the browser keeps. */
  readonly cookieValue: string;
}

/** A new secret; with the selector of an existing session, that session's next one. */
export function createSecret(selector: Uint8Array = randomBytes(SELECTOR_BYTES)): IssuedSecret {
  const secret = randomBytes(SECRET_BYTES);
  return {
    cookieValue: Buffer.concat([selector, secret]).toString("base64url"),
    selector,
    selectorHash: sha256(selector),
    secretHash: sha256(secret),
  };
}

/** `undefined` for text that was never a session cookie. */
export function parseSecret(cookieValue: string): PresentedSecret | undefined {
  if (!FORM.test(cookieValue)) return undefined;
  const bytes = Buffer.from(cookieValue, "base64url");
  const selector = bytes.subarray(0, SELECTOR_BYTES);
  return {
    selector,
    selectorHash: sha256(selector),
    secretHash: sha256(bytes.subarray(SELECTOR_BYTES)),
  };
}

/** Compares in constant time. */
export function isSameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, "latin1");
  const right = Buffer.from(b, "latin1");
  return left.length === right.length && timingSafeEqual(left, right);
}

function sha256(bytes: Uint8Array): string {
  return hash("sha256", bytes, "base64url");
}
