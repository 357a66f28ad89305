/**
 * A person who signs in, works, and signs out, at any issuer and gateway. Changes that were acknowledged must
 * hold: a live session is never refused as ended, and an ended one is refused by everybody in time.
 */
import { decodeSessionToken, isRecord } from "@breezeway/shared";
import type { Dice } from "../dice.ts";
import type { Exchange, Outcome } from "../judge/judge.ts";
import type { LoadDeps } from "./load-deps.ts";
import { parseJson, type Place } from "./client.ts";
import { ENDED_REASONS, refusalsOf, type KnownSession, type KnownToken } from "./session.ts";
import { CLOCKS_DISAGREE } from "../faults/fault.ts";
import { APP_ID, TENANTS } from "../platform/fixture.ts";

/** Younger than this a token is never refused as expired; tokens live 54 to 60 s. */
const TOKEN_USE_MS = 40_000;
/** Gateways fetch keys at most once in 5 s, and may need a second for it. */
const KEYS_FOLLOW_MS = 6_000;

export interface PersonDeps extends LoadDeps {
  readonly dice: Dice;
  readonly userId: string;
}

export interface Person {
  /** One action. Never rejects. */
  step(): Promise<void>;
  /** Asks every issuer about every session of the person: each is as it was acknowledged. */
  audit(): Promise<void>;
}

type Action = "ask" | "mint" | "refresh" | "sign out" | "revoke" | "revoke all" | "try ended";

/** How often each action comes, in parts of their sum. */
const WEIGHTS: readonly (readonly [Action, number])[] = [
  ["ask", 50],
  ["mint", 10],
  ["refresh", 10],
  ["sign out", 5],
  ["revoke", 4],
  ["revoke all", 2],
  ["try ended", 19],
];
const ACTIONS = WEIGHTS.flatMap(([action, weight]) => Array.from({ length: weight }, () => action));

