/** The order of the faults of a run, from its seed. */
import type { Dice } from "../dice.ts";
import { FAULT_KINDS, faultsOf, heldBy, type Fault, type FaultKind, type Shape } from "./fault.ts";

/** How long a fault lasts, and when the next one starts. */
const FAULT_MS = [1_000, 5_000] as const;
const PAUSE_MS = [500, 3_500] as const;
/** After so many faults everything must recover. */
const FAULTS_BETWEEN_RESTS = 5;

export interface PlannedFault extends Fault {
  readonly forMs: number;
  /** From its start to the start of the next one. Less than `forMs` when both are in force together. */
  readonly nextMs: number;
}

export interface PlanOptions {
  readonly dice: Dice;
  readonly shape: Shape;
  /** Time until the last fault ends, without rests. */
  readonly durationMs: number;
  /** Default: the faults of the shape. */
  readonly faults?: readonly Fault[];
}

/** Groups of faults. After each group the run waits until everything has recovered. */
export type Plan = readonly (readonly PlannedFault[])[];

/** Deals all faults in random order before it deals one again. */
export function planFaults(options: PlanOptions): Plan {
  const { dice, shape, durationMs, faults = faultsOf(shape) } = options;
  const groups: PlannedFault[][] = [];
  let deck: Fault[] = [];
  let group: PlannedFault[] = [];
  let atMs = 0;
  let active: { readonly fault: Fault; readonly endsAtMs: number }[] = [];

  const conflicts = (fault: Fault): boolean => {
    const held = heldBy(fault, shape);
    return active.some((other) => heldBy(other.fault, shape).some((name) => held.includes(name)));
  };
  const end = (): void => {
    groups.push(group);
    group = [];
    active = [];
  };
  while (atMs < durationMs) {
    if (deck.length === 0) deck = dice.shuffle(faults);
    active = active.filter(({ endsAtMs }) => endsAtMs > atMs);
    const index = deck.findIndex((fault) => !conflicts(fault));
    const [fault] = index < 0 ? [] : deck.splice(index, 1);
    if (!fault) {
      // The rest of the deck waits until the active faults have ended.
      end();
      continue;
    }
    const forMs = dice.between(...FAULT_MS);
    const nextMs = dice.between(...PAUSE_MS);
    group.push({ ...fault, forMs, nextMs });
    active.push({ fault, endsAtMs: atMs + forMs });
    atMs += nextMs;
    if (group.length === FAULTS_BETWEEN_RESTS) end();
  }
  if (group.length > 0) end();
  return groups;
}

/** `kill:issuer-1:2100:900`, `clock:all:2100:900:-3600`; `/` starts a new group. */
export function writePlan(plan: Plan): string {
  return plan
    .map((group) =>
      group
        .map(({ kind, target, forMs, nextMs, value }) =>
          [kind, target, forMs, nextMs, ...(value === undefined ? [] : [value])].join(":"),
        )
        .join(","),
    )
    .join("/");
}

/** @throws {Error} naming the fault that is not valid */
export function readPlan(text: string): Plan {
  return text.split("/").map((group) => group.split(",").map(readFault));
}

function readFault(text: string): PlannedFault {
  const [kind = "", target = "", ...numbers] = text.split(":");
  const [forMs = Number.NaN, nextMs = Number.NaN, value] = numbers.map(Number);
  if (!isFaultKind(kind) || target === "" || ![forMs, nextMs, value ?? 0].every(Number.isFinite))
    throw new Error(
      `--faults: ${text}: must be kind:target:for:next or kind:target:for:next:value.`,
    );
  return { kind, target, forMs, nextMs, ...(value !== undefined && { value }) };
}

const isFaultKind = (kind: string): kind is FaultKind =>
  (FAULT_KINDS as readonly string[]).includes(kind);
