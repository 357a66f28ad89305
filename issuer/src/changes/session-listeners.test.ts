import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { ChangeRow } from "../store/schema.ts";
import { createSessionListeners, type SessionListeners } from "./session-listeners.ts";
import { SLICE } from "./told-in-slices.ts";

const MANY = 5 * SLICE;

let listeners: SessionListeners;
/** Each call of a listener: its session, and the number of the change or `gap`. */
let calls: [string, number | "gap"][];

beforeEach(() => {
  listeners = createSessionListeners();
  calls = [];
});

const change = (
  seq: number,
  kind: string,
  subject: string,
  more: Partial<ChangeRow> = {},
): ChangeRow => ({ seq, kind, subject, tenant_id: null, detail: null, at_seconds: 0, ...more });

function listen(handle: string, userId = `user of ${handle}`, tenantId = "acme"): () => void {
  const { leave } = listeners.listen(
    { handle, userId, tenantId },
    {
      onChange: ({ seq }) => void calls.push([handle, seq]),
      onGap: () => void calls.push([handle, "gap"]),
    },
  );
  return leave;
}

/** Lets everything arrive. */
async function settle(): Promise<void> {
  for (let told = -1; told !== calls.length;) {
    told = calls.length;
    await nextTurn();
  }
}

const toldTo = (handle: string): unknown[] =>
  calls.filter(([name]) => name === handle).map(([, what]) => what);

describe("the listeners of sessions", () => {
  it.each<[string, ChangeRow, number]>([
    ["session", change(1, "session", "s7"), 1],
    ["tenant-changed", change(1, "tenant-changed", "s7", { tenant_id: "globex" }), 1],
    ["claims-changed", change(1, "claims-changed", "s7"), 1],
    ["user", change(1, "user", "bob"), 2],
    ["tenant", change(1, "tenant", "small"), 3],
    ["installations-changed", change(1, "installations-changed", "small"), 3],
    ["a session that nobody listens to", change(1, "session", "elsewhere"), 0],
    ["data-changed", change(1, "data-changed", "s7"), 0],
    ["renewed", change(1, "renewed", "s7"), 0],
    ["app", change(1, "app", "orders"), 0],
    ["keys-changed", change(1, "keys-changed", "key"), 0],
  ])("cost a change of kind %s only calls of those concerned", async (_kind, row, expected) => {
    for (let index = 0; index < MANY; index += 1) listen(`s${index}`);
    for (const handle of ["b1", "b2"]) listen(handle, "bob");
    for (const handle of ["t1", "t2", "t3"]) listen(handle, handle, "small");
    listeners.onChange(row);
    await settle();
    expect(calls).toHaveLength(expected);
  });

  it("receive a change of very many in slices, between which other work has turns", async () => {
    for (let index = 0; index < MANY; index += 1) listen(`s${index}`);
    const seen: number[] = [];
    listeners.onChange(change(1, "tenant", "acme"));
    for (let turn = 0; turn < MANY / SLICE; turn += 1) {
      seen.push(calls.length);
      await nextTurn();
    }
    expect(seen).toEqual([0, 100, 200, 300, 400]);
    await settle();
    expect(new Set(calls.map(([handle]) => handle)).size).toBe(MANY);
  });

  it("receive a change of their own at once, after what they were still due for", async () => {
    for (let index = 0; index < MANY; index += 1) listen(`s${index}`);
    listeners.onChange(change(1, "installations-changed", "acme"));
    listeners.onChange(change(2, "claims-changed", "s499"));
    expect(calls).toEqual([
      ["s499", 1],
      ["s499", 2],
    ]);
    await settle();
    expect(toldTo("s499")).toEqual([1, 2]);
    expect(calls).toHaveLength(MANY + 1);
  });

  it("receive a repeated change of installations once when the first is outdated", async () => {
    for (let index = 0; index < MANY; index += 1) listen(`s${index}`);
    for (let seq = 1; seq <= 50; seq += 1) {
      listeners.onChange(change(seq, "installations-changed", "acme"));
    }
    listeners.onChange(change(51, "tenant", "acme"));
    await settle();
    expect(toldTo("s0")).toEqual([50, 51]);
    expect(calls).toHaveLength(2 * MANY);
  });

  it("follow their session into another tenant", () => {
    listen("s1");
    listeners.onChange(change(1, "tenant-changed", "s1", { tenant_id: "globex" }));
    listeners.onChange(change(2, "tenant", "acme"));
    listeners.onChange(change(3, "tenant", "globex"));
    expect(toldTo("s1")).toEqual([1, 3]);
  });

  it("hear nothing after they left, also in the middle of a change of many", async () => {
    const leave = Array.from({ length: MANY }, (_, index) => listen(`s${index}`));
    listeners.onChange(change(1, "tenant", "acme"));
    leave[450]?.();
    leave[450]?.();
    await settle();
    listeners.onChange(change(2, "session", "s450"));
    expect(toldTo("s450")).toEqual([]);
    expect(calls).toHaveLength(MANY - 1);
  });

  it("learn of a gap in place of what they were due for, and nothing after it", async () => {
    for (let index = 0; index < MANY; index += 1) listen(`s${index}`);
    listeners.onChange(change(1, "installations-changed", "acme"));
    listeners.onGap();
    listeners.onChange(change(9, "session", "s3"));
    listen("new");
    listeners.onChange(change(10, "session", "new"));
    await settle();
    expect(toldTo("s3")).toEqual(["gap"]);
    expect(toldTo("new")).toEqual([10]);
    expect(calls).toHaveLength(MANY + 1);
  });
});
