/**
 * Proofs of possession (DPoP, RFC 9449): the sender of a token proves that it holds the key to which the
 * token is bound.
 *
 * Verification has two halves, so that a request without a valid token takes up no memory.
 * {@link ProofVerifier.verify} returns the key that made the proof. The caller then verifies the token
 * as bound to that key. {@link ProofVerifier.accept} finally marks the proof as used.
 *
 * This verifier is stricter than the RFC: one algorithm, a header of exactly `typ`, `alg` and `jwk`, and
 * no server nonce, since the guest knows the issuer's time (docs/adr/0066).
 */
import { createHash } from "node:crypto";
import {
  BridgeError,
  PROOF_ALGORITHM,
  PROOF_LIMITS,
  TOKEN_LIMITS,
  systemClock,
  type Clock,
} from "@breezeway/shared";
import type { VerifyTestHooks } from "../options/test-hooks.ts";
import { canonicalBytes } from "../token/compact.ts";
import { isSignatureValid } from "../token/signature.ts";
import { parseStrictObject } from "../token/strict-json.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";
import { importProofKey, type ProofKey } from "./proof-key.ts";
import { parseProofOptions, proofSettings, type ProofOptions } from "./proof-options.ts";
import { createReplayGuard } from "./replay-guard.ts";

/** The parts of a request that a proof is about. */
export interface ProofRequest {
  /** The `DPoP` header, if any. Several joined values are rejected. */
  readonly proof: string | undefined;
  readonly method: string;
  /** Path and query as on the request line. Without them every proof is rejected. */
  readonly target: string | undefined;
  /** The compact session token of the same request. */
  readonly token: string;
}

export interface VerifiedProof {
  /** As RFC 7638, section 3, defines it. */
  readonly keyThumbprint: string;
  /** The proof's `jti`. */
  readonly id: string;
  /** The proof's `iat`, in epoch seconds. */
  readonly issuedAtSeconds: number;
}

export interface ProofVerifier {
  /**
   * Checks form, key, signature, method, URL, time and token of a proof. It does not check whether the
   * proof was used before, nor the token itself: pass `keyThumbprint` to the session verifier.
   *
   * @throws {BridgeError} PROOF_INVALID
   */
  verify(request: ProofRequest): VerifiedProof;
  /**
   * Marks a proof as used. Call it after all other checks of the request succeeded.
   *
   * @param session The session of the token. No single user may take up all the memory.
   * @throws {BridgeError} PROOF_INVALID, when the proof was used before or expired since `verify`
   * @throws {BridgeError} OVERLOADED, when no further proof can be remembered
   */
  accept(proof: VerifiedProof, session: Pick<VerifiedSession, "userId">): void;
}

const SKEW_SECONDS = TOKEN_LIMITS.maxClockSkewSeconds;
/** Time between the first and the last moment at which a proof is accepted. */
const WINDOW_MS = (PROOF_LIMITS.maxAgeSeconds + 2 * SKEW_SECONDS) * 1_000;

/**
 * Creates a verifier of proofs. One process shares one, because it remembers the used proofs.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function createProofVerifier(options: ProofOptions): ProofVerifier {
  return createProofVerifierForTesting(options, {});
}

/** {@link createProofVerifier} with parts that a test replaces. */
export function createProofVerifierForTesting(
  options: ProofOptions,
  { clock = systemClock() }: VerifyTestHooks,
): ProofVerifier {
  return openProofVerifier(parseProofOptions(options, "createProofVerifier"), clock);
}

/** @param options The result of a schema. */
export function openProofVerifier(options: ProofOptions, clock: Clock): ProofVerifier {
  const { bases, maxEntries } = proofSettings(options);
  const replays = createReplayGuard({ maxEntries, windowMs: WINDOW_MS, clock });
  return {
    verify: (request) => {
      const { key, payload } = parseProof(request.proof);
      const { jti, htm, htu, iat, ath } = payload;
      if (typeof jti !== "string" || jti === "" || jti.length > PROOF_LIMITS.maxIdLength) {
        throw invalid(`its jti is not an id of 1 to ${PROOF_LIMITS.maxIdLength} characters`);
      }
      if (htm !== request.method) throw invalid("it is for another method");
      if (!isUrlOf(request.target, htu, bases)) throw invalid("it is for another URL");
      if (!isTimely(iat, clock.now())) throw untimely();
      if (ath !== hashOf(request.token)) throw invalid("it is for another token");
      return { keyThumbprint: key.thumbprint, id: jti, issuedAtSeconds: iat };
    },
    accept({ keyThumbprint, id, issuedAtSeconds }, { userId }) {
      // Uses of expired proofs are forgotten. A proof that expired since `verify`, while the request
      // waited for a key or a claim validator, could be a second use whose first is forgotten.
      if (!isTimely(issuedAtSeconds, clock.now())) throw untimely();
      replays.use(userId, `${keyThumbprint} ${id}`);
    },
  };
}

