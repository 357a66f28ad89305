/** A page that follows its session's events, and opens the stream again after a while, as reloads do. */
import { setTimeout as delay } from "node:timers/promises";
import type { Dice } from "../dice.ts";
import type { Judge, Outcome } from "../judge/judge.ts";
import { startTiming } from "../judge/timing.ts";
import { reasonIn, type Client, type Place } from "../load/client.ts";
import { TENANTS } from "../platform/fixture.ts";

export interface WatcherDeps {
  readonly dice: Dice;
  readonly issuers: readonly Place[];
  readonly client: Client;
  readonly judge: Pick<Judge, "answer">;
  readonly now: () => number;
  readonly userId: string;
  /** How long a stream stays open, at most. */
  readonly openMs: number;
}

/** Follows the events until the signal. Never rejects. */
export async function watch(deps: WatcherDeps, signal: AbortSignal): Promise<void> {
  const { dice, issuers, client, judge, now, userId, openMs } = deps;
  const body = { userId, tenantId: TENANTS[0] };
  const place = dice.pick(issuers);
  const signedIn = await client.send({ place, method: "POST", path: "/login/dev", body });
  judge.answer(signedIn);
  const cookie = signedIn.outcome.kind === "answered" ? (signedIn.outcome.cookie ?? "") : "";
  while (!signal.aborted) {
    const at = dice.pick(issuers);
    const path = "/session/events";
    const reload = new AbortController();
    const timing = startTiming(now);
    const ended = follow(at.url + path, cookie, AbortSignal.any([signal, reload.signal]));
    await delay(dice.between(1, openMs), undefined, { signal }).catch(() => {});
    reload.abort();
    judge.answer({ target: at, request: `GET ${path}`, outcome: await ended, ...timing() });
  }
}

/** Resolves once the signal has ended the stream, or the issuer has. */
async function follow(url: string, cookie: string, signal: AbortSignal): Promise<Outcome> {
  const answered = (status: number, body: string): Outcome => ({
    kind: "answered",
    status,
    reason: reasonIn(body),
    body,
    cookie: undefined,
  });
  try {
    const response = await fetch(url, { headers: { cookie }, signal });
    return answered(response.status, await response.text());
  } catch (error) {
    // The reload, before or after the first byte.
    return signal.aborted ? answered(200, "") : { kind: "silent", why: String(error) };
  }
}
