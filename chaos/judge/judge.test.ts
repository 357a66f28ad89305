import { describe, expect, it } from "vitest";
import type { Excuse } from "../faults/fault.ts";
import { createFaultLog, type FaultLog } from "./fault-log.ts";
import { createJudge, type Exchange, type Judge, type Outcome } from "./judge.ts";

const ISSUER = { part: "issuer-1", role: "issuer" } as const;
const GATEWAY = { part: "gateway-1", role: "gateway" } as const;
const NOTHING: Excuse = { silent: [], issuer: [], gateway: [], severed: [] };
const SILENT: Outcome = { kind: "silent", why: "ECONNRESET" };

interface Court {
  readonly judge: Judge;
  readonly log: FaultLog;
  /** Sets the time. */
  readonly at: (ms: number) => void;
}

function court(): Court {
  let nowMs = 0;
  const now = (): number => nowMs;
  const log = createFaultLog({ now, healthyWithinMs: 10_000, revokedWithinMs: 5_000 });
  return {
    log,
    judge: createJudge({ log, now }),
    at: (ms) => {
      nowMs = ms;
    },
  };
}

const answered = (status: number, reason?: string): Outcome => ({
  kind: "answered",
  status,
  reason,
  body: "",
  cookie: undefined,
});

const exchange = (target: Exchange["target"], outcome: Outcome, sentAtMs = 0): Exchange => ({
  target,
  outcome,
  request: "GET /orders",
  sentAtMs,
  answeredAtMs: sentAtMs + 10,
  starvedMs: 0,
});

describe("an answer without a fault", () => {
  it.each<[string, Outcome, boolean]>([
    ["200", answered(200), false],
    ["no answer", SILENT, true],
    ["500 internal-error", answered(500, "internal-error"), true],
    ["500 without a body", answered(500), true],
    ["503 without a reason", answered(503), true],
    ["a reason that the table does not have", answered(503, "tired"), true],
    ["a reason with the status of another one", answered(502, "store-unavailable"), true],
    ["503 store-unavailable", answered(503, "store-unavailable"), true],
    ["401 session-revoked", answered(401, "session-revoked"), true],
  ])("%s counts as a violation: %s", (_name, outcome, isViolation) => {
    const { judge } = court();
    judge.answer(exchange(ISSUER, outcome));
    expect(judge.violations.length).toBe(isViolation ? 1 : 0);
  });

  it("passes when the request had to be refused for this reason, and counts for another one", () => {
    const { judge } = court();
    judge.answer(exchange(ISSUER, answered(401, "session-revoked")), ["session-revoked"]);
    expect(judge.violations).toEqual([]);
    judge.answer(exchange(ISSUER, answered(401, "session-missing")), ["session-revoked"]);
    expect(judge.violations).toHaveLength(1);
  });
});

describe("a machine that is too busy", () => {
  it.each<[string, Outcome, number, boolean]>([
    ["a time limit of the store", answered(503, "store-unavailable"), 1_000, true],
    ["a time limit of a request", answered(408, "request-timeout"), 1_000, true],
    ["no shorter wait", answered(503, "store-unavailable"), 999, false],
    ["no refused session", answered(401, "session-revoked"), 5_000, false],
    ["no refused token", answered(401, "token-not-yet"), 5_000, false],
    ["no 500", answered(500, "internal-error"), 5_000, false],
  ])("excuses %s", (_name, outcome, starvedMs, isExcused) => {
    const { judge } = court();
    judge.answer({ ...exchange(ISSUER, outcome), starvedMs });
    expect(judge.violations.length).toBe(isExcused ? 0 : 1);
    expect(judge.starved).toBe(isExcused ? 1 : 0);
  });
});

