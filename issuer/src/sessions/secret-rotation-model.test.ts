/**
 * Compares random lives of a session with a model of the rules: refreshes by its owner, lost answers,
 * second tabs, a thief with a copy of the cookie, passing time, revocation.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { START_TIMEOUT_MS } from "@breezeway/test-support/postgres";
import type { Issuer } from "../index.ts";
import { postgresFixture, sqliteFixture } from "../../test-support/stores.ts";
import {
  call,
  cookieOf,
  testClock,
  testIssuer,
  type TestClock,
} from "../../test-support/test-issuer.ts";

const GRACE_MS = 30_000;
const MAX_SIBLINGS = 8;

type Step =
  /**
   * The owner refreshes; the answer may get lost. `tabs` send the same cookie. Their answers arrive from
   * the one of tab `first` on, in this order or in reverse; the last `late` ones are still on their way.
   */
  | {
      readonly kind: "refresh";
      readonly tabs: 1 | 2 | 3;
      readonly lost: boolean;
      readonly first: 0 | 1 | 2;
      readonly reverse: boolean;
      readonly late: 0 | 1 | 2;
      readonly at: 0 | 1;
    }
  /** The next late answer arrives. */
  | { readonly kind: "arrive" }
  | { readonly kind: "read"; readonly at: 0 | 1 }
  /** The thief copies the owner's present cookie. */
  | { readonly kind: "steal" }
  | { readonly kind: "thief-refreshes"; readonly at: 0 | 1 }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "revoke"; readonly at: 0 | 1 };

const at = fc.constantFrom(0 as const, 1 as const);
const arrival = {
  first: fc.constantFrom(0 as const, 1 as const, 2 as const),
  reverse: fc.boolean(),
  late: fc.constantFrom(0 as const, 0 as const, 1 as const, 2 as const),
};
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("refresh" as const),
      tabs: fc.constantFrom(1 as const, 1 as const, 2 as const, 3 as const),
      lost: fc.boolean(),
      ...arrival,
      at,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("arrive" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("steal" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("thief-refreshes" as const), at }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 1_000, GRACE_MS - 1, GRACE_MS, GRACE_MS + 1, 3_600_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("revoke" as const), at }) },
);

/** Owner and thief take turns and end with the same secret. */
const ROBBED_TWICE: Step[] = [
  { kind: "steal" },
  { kind: "thief-refreshes", at: 0 },
  { kind: "refresh", tabs: 1, lost: false, first: 0, reverse: false, late: 0, at: 0 },
  { kind: "steal" },
];

/** The documented rules, over plain secrets. */
class Model {
  /** The latest one first. `sinceMs`: the beginning of the grace in which it was issued. */
  good: readonly { readonly secret: string; readonly sinceMs: number }[];
  previous: { secret: string; sinceMs: number } | undefined;
  revoked = false;

  constructor(secret: string) {
    this.good = [{ secret, sinceMs: 0 }];
  }

  standing(secret: string, nowMs: number): "good" | "previous" | "reused" {
    if (this.good.some((each) => each.secret === secret)) return "good";
    const { previous } = this;
    const inGrace = previous?.secret === secret && nowMs - previous.sinceMs <= GRACE_MS;
    return inGrace ? "previous" : "reused";
  }

  expectedRefresh(secret: string, nowMs: number): number | "refresh-reused" | "session-revoked" {
    if (this.revoked) return "session-revoked";
    return this.standing(secret, nowMs) === "reused" ? "refresh-reused" : 200;
  }

  /** After its grace, a secret is old once another one was presented. */
  presented(secret: string, nowMs: number): void {
    if (this.standing(secret, nowMs) !== "good") return;
    this.good = this.good.filter(
      (each) => each.secret === secret || nowMs - each.sinceMs <= GRACE_MS,
    );
  }

  refreshed(secret: string, next: string, nowMs: number): void {
    this.presented(secret, nowMs);
    if (this.standing(secret, nowMs) === "good") this.previous = { secret, sinceMs: nowMs };
    const sinceMs = this.previous?.sinceMs ?? nowMs;
    const others = this.good.filter(
      (each) => each.secret !== secret && nowMs - each.sinceMs <= GRACE_MS,
    );
    this.good = [{ secret: next, sinceMs }, ...others.slice(0, MAX_SIBLINGS)];
  }
}

class Life {
  readonly clock: TestClock;
  readonly issuers: readonly Issuer[];
  readonly model: Model;
  readonly handle: string;
  owner: string;
  stolen: string | undefined;
  /** Answers to the owner that are on their way. */
  late: string[] = [];

  constructor(clock: TestClock, issuers: readonly Issuer[], cookie: string, handle: string) {
    this.clock = clock;
    this.issuers = issuers;
    this.model = new Model(cookie);
    this.owner = cookie;
    this.handle = handle;
  }

  async refresh(cookie: string, index: number): Promise<string | undefined> {
    const { clock, model } = this;
    const expected = model.expectedRefresh(cookie, clock.nowMs);
    const issuer = this.issuers[index]!;
    const response = await call(issuer, "/session/refresh", { method: "POST", cookie });
    if (response.ok) {
      expect(expected).toBe(200);
      const next = cookieOf(response);
      expect(next).not.toBe(cookie);
      model.refreshed(cookie, next, clock.nowMs);
      return next;
    }
    const { reason } = (await response.json()) as { reason: string };
    expect(reason).toBe(expected);
    if (reason === "refresh-reused") model.revoked = true;
    return undefined;
  }

