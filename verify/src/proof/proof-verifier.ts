/**
 * Proofs of possession (DPoP, RFC 9449): that whoever sends a token holds the key it is bound to.
 *
 * In two halves, since nobody without a good token may be remembered: {@link ProofVerifier.verify} says
 * which key made the proof of this request; the caller has the token verified as bound to that key;
 * {@link ProofVerifier.accept} then uses the proof up.
 *
 * Stricter than the RFC: one algorithm, a header of exactly `typ`, `alg` and `jwk`, no server nonce (the
 * guest knows the issuer's time, see docs/adr/0066).
 */
import { createHash } from "node:crypto";
import { BridgeError, PROOF_ALGORITHM, PROOF_LIMITS, TOKEN_LIMITS } from "@breezeway/shared";
import { canonicalBytes } from "../token/compact.ts";
import { isSignatureValid } from "../token/signature.ts";
import { parseStrictObject } from "../token/strict-json.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";
import { importProofKey, type ProofKey } from "./proof-key.ts";
import { parseProofOptions, type ProofOptions } from "./proof-options.ts";
import { createReplayGuard } from "./replay-guard.ts";

/** A request as it arrived. */
export interface ProofRequest {
  /** The `DPoP` header; `undefined` when there is none. Several, joined, are refused. */
  readonly proof: string | undefined;
  readonly method: string;
  /** Path and query as on the request line; `undefined` when they are not known. */
  readonly target: string | undefined;
  /** The compact session token that came with it. */
  readonly token: string;
}

export interface VerifiedProof {
  /** RFC 7638, section 3. */
  readonly keyThumbprint: string;
  /** The proof's `jti`. */
  readonly id: string;
  /** The proof's `iat`, in epoch seconds. */
  readonly issuedAtSeconds: number;
}

export interface ProofVerifier {
  /**
   * Checks form, key, signature, method, URL, time and token of a proof. Does not check whether it was
   * used before, nor anything about the token: give `keyThumbprint` to the session verifier.
   *
   * @throws {BridgeError} PROOF_INVALID
   */
  verify(request: ProofRequest): VerifiedProof;
  /**
   * Uses a proof up. Call it once everything else about the request was found good.
   *
   * @param session - Of the token that came with it: no user may take up all the memory.
   * @throws {BridgeError} PROOF_INVALID for one that was used before, or has become too old since it was
   * verified; OVERLOADED when no more can be remembered
   */
  accept(proof: VerifiedProof, session: Pick<VerifiedSession, "userId">): void;
}

const SKEW_SECONDS = TOKEN_LIMITS.maxClockSkewSeconds;
/** From the earliest moment at which a proof is accepted to the latest. */
const WINDOW_MS = (PROOF_LIMITS.maxAgeSeconds + 2 * SKEW_SECONDS) * 1_000;

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function createProofVerifier(options: ProofOptions): ProofVerifier {
  const { bases, maxEntries, clock } = parseProofOptions(options);
  const replays = createReplayGuard({ maxEntries, windowMs: WINDOW_MS, clock });
  return {
    verify: (request) => {
      const { key, payload } = parseProof(request.proof);
      const { jti, htm, htu, iat, ath } = payload;
      if (typeof jti !== "string" || jti === "" || jti.length > PROOF_LIMITS.maxIdLength) {
        throw invalid("its jti is not an id");
      }
      if (htm !== request.method) throw invalid("it is for another method");
      if (!isUrlOf(request.target, htu, bases)) throw invalid("it is for another URL");
      if (!isTimely(iat, clock())) throw untimely();
      if (ath !== hashOf(request.token)) throw invalid("it is for another token");
      return { keyThumbprint: key.thumbprint, id: jti, issuedAtSeconds: iat };
    },
    accept({ keyThumbprint, id, issuedAtSeconds }, { userId }) {
      // Uses are forgotten once a proof is too old. One that waited since, for a key or a claim's
      // validator, could else be the second use of which the first is forgotten.
      if (!isTimely(issuedAtSeconds, clock())) throw untimely();
      replays.use(userId, `${keyThumbprint} ${id}`);
    },
  };
}

interface ParsedProof {
  readonly key: ProofKey;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** RFC 9449, section 4.3, rules 1 to 7: a well-formed JWT, signed by the key that it names. */
function parseProof(proof: string | undefined): ParsedProof {
  if (proof === undefined || proof === "") throw invalid("there is none");
  if (proof.length > PROOF_LIMITS.maxProofBytes) throw invalid("it is too long");
  const [head = "", body = "", mark = "", ...rest] = proof.split(".");
  if (rest.length > 0) throw invalid("its form");
  const header = objectIn(head);
  const payload = objectIn(body);
  const signature = canonicalBytes(mark);
  if (!header || !payload || !signature) throw invalid("its form");
  const { typ, alg, jwk, ...others } = header;
  if (typ !== "dpop+jwt" || alg !== PROOF_ALGORITHM || Object.keys(others).length > 0) {
    throw invalid("its header");
  }
  const key = importProofKey(jwk);
  if (key === undefined) throw invalid("its key is not the public part of a P-256 key");
  const signingInput = Buffer.from(`${head}.${body}`, "latin1");
  if (!isSignatureValid({ signingInput, signature }, { alg: PROOF_ALGORITHM, key: key.key })) {
    throw invalid("its signature does not match");
  }
  return { key, payload };
}

function objectIn(part: string): Record<string, unknown> | undefined {
  const bytes = canonicalBytes(part);
  return bytes && parseStrictObject(bytes);
}

/**
 * Rule 9. The proof's URL in its normal form, without query and fragment; the request's path as it came. So
 * one that is not in normal form has no proof: some servers read `/a/../b` as `/b`, and others do not.
 */
function isUrlOf(target: string | undefined, htu: unknown, bases: readonly URL[]): boolean {
  if (typeof htu !== "string" || !URL.canParse(htu) || target?.startsWith("/") !== true) {
    return false;
  }
  const asked = new URL(htu);
  const [path = ""] = target.split("?", 1);
  return bases.some(({ origin, pathname }) => {
    const whole = (pathname === "/" ? "" : pathname) + path;
    return asked.origin === origin && asked.pathname === whole;
  });
}

/** Rule 11. */
function isTimely(iat: unknown, nowMs: number): iat is number {
  if (typeof iat !== "number") return false;
  const ageSeconds = nowMs / 1_000 - iat;
  return ageSeconds >= -SKEW_SECONDS && ageSeconds <= PROOF_LIMITS.maxAgeSeconds + SKEW_SECONDS;
}

/** RFC 9449, section 4.2. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

function untimely(): BridgeError {
  return invalid("it is not of this moment");
}

function invalid(what: string): BridgeError {
  return new BridgeError("PROOF_INVALID", `The proof of possession is refused: ${what}.`);
}
