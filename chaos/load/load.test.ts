import { expect, it } from "vitest";
import { createFaultLog } from "../judge/fault-log.ts";
import { createJudge, type Judge } from "../judge/judge.ts";
import { FLAWS, PEOPLE, startFlawedService, type Flaw } from "../test-support/flawed-service.ts";
import { createClient } from "./client.ts";
import { startLoad } from "./load.ts";

/** How often each request of the load comes before a service counts as flawless. */
const REQUESTS = 600;

/** Runs the load until it has found something, or has asked for long enough, and then its audit. */
async function judgeOf(flaw?: Flaw): Promise<Judge> {
  await using service = await startFlawedService(flaw);
  const now = (): number => performance.now();
  // At once: the service has no parts that could hear late.
  const log = createFaultLog({ now, healthyWithinMs: 0, revokedWithinMs: 0 });
  const judge = createJudge({ log, now });
  const load = startLoad(
    {
      ...service,
      client: createClient({ now }),
      judge,
      now,
      wereClocksApart: () => false,
      wereIssuersAway: () => false,
    },
    { seed: 5, people: PEOPLE, pauseMs: 1 },
  );
  const asked = (): number => [...judge.answers.values()].reduce((sum, count) => sum + count, 0);
  await expect
    .poll(() => judge.violations.length > 0 || asked() > REQUESTS, { interval: 5 })
    .toBe(true);
  await load.stop();
  await load.audit();
  return judge;
}

it("finds nothing in a service that keeps its word, and has tried what must be refused", async () => {
  const judge = await judgeOf();
  expect(judge.violations).toEqual([]);
  expect(judge.lateRequests).toBeGreaterThan(20);
  expect([...judge.answers.keys()]).toEqual(
    expect.arrayContaining(["200", "401 session-revoked", "401 key-unknown"]),
  );
});

it.each(FLAWS)("finds a service that %s", async (flaw) => {
  expect((await judgeOf(flaw)).violations.length).toBeGreaterThan(0);
});