interface ParsedProof {
  readonly key: ProofKey;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** RFC 9449, section 4.3, checks 1 to 7: a well-formed JWT, signed by the key that it names. */
function parseProof(proof: string | undefined): ParsedProof {
  if (proof === undefined || proof === "") throw invalid("the DPoP header is missing");
  if (proof.length > PROOF_LIMITS.maxProofBytes)
    throw invalid(`it is longer than ${PROOF_LIMITS.maxProofBytes} bytes`);
  const [head = "", body = "", mark = "", ...rest] = proof.split(".");
  if (rest.length > 0) throw invalid("it does not have three parts");
  const header = objectIn(head);
  const payload = objectIn(body);
  const signature = canonicalBytes(mark);
  if (!header || !payload || !signature) {
    throw invalid("a part is not canonical base64url of a JSON object with unique names");
  }
  const { typ, alg, jwk, ...others } = header;
  if (typ !== "dpop+jwt" || alg !== PROOF_ALGORITHM || Object.keys(others).length > 0) {
    throw invalid(`its header must hold typ dpop+jwt, alg ${PROOF_ALGORITHM} and jwk alone`);
  }
  const key = importProofKey(jwk);
  if (key === undefined) throw invalid("its key is not the public part of a P-256 key");
  const signingInput = Buffer.from(`${head}.${body}`, "latin1");
  if (!isSignatureValid({ signingInput, signature }, { alg: PROOF_ALGORITHM, key: key.key })) {
    throw invalid("its signature is not valid");
  }
  return { key, payload };
}

function objectIn(part: string): Record<string, unknown> | undefined {
  const bytes = canonicalBytes(part);
  return bytes && parseStrictObject(bytes);
}

// The URL parser would also accept user information, backslashes, and missing slashes, and would drop dot
// segments, tabs and line breaks, so that many texts named one URL.
const HTU = /^https?:\/\/[^/?#@\\%]+(?:[/?#]|$)/i;
const VISIBLE_ASCII = /^[!-~]+$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?#]|$)/i;

function isPlainUrl(text: string): boolean {
  const [path = ""] = text.split(/[?#]/, 1);
  return (
    HTU.test(text) && VISIBLE_ASCII.test(text) && !path.includes("\\") && !DOT_SEGMENT.test(path)
  );
}

/**
 * Check 9. Compares the proof's URL in its normal form, without query and fragment, with the request's
 * path exactly as it arrived. A path that is not in normal form thus has no valid proof: some servers
 * read `/a/../b` as `/b`, others do not.
 */
function isUrlOf(target: string | undefined, htu: unknown, bases: readonly URL[]): boolean {
  if (typeof htu !== "string" || target?.startsWith("/") !== true) return false;
  if (!isPlainUrl(htu) || !URL.canParse(htu)) return false;
  const asked = new URL(htu);
  const [path = ""] = target.split("?", 1);
  return bases.some(({ origin, pathname }) => {
    const whole = (pathname === "/" ? "" : pathname) + path;
    return asked.origin === origin && asked.pathname === whole;
  });
}

/** Check 11: the proof is neither too old nor from the future. */
function isTimely(iat: unknown, nowMs: number): iat is number {
  if (typeof iat !== "number") return false;
  const ageSeconds = nowMs / 1_000 - iat;
  return ageSeconds >= -SKEW_SECONDS && ageSeconds <= PROOF_LIMITS.maxAgeSeconds + SKEW_SECONDS;
}

/** The `ath` claim of RFC 9449, section 4.2. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function untimely(): BridgeError {
  return invalid("its iat is too old or in the future");
}

function invalid(what: string): BridgeError {
  return new BridgeError("PROOF_INVALID", `The proof of possession is not valid: ${what}.`);
}
