import type { TapEvent } from "@breezeway/host";
import { expect, it } from "vitest";
import { addEvent, hintOf, type TimelineRow } from "./timeline.ts";

function tapped(event: Partial<TapEvent>): TapEvent {
  return {
    appId: "orders",
    version: "1.0.0",
    channel: "stable",
    mountId: "mount-1",
    direction: "in",
    kind: "call",
    name: undefined,
    callId: undefined,
    latencyMs: undefined,
    code: undefined,
    atMs: 0,
    ...event,
  };
}

const rowsOf = (...events: Partial<TapEvent>[]): readonly TimelineRow[] =>
  events.map(tapped).reduce<readonly TimelineRow[]>(addEvent, []);

it("shows a call and its answer in one row, with the newest row on top", () => {
  const rows = rowsOf(
    { callId: 1, name: "getCustomer" },
    { kind: "event", name: "order:verified" },
    { kind: "result", direction: "out", callId: 1, name: "getCustomer", latencyMs: 2 },
  );
  expect(rows.map(({ event, outcome }) => [event.name, outcome])).toEqual([
    ["order:verified", "none"],
    ["getCustomer", "done"],
  ]);
  expect(rows[1]?.latencyMs).toBe(2);
});

it("does not pair a call with the answer to the other side's call of the same id", () => {
  const [row] = rowsOf({ callId: 1 }, { kind: "result", direction: "in", callId: 1 }).toReversed();
  expect(row?.outcome).toBe("waiting");
});

it("does not pair a call with an answer in another frame", () => {
  const answer = { kind: "result", direction: "out", callId: 1, mountId: "mount-2" } as const;
  const [row] = rowsOf({ callId: 1 }, answer).toReversed();
  expect(row?.outcome).toBe("waiting");
});

it("marks failed calls, aborted calls and refused events with their codes", () => {
  const rows = rowsOf(
    { callId: 1 },
    { callId: 2 },
    { kind: "error", direction: "out", callId: 1, code: "CALL_FAILED" },
    { kind: "abort", callId: 2 },
    { kind: "refused", direction: "out", name: "Bad", code: "EVENT_TOPIC_INVALID" },
  );
  expect(rows.map(({ outcome, code }) => [outcome, code])).toEqual([
    ["failed", "EVENT_TOPIC_INVALID"],
    ["failed", "CALL_ABORTED"],
    ["failed", "CALL_FAILED"],
  ]);
});

it("explains how to implement a method that the host does not have", () => {
  const error = {
    kind: "error",
    direction: "out",
    callId: 1,
    code: "CALL_METHOD_UNKNOWN",
  } as const;
  const [row] = rowsOf({ callId: 1, name: "openCustomer" }, error);
  expect(row && hintOf(row)).toContain("--methods methods.mjs");
  expect(row && hintOf(row)).toContain("openCustomer: () =>");
});

it("explains every other code with its hint", () => {
  const [row] = rowsOf({ kind: "refused", direction: "out", code: "EVENT_TOPIC_INVALID" });
  expect(row && hintOf(row)).toMatch(/topic is not in the contract/);
});

it("drops the oldest row beyond 300 rows", () => {
  const rows = rowsOf(...Array.from({ length: 310 }, () => ({ kind: "event" as const })));
  expect(rows).toHaveLength(300);
  expect(rows[0]?.key).toBe(310);
});
