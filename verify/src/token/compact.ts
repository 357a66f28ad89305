/**
 * The form of a signed token: compact JWS (RFC 7515, section 3.1), canonical base64url, a header of
 * exactly `alg`, `typ` and `kid`. Nothing here looks at claims or keys.
 */
import { BridgeError, TOKEN_LIMITS } from "@breezeway/shared";
import { isSessionAlgorithm, type SessionAlgorithm } from "./algorithms.ts";
import { parseStrictObject } from "./strict-json.ts";

export interface TokenHeader {
  readonly alg: SessionAlgorithm;
  readonly kid: string;
}

export interface CompactToken extends TokenHeader {
  /** What was signed: header and payload with the dot between them (RFC 7515, section 5.1). */
  readonly signingInput: Buffer;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

const MAX_KID_LENGTH = 256;

/**
 * Takes tokens apart.
 *
 * Does not check the signature: nothing in the result may be trusted, and the payload is not even
 * known to be JSON.
 *
 * @throws {BridgeError} TOKEN_MALFORMED, TOKEN_ALG
 */
export type CompactParser = (token: string) => CompactToken;

/** @param typ What the header's `typ` must be: tokens of one use are no tokens of another. */
export function createCompactParser(
  algorithms: readonly SessionAlgorithm[],
  typ = "JWT",
): CompactParser {
  // An issuer writes the same header on every token that it signs with a key.
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
    throw malformed("it is longer than a session token may be");
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
  if (part.length > TOKEN_LIMITS.maxHeaderBytes) throw malformed("its header is too long");
  const header = parseStrictObject(decodePart(part));
  if (header === undefined) throw malformed("its header is not a JSON object of unique names");
  const { alg, typ, kid, ...others } = header;
  if (!isSessionAlgorithm(alg) || !algorithms.includes(alg)) {
    throw new BridgeError("TOKEN_ALG", "The session token's algorithm is not on the list.");
  }
  if (typ !== expectedTyp) throw malformed(`its header's typ is not "${expectedTyp}"`);
  if (typeof kid !== "string" || kid === "" || kid.length > MAX_KID_LENGTH) {
    throw malformed("its header's kid is not the id of a key");
  }
  // `crit`, `jwk`, `jku`, `x5u`, `x5c` and whatever comes next: no member may steer the verifier.
  if (Object.keys(others).length > 0)
    throw malformed("its header has members beyond alg, typ, kid");
  return { alg, kid };
}

function decodePart(part: string): Buffer {
  const bytes = canonicalBytes(part);
  if (bytes === undefined) throw malformed("a part is not canonical base64url");
  return bytes;
}

/**
 * Buffer accepts padding, spaces, the other alphabet and stray tail bits. Only the canonical text
 * survives the way back, so one signed token has exactly one spelling. `undefined` for any other.
 */
export function canonicalBytes(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, "base64url");
  return bytes.toString("base64url") === part ? bytes : undefined;
}

export function malformed(what: string): BridgeError {
  return new BridgeError("TOKEN_MALFORMED", `The session token is malformed: ${what}.`);
}
