/** A page that follows its session's events, and opens the stream again after a while, as reloads do. */
import { setTimeout as delay } from "node:timers/promises";
import type { Dice } from "../dice.ts";
import type { Judge } from "../judge/judge.ts";
import type { Client, Place } from "../load/client.ts";
import { TENANTS } from "../platform/fixture.ts";

export interface WatcherDeps {
  readonly dice: Dice;
  readonly issuers: readonly Place[];
  readonly client: Client;
  readonly judge: Pick<Judge, "answer" | "violation">;
  readonly userId: string;
  /** How long a stream stays open, at most. */
  readonly openMs: number;
}

/** Follows the events until the signal. Never rejects. */
export async function watch(deps: WatcherDeps, signal: AbortSignal): Promise<void> {
  const { dice, issuers, client, judge, userId, openMs } = deps;
  const body = { userId, tenantId: TENANTS[0] };
  const place = dice.pick(issuers);
  const signedIn = await client.send({ place, method: "POST", path: "/login/dev", body });
  judge.answer(signedIn);
  const cookie = signedIn.outcome.kind === "answered" ? (signedIn.outcome.cookie ?? "") : "";
  while (!signal.aborted) {
    const { url, part } = dice.pick(issuers);
    const reload = new AbortController();
    const ended = follow(`${url}/session/events`, cookie, AbortSignal.any([signal, reload.signal]));
    await delay(dice.between(1, openMs), undefined, { signal }).catch(() => {});
    reload.abort();
    const status = await ended;
    if (status !== 200) judge.violation(`GET /session/events at ${part} answered ${status}`);
  }
}

/** @returns the status, once the signal has ended the stream; 0 without an answer */
async function follow(url: string, cookie: string, signal: AbortSignal): Promise<number> {
  let status = signal.aborted ? 200 : 0;
  try {
    const response = await fetch(url, { headers: { cookie }, signal });
    ({ status } = response);
    for await (const _chunk of response.body ?? []);
  } catch {
    // The signal, before or after the first byte.
    if (signal.aborted) return 200;
  }
  return status;
}