export function createPerson(deps: PersonDeps): Person {
  const { dice, userId, places, client, judge, keys, control, now, wereClocksApart } = deps;
  const sessions: KnownSession[] = [];

  const issuer = (): Place => dice.pick(places.issuers);
  const gateway = (): Place => dice.pick(places.gateways);
  const current = (): KnownSession | undefined =>
    sessions.findLast(({ state }) => state !== "ended" && state !== "unsure");

  /** Judges an answer to a request with the session's cookie or token. */
  function judgeSession(exchange: Exchange, session: KnownSession): boolean {
    const { outcome } = exchange;
    if (outcome.kind === "answered" && isReused(outcome.reason, session, exchange)) {
      session.state = "unsure";
      return false;
    }
    judge.answer(exchange, refusalsOf(session));
    if (session.state === "ended") {
      judge.ended(exchange, `a session of ${userId}`, session.endedAtMs);
    }
    return outcome.kind === "answered" && outcome.status < 400;
  }

  /** An open refresh whose secret two clocks see at different ages: the issuer must assume a theft. */
  function isReused(
    reason: string | undefined,
    session: KnownSession,
    exchange: Exchange,
  ): boolean {
    const isTheft = reason === "refresh-reused" || reason === "session-revoked";
    return (
      isTheft && session.state === "live" && session.isRefreshOpen && wereClocksApart(exchange)
    );
  }

  /** After an emergency removal another key signs at once, before gateways may fetch it. */
  function isOfNewKey(outcome: Outcome, { sentAtMs }: Exchange): boolean {
    const isUnknown = outcome.kind === "answered" && outcome.reason === "key-unknown";
    return isUnknown && sentAtMs - keys.lastRemovalAtMs() <= KEYS_FOLLOW_MS;
  }

  /** A token that was minted while clocks disagreed is of no use when they agree again. */
  function isOfAnotherTime(
    reason: string | undefined,
    { mintedAtMs }: KnownToken,
    { answeredAtMs }: Exchange,
  ): boolean {
    const isOfTime = CLOCKS_DISAGREE.some((one) => one === reason);
    return isOfTime && wereClocksApart({ sentAtMs: mintedAtMs, answeredAtMs });
  }

  async function signIn(): Promise<void> {
    const tenantId = dice.pick(TENANTS);
    const body = { userId, tenantId };
    const exchange = await client.send({
      place: issuer(),
      method: "POST",
      path: "/login/dev",
      body,
    });
    judge.answer(exchange);
    const { outcome } = exchange;
    if (outcome.kind !== "answered" || outcome.status >= 400) return;
    const summary = parseJson(outcome.body);
    if (
      outcome.cookie === undefined ||
      !isRecord(summary) ||
      typeof summary["handle"] !== "string"
    ) {
      judge.violation("POST /login/dev answered without a session");
      return;
    }
    sessions.push({
      userId,
      tenantId,
      cookie: outcome.cookie,
      handle: summary["handle"],
      token: undefined,
      state: "live",
      endedAtMs: 0,
      isRefreshOpen: false,
    });
  }

  async function mint(session: KnownSession): Promise<void> {
    const { cookie } = session;
    const body = { appId: APP_ID };
    const mintedAtMs = now();
    const place = issuer();
    const exchange = await client.send({
      place,
      method: "POST",
      path: "/session/token",
      cookie,
      body,
    });
    if (!judgeSession(exchange, session) || exchange.outcome.kind !== "answered") return;
    const answer = parseJson(exchange.outcome.body);
    if (!isRecord(answer) || typeof answer["token"] !== "string") {
      judge.violation(`POST /session/token at ${place.part} answered without a token`);
      return;
    }
    const { header, claims } = decodeSessionToken(answer["token"]);
    if (claims["sub"] !== userId || claims["sid"] !== session.handle) {
      judge.violation(
        `POST /session/token at ${place.part} answered with a token of somebody else`,
      );
    }
    // A token that is minted for an ended session is a violation already, and revoked by its handle.
    if (session.state === "ended") return;
    session.token = { token: answer["token"], kid: String(header["kid"]), mintedAtMs };
  }

  async function ask(session: KnownSession): Promise<void> {
    const known = session.token;
    if (!known || now() - known.mintedAtMs > TOKEN_USE_MS) {
      if (session.state !== "ended") await mint(session);
      return;
    }
    const place = gateway();
    const exchange = await client.send({
      place,
      method: "GET",
      path: "/orders",
      token: known.token,
    });
    const { outcome } = exchange;
    if (keys.isDoubtful(known.kid) || isOfNewKey(outcome, exchange)) {
      const removedAtMs = keys.removedAtMs(known.kid);
      judge.answer(exchange, [...ENDED_REASONS, "key-unknown"]);
      if (removedAtMs !== undefined) judge.ended(exchange, "a token of a removed key", removedAtMs);
      // The next token is signed with another key.
      if (outcome.kind === "answered" && outcome.status >= 400) session.token = undefined;
      return;
    }
    if (outcome.kind === "answered" && isOfAnotherTime(outcome.reason, known, exchange)) {
      session.token = undefined;
      return;
    }
    if (!judgeSession(exchange, session) || outcome.kind !== "answered") return;
    const identity = parseJson(outcome.body);
    if (
      !isRecord(identity) ||
      identity["user"] !== userId ||
      identity["session"] !== session.handle
    ) {
      judge.violation(`GET /orders at ${place.part} was answered for somebody else`);
    }
  }

  async function refresh(session: KnownSession): Promise<void> {
    session.isRefreshOpen = true;
    const { cookie } = session;
    const place = issuer();
    const exchange = await client.send({ place, method: "POST", path: "/session/refresh", cookie });
    if (!judgeSession(exchange, session) || exchange.outcome.kind !== "answered") return;
    session.cookie = exchange.outcome.cookie ?? cookie;
    session.isRefreshOpen = false;
  }

  async function signOut(session: KnownSession): Promise<void> {
    session.state = "ending";
    const { cookie } = session;
    const place = issuer();
    const exchange = await client.send({ place, method: "DELETE", path: "/session", cookie });
    if (judgeSession(exchange, session)) markEnded(session);
  }

  /** @param command Of the issuer's API, which a backend of the host calls. */
  async function revoke(
    session: KnownSession,
    command: "revoke" | "revokeAllForUser",
  ): Promise<void> {
    const argument = command === "revoke" ? session.handle : userId;
    session.state = "ending";
    const place = issuer();
    if ((await control({ place, command, argument })) !== undefined) markEnded(session);
  }

  function markEnded(session: KnownSession): void {
    session.state = "ended";
    session.endedAtMs = now();
  }

  /** Somebody kept the cookie or token of an ended session and tries it. */
  async function tryEnded(): Promise<void> {
    const ended = sessions.filter(({ state }) => state === "ended").slice(-3);
    if (ended.length === 0) return;
    const session = dice.pick(ended);
    if (dice.roll(3) > 0) await ask(session);
    else await mint(session);
  }

  return {
    async step() {
      const session = current();
      if (!session) {
        await signIn();
        return;
      }
      // As a host does that must get rid of a session: it asks until the end of the session is confirmed.
      const action = session.state === "ending" ? "sign out" : dice.pick(ACTIONS);
      if (action === "ask") await ask(session);
      else if (action === "mint") await mint(session);
      else if (action === "refresh") await refresh(session);
      else if (action === "sign out") await signOut(session);
      else if (action === "revoke") await revoke(session, "revoke");
      else if (action === "revoke all") await revoke(session, "revokeAllForUser");
      else await tryEnded();
    },
    async audit() {
      for (const session of sessions) {
        for (const place of places.issuers) {
          const { cookie } = session;
          const exchange = await client.send({ place, method: "GET", path: "/session", cookie });
          judgeSession(exchange, session);
        }
      }
    },
  };
}
