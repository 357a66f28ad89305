/**
 * A person who signs in, works, and signs out, at any issuer and gateway. Changes that were acknowledged must
 * hold: a live session is never refused as ended, and an ended one is refused by everybody in time.
 */
import type { PersonDeps } from "./load-deps.ts";
import { createSessionJudge } from "./session-judge.ts";
import { createSessionSteps } from "./session-steps.ts";
import type { KnownSession } from "./session.ts";
import { createTokenSteps } from "./token-steps.ts";

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
  const { dice } = deps;
  const known: KnownSession[] = [];
  const judgeSession = createSessionJudge(deps);
  const sessions = createSessionSteps(deps, judgeSession);
  const tokens = createTokenSteps(deps, judgeSession);

  /** Somebody kept the cookie or token of an ended session and tries it. */
  async function tryEnded(): Promise<void> {
    const ended = known.filter(({ state }) => state === "ended").slice(-3);
    if (ended.length === 0) return;
    const session = dice.pick(ended);
    if (dice.roll(3) > 0) await tokens.ask(session);
    else await tokens.mint(session);
  }

  const steps: Record<Action, (session: KnownSession) => Promise<void>> = {
    ask: tokens.ask,
    mint: tokens.mint,
    refresh: sessions.refresh,
    "sign out": sessions.signOut,
    revoke: (session) => sessions.revoke(session, "revoke"),
    "revoke all": (session) => sessions.revoke(session, "revokeAllForUser"),
    "try ended": tryEnded,
  };

  return {
    async step() {
      const session = known.findLast(({ state }) => state !== "ended" && state !== "unsure");
      if (!session) {
        const opened = await sessions.open();
        if (opened) known.push(opened);
        return;
      }
      // As a host does that must get rid of a session: it asks until the end of the session is confirmed.
      const action = session.state === "ending" ? "sign out" : dice.pick(ACTIONS);
      await steps[action](session);
    },
    async audit() {
      for (const session of known) await sessions.audit(session);
    },
  };
}
