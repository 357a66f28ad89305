/**
 * The value of the session cookie: 16 random bytes that find the session (the selector) and 32 random
 * bytes that open it (the secret), in base64url. The store has only their SHA-256; random input needs
 * neither salt nor stretching.
 *
 * The selector lets the issuer recognise an old secret of a session, so that it can tell theft from a
 * typo. The session handle cannot serve as selector: handles are in tokens, so guests could present
 * invented secrets and have sessions revoked.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { BridgeError } from "@breezeway/shared";

const SELECTOR_BYTES = 16;
const SECRET_BYTES = 32;
// 48 bytes are exactly 64 characters, so each value has one spelling.
const FORM = /^[A-Za-z0-9_-]{64}$/;

/** A secret from a cookie. It is not verified. */
export interface PresentedSecret {
  readonly selector: Uint8Array;
  readonly selectorHash: string;
  readonly secretHash: string;
}

export interface IssuedSecret extends PresentedSecret {
  /** The value that the browser keeps. */
  readonly cookieValue: string;
}

/** A new secret, for a new session or, with a selector, for the session of that selector. */
export function createSecret(selector: Uint8Array = randomBytes(SELECTOR_BYTES)): IssuedSecret {
  const secret = randomBytes(SECRET_BYTES);
  return {
    cookieValue: Buffer.concat([selector, secret]).toString("base64url"),
    selector,
    selectorHash: sha256(selector),
    secretHash: sha256(secret),
  };
}

/** `undefined` when the text does not have the form of a session cookie. */
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

/** @throws {BridgeError} SESSION_MISSING, when there is no cookie or it has another form */
export function presentedSecret(cookieValue: string | undefined): PresentedSecret {
  const secret = cookieValue === undefined ? undefined : parseSecret(cookieValue);
  if (!secret) throw sessionMissing();
  return secret;
}

export function sessionMissing(): BridgeError {
  return new BridgeError("SESSION_MISSING", "The request carries no session.");
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
