/** The options of `npm run capacity`: what the model needs to know, with default, range and meaning. */

interface OptionRule {
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
  readonly meaning: string;
}

const whole = (byDefault: number, [min, max]: [number, number], meaning: string): OptionRule => ({
  byDefault,
  min,
  max,
  whole: true,
  meaning,
});
const number = (byDefault: number, [min, max]: [number, number], meaning: string): OptionRule => ({
  byDefault,
  min,
  max,
  whole: false,
  meaning,
});

export const OPTION_RULES = {
  users: whole(1_000_000, [1, 1_000_000_000], "users who may sign in"),
  active: number(0.2, [0, 1], "share of the users who work in the busiest minutes"),
  tenants: whole(5_000, [1, 100_000_000], "tenants; the users are spread evenly over them"),
  apps: whole(5, [1, 100], "apps on the page of an active user"),
  tabs: whole(2, [1, 100], "open tabs of an active user"),
  loads: number(4, [0, 1_000], "page loads of each tab per hour"),
  "token-seconds": whole(60, [15, 300], "`tokenTtlSeconds` of the issuer"),
  "refresh-minutes": number(60, [1, 10_080], "time between two rotations of a session secret"),
  requests: number(6, [0, 10_000], "gateway requests of an active user per minute"),
  changes: number(5, [0, 100_000], "changes of single sessions per 1 000 active users and minute"),
  "tenant-changes": number(1, [0, 100_000], "changes of each tenant's apps per working day"),
  sessions: number(2, [0, 1_000], "stored sessions of each user"),
  "sign-ins": number(0.2, [0, 1_000], "sign-ins of each user per working day"),
  limited: number(1, [0, 1], "share of gateway requests that are counted in Redis"),
  "idle-connections": number(1, [0, 1_000], "connections of an active user to a gateway"),
  "in-memory": whole(100_000, [0, 10_000_000], "`sessions.inMemory` of each issuer"),
  "core-use": number(0.5, [0.05, 1], "share of its core that a process may use"),
  "max-connections": whole(10, [1, 100], "`maxConnections` of the Postgres store"),
  "postgres-connections": whole(200, [1, 100_000], "`max_connections` of the server"),
  "postgres-cores": number(8, [0.1, 10_000], "cores of the Postgres server"),
  "postgres-memory-gb": number(32, [0.1, 100_000], "memory of the Postgres server, in GB"),
  "commit-ms": number(
    3,
    [0.01, 10_000],
    "time for which a change holds the lock of the change log",
  ),
} as const satisfies Readonly<Record<string, OptionRule>>;

export type OptionName = keyof typeof OPTION_RULES;
export type CapacityOptions = { readonly [Name in OptionName]: number };

export const DEFAULT_OPTIONS = Object.fromEntries(
  Object.entries(OPTION_RULES).map(([name, { byDefault }]) => [name, byDefault]),
) as CapacityOptions;

/**
 * Reads flags such as `--users 1000000 --apps 5`.
 *
 * @throws {Error} which names the flag that is unknown, repeated, without a value, or out of range
 */
export function parseFlags(args: readonly string[]): CapacityOptions {
  const given: Partial<Record<OptionName, number>> = {};
  for (let index = 0; index < args.length; index += 2) {
    const flag = args[index] ?? "";
    const name = flag.slice(2);
    if (!flag.startsWith("--") || !isOptionName(name)) {
      throw new Error(
        `capacity: ${flag}: must be one of ${Object.keys(OPTION_RULES)
          .map((known) => `--${known}`)
          .join(", ")}.`,
      );
    }
    if (given[name] !== undefined) throw new Error(`capacity: ${flag}: must be given once.`);
    given[name] = parseValue(name, args[index + 1]);
  }
  return { ...DEFAULT_OPTIONS, ...given };
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTION_RULES, name);
}

function parseValue(name: OptionName, text: string | undefined): number {
  const { min, max, whole: mustBeWhole } = OPTION_RULES[name];
  const value = text === undefined || !/^\d+(\.\d+)?$/u.test(text) ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!mustBeWhole || Number.isInteger(value))) return value;
  const kind = mustBeWhole ? "a whole number" : "a number";
  throw new Error(`capacity: --${name}: must be ${kind} from ${min} to ${max}.`);
}