describe("a fault excuses", () => {
  const fault: Excuse = { ...NOTHING, silent: ["issuer-1"], gateway: ["upstream-timeout"] };

  it.each<[string, Exchange["target"], Outcome, boolean]>([
    ["the silence of its part", ISSUER, SILENT, true],
    ["no silence of another part", GATEWAY, SILENT, false],
    ["its reason", GATEWAY, answered(504, "upstream-timeout"), true],
    ["no other reason", GATEWAY, answered(502, "upstream-unreachable"), false],
    ["not its reason in another role", ISSUER, answered(504, "upstream-timeout"), false],
    ["never a 500", GATEWAY, answered(500, "internal-error"), false],
  ])("%s", (_name, target, outcome, isExcused) => {
    const { judge, log } = court();
    log.begin(fault);
    judge.answer(exchange(target, outcome));
    expect(judge.violations.length).toBe(isExcused ? 0 : 1);
    expect(judge.excused).toBe(isExcused ? 1 : 0);
  });

  it.each<[string, number, boolean]>([
    ["a request that was sent before and answered while it lasted", 995, true],
    ["a request within 10 s after its end", 12_000, true],
    ["no request later than that", 12_001, false],
    ["no request that was answered before", 900, false],
  ])("%s", (_name, sentAtMs, isExcused) => {
    const { judge, log, at } = court();
    at(1_000);
    const end = log.begin(fault);
    at(2_000);
    end();
    judge.answer(exchange(ISSUER, SILENT, sentAtMs));
    expect(judge.violations.length).toBe(isExcused ? 0 : 1);
  });

  it("nothing once everything has reported that it is healthy", () => {
    const { judge, log, at } = court();
    const end = log.begin(fault);
    at(1_000);
    end();
    at(3_000);
    log.recovered();
    judge.answer(exchange(ISSUER, SILENT, 2_900));
    expect(judge.violations).toEqual([]);
    judge.answer(exchange(ISSUER, SILENT, 3_100));
    expect(judge.violations).toHaveLength(1);
  });
});

describe("what was ended at 1 s", () => {
  it.each<[string, number, Outcome, boolean]>([
    ["counts when it is accepted after 5 s", 6_001, answered(200), true],
    ["passes when it is accepted within 5 s", 6_000, answered(200), false],
    ["passes when it is refused after 5 s", 6_001, answered(401, "session-revoked"), false],
    ["passes when it is not answered after 5 s", 6_001, SILENT, false],
  ])("%s", (_name, sentAtMs, outcome, isViolation) => {
    const { judge } = court();
    judge.ended(exchange(GATEWAY, outcome, sentAtMs), "a session", 1_000);
    expect(judge.violations.length).toBe(isViolation ? 1 : 0);
  });

  it.each<[string, Excuse, number, boolean]>([
    [
      "within 5 s after a fault that cut it off",
      { ...NOTHING, severed: ["gateway-1"] },
      9_000,
      false,
    ],
    ["later", { ...NOTHING, severed: ["gateway-1"] }, 9_001, true],
    ["after a fault that cut another one off", { ...NOTHING, severed: ["gateway-2"] }, 8_000, true],
  ])("may be accepted by a gateway %s: %s", (_name, excuse, sentAtMs, isViolation) => {
    const { judge, log, at } = court();
    at(2_000);
    const end = log.begin(excuse);
    at(4_000);
    end();
    judge.ended(exchange(GATEWAY, answered(200), sentAtMs), "a session", 1_000);
    expect(judge.violations.length).toBe(isViolation ? 1 : 0);
  });

  it("may not be accepted by a gateway that was cut off when it knew already", () => {
    const { judge, log, at } = court();
    at(7_000);
    const end = log.begin({ ...NOTHING, severed: ["gateway-1"] });
    judge.ended(exchange(GATEWAY, answered(200), 7_500), "a session", 1_000);
    expect(judge.violations).toHaveLength(1);
    end();
  });

  it("counts the requests that came after their time", () => {
    const { judge } = court();
    judge.ended(exchange(GATEWAY, answered(401, "session-revoked"), 7_000), "a session", 1_000);
    judge.ended(exchange(GATEWAY, answered(401, "session-revoked"), 2_000), "a session", 1_000);
    expect(judge.lateRequests).toBe(1);
  });
});
