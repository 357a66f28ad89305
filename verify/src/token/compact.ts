/**
 * The form of a signed token: compact JWS (RFC 7515, section 3.1), canonical base64url, and a header
 * of exactly `alg`, `typ` and `kid`. This file reads no claims and no keys.
 */
import { BridgeError, TOKEN_LIMITS } from "@breezeway/shared";
import { parseStrictObject } from "./strict-json.ts";

/** JWS algorithms that a verifier can accept (RFC 7518, section 3.1; RFC 8037, section 3.1). */
export type SessionAlgorithm = "EdDSA" | "ES256";

export function isSessionAlgorithm(value: unknown): value is SessionAlgorithm {
  return value === "EdDSA" || value === "ES256";
}

export interface TokenHeader {
  readonly alg: SessionAlgorithm;
  readonly kid: string;
}

export interface CompactToken extends TokenHeader {
  /** The signed bytes: header, dot and payload (RFC 7515, section 5.1). */
  readonly signingInput: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

const MAX_KID_LENGTH = 256;

/**
 * Splits and decodes a token.
 *
 * It does not check the signature, so nothing in the result may be trusted. The payload may not even
 * be JSON.
 *
 * @throws {BridgeError} TOKEN_MALFORMED, TOKEN_ALG
 */
export type CompactParser = (token: string) => CompactToken;

/** @param typ Required `typ` of the header. It keeps tokens of one use from passing as another. */
export function createCompactParser(
  algorithms: readonly SessionAlgorithm[],
  typ = "JWT",
): CompactParser {
  // An issuer writes the same header into every token that it signs with one key.
  let lastPart: string | undefined;
  let lastHeader: TokenHeader | undefined;
  const headerOf = (part: string): TokenHeader => {
    if (lastHeader === undefined || part !== lastPart) {
      lastHeader = parseHeader(part, algorithms, typ);
      lastPart = part;
    }
    return lastHeader;
  };
  return (token) => parseCompact(token, headerOf);
}

function parseCompact(token: string, headerOf: (part: string) => TokenHeader): CompactToken {
  if (typeof token !== "string" || token.length > TOKEN_LIMITS.maxTokenBytes) {
    throw malformed(`it is not a string of at most ${TOKEN_LIMITS.maxTokenBytes} bytes`);
  }
  const firstDot = token.indexOf(".");
  const secondDot = token.indexOf(".", firstDot + 1);
  if (firstDot < 1 || secondDot <= firstDot + 1 || token.includes(".", secondDot + 1)) {
    throw malformed("it does not have the three parts of a compact JWS");
  }
  const { alg, kid } = headerOf(token.slice(0, firstDot));
  return {
    alg,
    kid,
    signingInput: Buffer.from(token.slice(0, secondDot), "latin1"),
    payload: decodePart(token.slice(firstDot + 1, secondDot)),
    signature: decodePart(token.slice(secondDot + 1)),
  };
}

function parseHeader(
  part: string,
  algorithms: readonly SessionAlgorithm[],
  expectedTyp: string,
): TokenHeader {
  if (part.length > TOKEN_LIMITS.maxHeaderBytes)
    throw malformed(`its header is longer than ${TOKEN_LIMITS.maxHeaderBytes} bytes`);
  const header = parseStrictObject(decodePart(part));
  if (header === undefined) throw malformed("its header is not a JSON object with unique names");
  const { alg, typ, kid, ...others } = header;
  if (!isSessionAlgorithm(alg) || !algorithms.includes(alg)) {
    throw new BridgeError(
      "TOKEN_ALG",
      "The alg of the token is not one of the accepted algorithms.",
    );
  }
  if (typ !== expectedTyp) throw malformed(`its header's typ is not "${expectedTyp}"`);
  if (typeof kid !== "string" || kid === "" || kid.length > MAX_KID_LENGTH) {
    throw malformed("its header has no kid, or a kid that is too long");
  }
  // No other member may steer the verifier: not `crit`, `jwk`, `jku`, `x5u`, `x5c`, nor a future one.
  if (Object.keys(others).length > 0) {
    throw malformed("its header has members other than alg, typ and kid");
  }
  return { alg, kid };
}

function decodePart(part: string): Buffer {
  const bytes = canonicalBytes(part);
  if (bytes === undefined) throw malformed("a part is not canonical base64url");
  return bytes;
}

/**
 * Decodes canonical base64url; `undefined` for any other spelling. Buffer also accepts padding, spaces,
 * the other alphabet and unused tail bits. Only canonical text survives the round trip, so each signed
 * token has exactly one spelling.
 */
export function canonicalBytes(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : undefined;
}

export function malformed(what: string): BridgeError {
  return new BridgeError("TOKEN_MALFORMED", `The session token is malformed: ${what}.`);
}
