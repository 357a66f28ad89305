import { describe, expect, it } from "vitest";
import { createDice } from "../dice.ts";
import { excuseOf, faultsOf, FAULT_KINDS, heldBy, type Shape } from "./fault.ts";
import { planFaults, readPlan, writePlan, type PlannedFault } from "./plan.ts";

const LARGE: Shape = {
  store: "postgres",
  issuers: ["issuer-1", "issuer-2"],
  gateways: ["gateway-1", "gateway-2"],
  hasDisk: false,
};
const SMALL: Shape = {
  store: "sqlite",
  issuers: ["issuer-1"],
  gateways: ["gateway-1"],
  hasDisk: true,
};
const shapes: readonly (readonly [string, Shape])[] = [
  ["two issuers on Postgres", LARGE],
  ["one issuer on SQLite", SMALL],
];
const planOf = (seed: number, shape: Shape, durationMs = 300_000) =>
  planFaults({ dice: createDice(seed), shape, durationMs });

it("has every kind of fault on one of the two platforms", () => {
  const kinds = [...faultsOf(LARGE), ...faultsOf(SMALL)].map(({ kind }) => kind);
  expect(new Set(kinds)).toEqual(new Set(FAULT_KINDS));
});

describe.each(shapes)("a plan for %s", (_name, shape) => {
  it("is the same for the same seed, and another one for another seed", () => {
    expect(planOf(1, shape)).toEqual(planOf(1, shape));
    expect(planOf(1, shape)).not.toEqual(planOf(2, shape));
  });

  it("has every fault of the platform once before it has one again", () => {
    const faults = faultsOf(shape);
    const first = planOf(3, shape).flat().slice(0, faults.length);
    const nameOf = ({ kind, target, value }: Pick<PlannedFault, "kind" | "target" | "value">) =>
      `${kind} ${target} ${value}`;
    expect(first.map(nameOf).sort()).toEqual(faults.map(nameOf).sort());
  });

  it.each([1, 2, 3, 4, 5])(
    "has no two faults at once that hold the same thing (seed %s)",
    (seed) => {
      for (const group of planOf(seed, shape)) {
        let atMs = 0;
        const active: { fault: PlannedFault; endsAtMs: number }[] = [];
        for (const fault of group) {
          const held = heldBy(fault, shape);
          for (const other of active) {
            if (other.endsAtMs <= atMs) continue;
            expect(heldBy(other.fault, shape).filter((name) => held.includes(name))).toEqual([]);
          }
          active.push({ fault, endsAtMs: atMs + fault.forMs });
          atMs += fault.nextMs;
        }
      }
    },
  );

  it("has faults that are in force together", () => {
    expect(
      planOf(1, shape)
        .flat()
        .some(({ forMs, nextMs }) => nextMs < forMs),
    ).toBe(true);
  });

  it("survives being written and read", () => {
    expect(readPlan(writePlan(planOf(4, shape)))).toEqual(planOf(4, shape));
  });

  it("excuses silence of no part that its fault does not touch", () => {
    for (const fault of faultsOf(shape)) {
      const { silent } = excuseOf(fault, shape);
      const touched = fault.kind === "read-only" ? shape.issuers : [fault.target];
      expect(silent.filter((part) => !touched.includes(part))).toEqual([]);
    }
  });
});

it.each(["", "kill", "kill:issuer-1", "kill:issuer-1:a:b", "stroke:issuer-1:1:1", "kill::1:1"])(
  "refuses the plan %j, naming the fault",
  (text) => {
    expect(() => readPlan(text)).toThrow(`--faults: ${text}: must be kind:target:for:next`);
  },
);
