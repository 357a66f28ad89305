/** An operator who rotates the signing keys, and removes one in an emergency now and then. */
import { isRecord } from "@breezeway/shared";
import type { Dice } from "../dice.ts";
import { parseJson, type Place } from "./client.ts";
import type { KnownKeys, LoadDeps } from "./load-deps.ts";

/** One in so many steps is a removal. */
const STEPS_PER_REMOVAL = 3;

export interface KeyOperator extends KnownKeys {
  /** One rotation or removal. Never rejects. */
  step(): Promise<void>;
  /** Checks that every issuer publishes the keys whose rotation was acknowledged lately, and no removed one. */
  audit(): Promise<void>;
}

export interface KeyOperatorDeps extends Omit<LoadDeps, "keys" | "wereIssuersAway"> {
  readonly dice: Dice;
}

export function createKeyOperator(deps: KeyOperatorDeps): KeyOperator {
  const { places, client, judge, control, dice, now, wereClocksApart } = deps;
  const rotated = new Map<string, number>();
  const asked = new Set<string>();
  const removed = new Map<string, number>();
  let lastRemovalAtMs = Number.NEGATIVE_INFINITY;

  const issuer = (): Place => dice.pick(places.issuers);

  async function publishedBy(place: Place): Promise<readonly string[] | undefined> {
    const path = "/.well-known/jwks.json";
    const exchange = await client.send({ place, method: "GET", path });
    judge.answer(exchange);
    const { outcome } = exchange;
    const body = outcome.kind === "answered" ? parseJson(outcome.body) : undefined;
    const list = isRecord(body) ? body["keys"] : undefined;
    if (!Array.isArray(list)) return undefined;
    const kids = list.map((key: unknown) => (isRecord(key) ? String(key["kid"]) : ""));
    for (const kid of kids) {
      const removedAtMs = removed.get(kid);
      if (removedAtMs !== undefined) judge.ended(exchange, "a removed key", removedAtMs);
    }
    return kids;
  }

  async function rotate(): Promise<void> {
    const kid = await control({ place: issuer(), command: "rotateKey", argument: "" });
    if (kid !== undefined) rotated.set(kid, now());
  }

  async function remove(): Promise<void> {
    const kids = (await publishedBy(issuer())) ?? [];
    const kid = kids.find((one) => !asked.has(one));
    if (kid === undefined) return;
    asked.add(kid);
    const done = await control({ place: issuer(), command: "removeKey", argument: kid });
    lastRemovalAtMs = now();
    if (done !== undefined) removed.set(kid, lastRemovalAtMs);
  }

  return {
    removedAtMs: (kid) => removed.get(kid),
    isDoubtful: (kid) => asked.has(kid),
    lastRemovalAtMs: () => lastRemovalAtMs,
    step: () => (dice.roll(STEPS_PER_REMOVAL) === 0 ? remove() : rotate()),
    async audit() {
      for (const place of places.issuers) {
        const kids = await publishedBy(place);
        if (!kids) continue;
        for (const [kid, rotatedAtMs] of rotated) {
          if (asked.has(kid) || kids.includes(kid)) continue;
          // By a clock that was behind, its successor began so long ago that the key need not be published.
          if (wereClocksApart({ sentAtMs: rotatedAtMs, answeredAtMs: now() })) continue;
          judge.violation(`${place.part} lost a key whose rotation was acknowledged`);
        }
      }
    },
  };
}
