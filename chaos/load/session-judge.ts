/**
 * Judges the answers to requests with a session's cookie or token: a live session is never refused as ended,
 * and an ended one is refused by everybody in time.
 */
import { CLOCKS_DISAGREE } from "../faults/fault.ts";
import { acceptedBy, type Answered, type Exchange } from "../judge/judge.ts";
import type { LoadDeps } from "./load-deps.ts";
import { ENDED_REASONS, refusalsOf, type KnownSession, type KnownToken } from "./session.ts";

/** Gateways fetch keys at most once in 5 s, and may need a second for it. */
const KEYS_FOLLOW_MS = 6_000;
/** The same when the issuers were away meanwhile: for at most 5 s, and a gateway may have tried just before their end. */
const KEYS_RETURN_MS = 2 * KEYS_FOLLOW_MS + 5_000;

type SessionJudgeDeps = Pick<LoadDeps, "judge" | "keys" | "wereClocksApart" | "wereIssuersAway">;

export interface SessionJudge {
  /** Judges an answer to a request with the session's cookie. @returns the answer if it accepted the request */
  readonly ofCookie: (exchange: Exchange, session: KnownSession) => Answered | undefined;
  /** The same for the session's token, which the session loses when it is of no more use. */
  readonly ofToken: (
    exchange: Exchange,
    session: KnownSession,
    known: KnownToken,
  ) => Answered | undefined;
}

const reasonOf = ({ outcome }: Exchange): string | undefined =>
  outcome.kind === "answered" ? outcome.reason : undefined;

export function createSessionJudge(deps: SessionJudgeDeps): SessionJudge {
  const { judge, keys, wereClocksApart } = deps;

  /** An open refresh whose secret two clocks see at different ages: the issuer must assume a theft. */
  function isReused(exchange: Exchange, { state, isRefreshOpen }: KnownSession): boolean {
    const reason = reasonOf(exchange);
    const isTheft = reason === "refresh-reused" || reason === "session-revoked";
    return isTheft && state === "live" && isRefreshOpen && wereClocksApart(exchange);
  }

  /** After an emergency removal another key signs at once, before gateways may or can fetch it. */
  function isOfNewKey(exchange: Exchange): boolean {
    const { sentAtMs, answeredAtMs } = exchange;
    const reason = reasonOf(exchange);
    if (reason !== "key-unknown" && reason !== "keys-unavailable") return false;
    const removedAtMs = keys.lastRemovalAtMs();
    const sinceMs = sentAtMs - removedAtMs;
    const span = { sentAtMs: removedAtMs, answeredAtMs };
    const wereAway = sinceMs <= KEYS_RETURN_MS && deps.wereIssuersAway(span);
    return sinceMs <= KEYS_FOLLOW_MS || wereAway;
  }

  /** A token that was minted while clocks disagreed is of no use when they agree again. */
  function isOfAnotherTime(exchange: Exchange, { mintedAtMs }: KnownToken): boolean {
    const { answeredAtMs } = exchange;
    const isOfTime = CLOCKS_DISAGREE.some((one) => one === reasonOf(exchange));
    return isOfTime && wereClocksApart({ sentAtMs: mintedAtMs, answeredAtMs });
  }

  function ofDoubtfulKey(exchange: Exchange, session: KnownSession, { kid }: KnownToken): void {
    const removedAtMs = keys.removedAtMs(kid);
    judge.answer(exchange, [...ENDED_REASONS, "key-unknown", "keys-unavailable"]);
    if (removedAtMs !== undefined) judge.ended(exchange, "a token of a removed key", removedAtMs);
    // The next token is signed with another key.
    const isRefused = exchange.outcome.kind === "answered" && !acceptedBy(exchange);
    if (isRefused) session.token = undefined;
  }

  const ofCookie: SessionJudge["ofCookie"] = (exchange, session) => {
    if (isReused(exchange, session)) {
      session.state = "unsure";
      return undefined;
    }
    judge.answer(exchange, refusalsOf(session));
    if (session.state === "ended") {
      judge.ended(exchange, `a session of ${session.userId}`, session.endedAtMs);
    }
    return acceptedBy(exchange);
  };

  return {
    ofCookie,
    ofToken: (exchange, session, known) => {
      if (isOfAnotherTime(exchange, known)) {
        session.token = undefined;
        return undefined;
      }
      if (keys.isDoubtful(known.kid) || isOfNewKey(exchange)) {
        ofDoubtfulKey(exchange, session, known);
        return undefined;
      }
      return ofCookie(exchange, session);
    },
  };
}
