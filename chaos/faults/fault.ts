/**
 * The faults, and what each one excuses. Everything that no fault excuses is a violation, so this table
 * is the promise of the platform: who may stay silent, who may refuse for which reason, and who cannot learn
 * of a revocation meanwhile.
 */
import type { ErrorReason } from "@breezeway/shared";

export const FAULT_KINDS = [
  "kill",
  "freeze",
  "cut",
  "half-open",
  "slow",
  "clock",
  "dns",
  "memory",
  "disk-full",
  "read-only",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** A part, `store`, `counters`, `issuers` for all of them, or `all`. */
  readonly target: string;
  /** Clock: seconds ahead, or behind when negative. Memory: MB. Slow: milliseconds for each piece of data. */
  readonly value?: number;
}

export interface Shape {
  readonly store: "postgres" | "sqlite";
  readonly issuers: readonly string[];
  readonly gateways: readonly string[];
  /** Whether the file system of the store can be filled and write-protected, which needs root. */
  readonly hasDisk: boolean;
}

export interface Excuse {
  /** Parts whose callers may get no answer. */
  readonly silent: readonly string[];
  /** Reasons for which issuers and gateways may refuse. */
  readonly issuer: readonly ErrorReason[];
  readonly gateway: readonly ErrorReason[];
  /** Parts that cannot learn of a revocation. Their 5 s start when the fault ends. */
  readonly severed: readonly string[];
  /** Whether clocks disagree: a secret may then look older than its grace. */
  readonly isClock?: boolean;
}

const UPSTREAM_AWAY = [
  "upstream-unreachable",
  "upstream-timeout",
  "upstream-invalid",
  "overloaded",
] as const satisfies readonly ErrorReason[];
/** A process that was stopped finds its timers due before it reads what has arrived. */
const STOPPED = ["request-timeout"] as const satisfies readonly ErrorReason[];
/**
 * With a clock ahead an issuer begins with its next key early, and a gateway's keys look too old: it fetches them, and has
 * none until it can.
 */
const KEYS_AWAY = ["key-unknown", "keys-unavailable"] as const satisfies readonly ErrorReason[];
/** How a token is refused whose times another clock wrote. */
export const CLOCKS_DISAGREE = [
  "token-not-yet",
  "iat-future",
  "token-expired",
] as const satisfies readonly ErrorReason[];

const HOUR = 3_600;
const CLOCK_JUMPS: readonly number[] = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR, 20, -20];
const BALLAST_MB = 160;
const SLOW_MS = 120;

const nothing: Excuse = { silent: [], issuer: [], gateway: [], severed: [] };

/** Every fault that a platform of this shape can have. */
export function faultsOf({ store, issuers, gateways, hasDisk }: Shape): readonly Fault[] {
  const parts = [...issuers, ...gateways];
  const several = issuers.length > 1 ? ["issuers"] : [];
  const all = (kind: FaultKind, targets: readonly string[]): Fault[] =>
    targets.map((target) => ({ kind, target }));
  return [
    ...all("kill", [...parts, "upstream"]),
    ...all("freeze", [...parts, "upstream"]),
    ...all("cut", gateways),
    ...all("half-open", gateways),
    ...[...parts, ...several, "all"].flatMap((target, index) =>
      [0, 1].map((turn): Fault => {
        const value = CLOCK_JUMPS[(2 * index + turn) % CLOCK_JUMPS.length] ?? HOUR;
        return { kind: "clock", target, value };
      }),
    ),
    ...all("dns", ["upstream"]),
    ...parts.map((target): Fault => ({ kind: "memory", target, value: BALLAST_MB })),
    ...(store === "postgres"
      ? [
          ...all("kill", ["store", "counters"]),
          ...all("freeze", ["store", "counters"]),
          ...all("cut", [...issuers, "store"]),
          ...all("half-open", ["store"]),
          { kind: "slow", target: "store", value: SLOW_MS } as const,
        ]
      : []),
    ...(hasDisk ? [...all("disk-full", ["store"]), ...all("read-only", ["store"])] : []),
  ];
}

/** What the fault excuses while it lasts, and for as long as the parts may take to recover. */
export function excuseOf({ kind, target }: Fault, shape: Shape): Excuse {
  const { issuers, gateways } = shape;
  const everybody = [...issuers, ...gateways];
  // The only issuer is also the only source of revocations.
  const followers = issuers.length === 1 ? gateways : [];
  if (target === "counters") return nothing;
  if (target === "upstream") return { ...nothing, gateway: UPSTREAM_AWAY };
  if (target === "store") {
    const away: Excuse = { ...nothing, issuer: ["store-unavailable"], severed: everybody };
    if (kind === "disk-full") return { ...away, severed: [] };
    return kind === "read-only" ? { ...away, silent: issuers } : away;
  }
  switch (kind) {
    case "kill":
      return { ...nothing, silent: [target], severed: issuers.includes(target) ? followers : [] };
    case "freeze":
      return {
        ...nothing,
        issuer: STOPPED,
        gateway: STOPPED,
        silent: [target],
        severed: [target, ...(issuers.includes(target) ? followers : [])],
      };
    case "cut":
    case "half-open":
      return issuers.includes(target)
        ? { ...nothing, issuer: ["store-unavailable"], severed: [target] }
        : { ...nothing, gateway: ["keys-unavailable"], severed: [target] };
    case "clock":
      return { ...nothing, gateway: [...CLOCKS_DISAGREE, ...KEYS_AWAY], isClock: true };
    default:
      return nothing;
  }
}

/** What the fault holds: two faults that hold the same thing cannot be in force together. */
export function heldBy({ kind, target }: Fault, { issuers, gateways }: Shape): readonly string[] {
  const members =
    target === "issuers" ? issuers : target === "all" ? [...issuers, ...gateways] : [target];
  if (kind === "clock") return members.map((name) => `the clock of ${name}`);
  if (kind === "cut" || kind === "half-open" || kind === "slow") {
    return (target === "store" ? issuers : members).map((name) => `the way of ${name}`);
  }
  // A killed part's file system, and a killed database, are both the store's.
  if (kind === "read-only") return ["store", ...issuers];
  return members;
}
