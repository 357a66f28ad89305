/** What a person does with tokens: a mint at any issuer, a request at any gateway. */
import { decodeSessionToken, isRecord } from "@breezeway/shared";
import { APP_ID } from "../platform/fixture.ts";
import { parseJson } from "./client.ts";
import type { PersonDeps } from "./load-deps.ts";
import type { SessionJudge } from "./session-judge.ts";
import type { KnownSession } from "./session.ts";

/** Younger than this a token is never refused as expired; tokens live 54 to 60 s. */
const TOKEN_USE_MS = 40_000;

export interface TokenSteps {
  readonly mint: (session: KnownSession) => Promise<void>;
  /** Sends a request with the session's token. Mints one first when the session has no usable token. */
  readonly ask: (session: KnownSession) => Promise<void>;
}

export function createTokenSteps(deps: PersonDeps, judgeSession: SessionJudge): TokenSteps {
  const { dice, userId, places, client, judge, now } = deps;

  async function mint(session: KnownSession): Promise<void> {
    const { cookie } = session;
    const body = { appId: APP_ID };
    const mintedAtMs = now();
    const place = dice.pick(places.issuers);
    const request = { place, method: "POST", path: "/session/token", cookie, body };
    const accepted = judgeSession.ofCookie(await client.send(request), session);
    if (!accepted) return;
    const answer = parseJson(accepted.body);
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
    const place = dice.pick(places.gateways);
    const request = { place, method: "GET", path: "/orders", token: known.token };
    const accepted = judgeSession.ofToken(await client.send(request), session, known);
    if (!accepted) return;
    const identity = parseJson(accepted.body);
    const isOwn =
      isRecord(identity) && identity["user"] === userId && identity["session"] === session.handle;
    if (!isOwn) judge.violation(`GET /orders at ${place.part} was answered for somebody else`);
  }

  return { mint, ask };
}
