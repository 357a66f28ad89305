/** What a person does with sessions: opens, refreshes and ends them, at any issuer. */
import { isRecord } from "@breezeway/shared";
import { TENANTS } from "../platform/fixture.ts";
import { parseJson, type Place } from "./client.ts";
import type { PersonDeps } from "./load-deps.ts";
import { signIn } from "./send-judged.ts";
import type { SessionJudge } from "./session-judge.ts";
import type { KnownSession } from "./session.ts";

export interface SessionSteps {
  /** Resolves to `undefined` unless the sign-in was accepted. */
  readonly open: () => Promise<KnownSession | undefined>;
  readonly refresh: (session: KnownSession) => Promise<void>;
  readonly signOut: (session: KnownSession) => Promise<void>;
  /** Calls the issuer's API, as a backend of the host does. */
  readonly revoke: (session: KnownSession, command: "revoke" | "revokeAllForUser") => Promise<void>;
  /** Asks every issuer about the session. */
  readonly audit: (session: KnownSession) => Promise<void>;
}

export function createSessionSteps(deps: PersonDeps, judgeSession: SessionJudge): SessionSteps {
  const { dice, userId, places, client, judge, control, now } = deps;
  const issuer = (): Place => dice.pick(places.issuers);

  function markEnded(session: KnownSession): void {
    session.state = "ended";
    session.endedAtMs = now();
  }

  return {
    async open() {
      const tenantId = dice.pick(TENANTS);
      const accepted = await signIn(deps, { place: issuer(), userId, tenantId });
      if (!accepted) return undefined;
      const { cookie } = accepted;
      const summary = parseJson(accepted.body);
      const handle = isRecord(summary) ? summary["handle"] : undefined;
      if (cookie === undefined || typeof handle !== "string") {
        judge.violation("POST /login/dev answered without a session");
        return undefined;
      }
      return {
        userId,
        tenantId,
        cookie,
        handle,
        token: undefined,
        state: "live",
        endedAtMs: 0,
        isRefreshOpen: false,
      };
    },

    async refresh(session) {
      session.isRefreshOpen = true;
      const { cookie } = session;
      const request = { place: issuer(), method: "POST", path: "/session/refresh", cookie };
      const accepted = judgeSession.ofCookie(await client.send(request), session);
      if (!accepted) return;
      session.cookie = accepted.cookie ?? cookie;
      session.isRefreshOpen = false;
    },

    async signOut(session) {
      session.state = "ending";
      const { cookie } = session;
      const request = { place: issuer(), method: "DELETE", path: "/session", cookie };
      if (judgeSession.ofCookie(await client.send(request), session)) markEnded(session);
    },

    async revoke(session, command) {
      const argument = command === "revoke" ? session.handle : userId;
      session.state = "ending";
      const place = issuer();
      if ((await control({ place, command, argument })) !== undefined) markEnded(session);
    },

    async audit(session) {
      for (const place of places.issuers) {
        const { cookie } = session;
        const request = { place, method: "GET", path: "/session", cookie };
        judgeSession.ofCookie(await client.send(request), session);
      }
    },
  };
}
