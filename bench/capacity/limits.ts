/** What breaks first when the number of users grows, at which number, and what to do then. */
import { estimate, type Estimate } from "./model.ts";
import type { CapacityOptions } from "./options.ts";
import type { Units } from "./units.ts";

export interface Limit {
  readonly name: string;
  /** Users at which the limit is reached while the other options stay as they are; 0 or `Infinity` too. */
  readonly users: number;
  readonly remedy: string;
}

interface LimitRule {
  readonly name: string;
  /** 1 when the limit is reached. It must not fall when users are added. */
  readonly use: (estimate: Estimate, options: CapacityOptions) => number;
  readonly remedy: string;
}

const GB = 1e9;
/** The rest is for vacuum, checkpoints, and for the peak within the second. */
const POSTGRES_CORE_USE = 0.6;
/** Shared buffers and the page cache of the system also hold what other tables need. */
const POSTGRES_MEMORY_USE = 0.5;
/** Beyond half of the time, writers wait for each other. */
const LOCK_USE = 0.5;
/** Part of its core in which an issuer may read changes of other processes. */
const CHANGE_READ_USE = 0.2;

export const LIMIT_RULES: readonly LimitRule[] = [
  {
    name: "connections of Postgres",
    use: ({ postgres }, options) => postgres.connections / options["postgres-connections"],
    remedy:
      "Lower `maxConnections`, since a process needs few, or raise `max_connections` of the server.",
  },
  {
    name: "processor of Postgres",
    use: ({ postgres }, options) =>
      postgres.cores / (options["postgres-cores"] * POSTGRES_CORE_USE),
    remedy:
      "Raise `sessions.inMemory`, or give Postgres more cores; then divide the tenants between several stores.",
  },
  {
    name: "memory of Postgres",
    use: ({ postgres }, options) =>
      (postgres.sessionBytes + postgres.changeLogBytes) /
      (options["postgres-memory-gb"] * GB * POSTGRES_MEMORY_USE),
    remedy: "Give Postgres more memory, or divide the tenants between several stores.",
  },
  {
    name: "lock of the change log",
    use: ({ rates }, options) => (rates.changes * options["commit-ms"]) / 1_000 / LOCK_USE,
    remedy: "Divide the tenants between several stores: each has its own log.",
  },
  {
    name: "changes that each issuer reads",
    use: ({ issuer }) => issuer.changeReadCores / CHANGE_READ_USE,
    remedy:
      "Divide the tenants between several stores: an issuer reads the log of its own store alone.",
  },
];

const MAX_USERS = 1_000_000_000;

function usersAt(rule: LimitRule, units: Units, options: CapacityOptions): number {
  const isReached = (users: number): boolean =>
    rule.use(scaled(units, options, users), options) > 1;
  if (!isReached(MAX_USERS)) return Number.POSITIVE_INFINITY;
  let low = 0;
  let high = MAX_USERS;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isReached(middle)) high = middle;
    else low = middle;
  }
  return low;
}

/** More users also mean more tenants. */
function scaled(units: Units, options: CapacityOptions, users: number): Estimate {
  const tenants = (options.tenants * users) / options.users;
  return estimate(units, { ...options, users, tenants });
}

/** Limits, the one that is reached first at the front. */
export function limitsOf(units: Units, options: CapacityOptions): readonly Limit[] {
  return LIMIT_RULES.map((rule) => ({
    name: rule.name,
    users: usersAt(rule, units, options),
    remedy: rule.remedy,
  })).toSorted((a, b) => a.users - b.users);
}