  async run(next: Step): Promise<void> {
    switch (next.kind) {
      case "refresh": {
        // All tabs send the browser's present cookie. The browser keeps the answer that arrives last.
        const sent = this.owner;
        const answers: string[] = [];
        for (let tab = 0; tab < next.tabs; tab += 1) {
          const answer = await this.refresh(sent, (next.at + tab) % 2);
          if (answer !== undefined) answers.push(answer);
        }
        if (next.lost && next.tabs === 1) return;
        const from = next.first % next.tabs;
        const arriving = [...answers.slice(from), ...answers.slice(0, from)];
        if (next.reverse) arriving.reverse();
        const inTime = Math.max(0, arriving.length - next.late);
        this.owner = arriving[inTime - 1] ?? this.owner;
        this.late.push(...arriving.slice(inTime));
        return;
      }
      case "arrive":
        this.owner = this.late.shift() ?? this.owner;
        return;
      case "read":
        return this.read(next.at);
      case "steal":
        this.stolen = this.owner;
        return;
      case "thief-refreshes": {
        if (this.stolen === undefined) return;
        const answer = await this.refresh(this.stolen, next.at);
        if (answer !== undefined) this.stolen = answer;
        return;
      }
      case "wait":
        this.clock.advance(next.ms);
        return;
      case "revoke": {
        const revoked = await this.issuers[next.at]!.sessions.revoke(this.handle);
        expect(revoked).toBe(!this.model.revoked);
        this.model.revoked = true;
        return;
      }
      default:
        next satisfies never;
    }
  }

  async read(index: number): Promise<void> {
    const { model, owner } = this;
    // A session that one issuer ended may stay in the other's memory for less than a second.
    if (model.revoked) return;
    const standing = model.standing(owner, this.clock.nowMs);
    // Two issuers may answer differently when a just displaced secret reads.
    if (standing === "reused") return;
    const response = await call(this.issuers[index]!, "/session", { cookie: owner });
    expect(response.status).toBe(200);
    model.presented(owner, this.clock.nowMs);
  }

  async end(): Promise<void> {
    const { model, issuers, handle } = this;
    for (const issuer of issuers) {
      expect((await issuer.sessions.get(handle)) === undefined).toBe(model.revoked);
    }
    if (this.stolen === undefined) return;
    // Even if owner and thief hold the same secret now: once each of them has refreshed after grace,
    // one of them used a secret that the other had displaced. From then on neither has a session.
    this.clock.advance(GRACE_MS + 1);
    await this.refresh(this.owner, 0);
    this.clock.advance(GRACE_MS + 1);
    await this.refresh(this.stolen, 1);
    expect(this.model.revoked).toBe(true);
  }
}

async function begin(clock: TestClock, issuers: readonly Issuer[]): Promise<Life> {
  const { session, setCookie } = await issuers[0]!.sessions.create({ userId: "u", tenantId: "t" });
  return new Life(clock, issuers, setCookie.split(";", 1)[0] ?? "", session.handle);
}

describe.each([sqliteFixture(), postgresFixture()])("rotation on $name", (fixture) => {
  let issuers: Issuer[];
  const clock = testClock();

  beforeAll(async () => {
    await fixture.start();
    const place = await fixture.place();
    issuers = [0, 1].map(() =>
      testIssuer({
        store: place.store(),
        clock,
        sessions: { idleSeconds: 86_400 * 365, absoluteSeconds: 86_400 * 365 },
        rateLimits: false,
      }),
    );
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(issuers.map((issuer) => issuer.close()));
    await fixture.close();
  });

  it("follows the model in any order of refreshes, lost answers, tabs, theft, time and revocation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const life = await begin(clock, issuers);
        for (const next of steps) await life.run(next);
        await life.end();
      }),
      { numRuns: 80, examples: [[ROBBED_TWICE]] },
    );
  });

  it("keeps the session of an owner without a thief, whatever answers get lost within grace, and in whatever order they arrive", async () => {
    const harmless = fc.oneof(
      fc.record({
        kind: fc.constant("refresh" as const),
        tabs: fc.constantFrom(1 as const, 2 as const, 3 as const),
        lost: fc.constant(false),
        ...arrival,
        at,
      }),
      fc.record({ kind: fc.constant("arrive" as const) }),
      fc.record({ kind: fc.constant("read" as const), at }),
      fc.record({
        kind: fc.constant("wait" as const),
        ms: fc.constantFrom(1, 29_999, 30_001, 3_600_000),
      }),
      // A lost answer, and a retry within grace.
      fc.constant("retry" as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(harmless, { maxLength: 20 }), async (steps) => {
        const run = await begin(clock, issuers);
        for (const next of steps) {
          // Each answer arrives within grace; hosts wait no longer.
          const isLong = next === "retry" || next.kind === "wait";
          while (isLong && run.late.length > 0) await run.run({ kind: "arrive" });
          if (next === "retry") {
            const once = { kind: "refresh", tabs: 1, first: 0, reverse: false, late: 0 } as const;
            await run.run({ ...once, lost: true, at: 0 });
            await run.run({ kind: "wait", ms: 30_000 });
            await run.run({ ...once, lost: false, at: 1 });
          } else await run.run(next);
        }
        expect(run.model.revoked).toBe(false);
        await run.end();
      }),
      { numRuns: 40 },
    );
  });
});
