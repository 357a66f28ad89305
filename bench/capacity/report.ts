/** The model's answer as text: for a terminal, and as the tables of `docs/guides/capacity.md`. */
import { limitsOf } from "./limits.ts";
import { estimate, type Estimate } from "./model.ts";
import { OPTION_RULES, type CapacityOptions } from "./options.ts";
import type { Simulation } from "./simulate/simulation.ts";
import { UNIT_MEANINGS, type Origin, type Units, type UnitsFile } from "./units.ts";

interface Line {
  readonly name: string;
  readonly value: (estimate: Estimate) => string;
}

const LINES: readonly Line[] = [
  { name: "active users", value: ({ rates }) => count(rates.activeUsers) },
  { name: "tokens minted per second", value: ({ rates }) => count(rates.mints) },
  { name: "of these, cold", value: ({ issuer }) => count(issuer.coldMints) },
  { name: "gateway requests per second", value: ({ rates }) => count(rates.gatewayRequests) },
  { name: "of these, with a new token", value: ({ gateway }) => count(gateway.newTokens) },
  { name: "issuer processes, one core each", value: ({ issuer }) => count(issuer.processes) },
  { name: "cores that they use", value: ({ issuer }) => decimal(issuer.cores) },
  { name: "memory of each", value: ({ issuer }) => bytes(issuer.bytesPerProcess) },
  { name: "event streams", value: ({ issuer }) => count(issuer.streams) },
  { name: "event streams of each", value: ({ issuer }) => count(issuer.streamsPerProcess) },
  { name: "gateway processes, one core each", value: ({ gateway }) => count(gateway.processes) },
  { name: "cores that they use", value: ({ gateway }) => decimal(gateway.cores) },
  { name: "memory of each", value: ({ gateway }) => bytes(gateway.bytesPerProcess) },
  { name: "idle connections", value: ({ gateway }) => count(gateway.idleConnections) },
  { name: "Postgres connections", value: ({ postgres }) => count(postgres.connections) },
  { name: "statements per second", value: ({ postgres }) => count(postgres.statements) },
  { name: "row writes per second", value: ({ postgres }) => decimal(postgres.rowWrites) },
  { name: "cores that Postgres uses", value: ({ postgres }) => decimal(postgres.cores) },
  { name: "write-ahead log per second", value: ({ postgres }) => bytes(postgres.walBytes) },
  { name: "sessions on disk", value: ({ postgres }) => bytes(postgres.sessionBytes) },
  { name: "change log on disk", value: ({ postgres }) => bytes(postgres.changeLogBytes) },
  { name: "Redis commands per second", value: ({ redis }) => count(redis.commands) },
  { name: "event streams of one tenant", value: ({ streamsPerTenant }) => count(streamsPerTenant) },
];

/** A number of things: whole, rounded up. */
function count(value: number): string {
  return Number.isFinite(value) ? grouped(Math.ceil(value - 1e-9)) : "no number is enough";
}

function decimal(value: number): string {
  if (!Number.isFinite(value)) return "no number is enough";
  return value < 10 ? String(Number(value.toPrecision(2))) : grouped(Math.round(value));
}

const SIZES = ["B", "kB", "MB", "GB", "TB"] as const;

function bytes(value: number): string {
  let size = 0;
  let left = value;
  while (left >= 999.5 && size < SIZES.length - 1) {
    left /= 1_000;
    size += 1;
  }
  return `${Number(left.toPrecision(left < 10 ? 2 : 3))} ${SIZES[size]}`;
}

function grouped(value: number): string {
  return value.toLocaleString("en-GB").replaceAll(",", " ");
}

type Align = "left" | "right";

/** A table in Markdown with columns of even width, so that it also reads well in a terminal. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  aligned: (column: number) => Align,
): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((cells) => (cells[column] ?? "").length)),
  );
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) =>
      aligned(column) === "left"
        ? cell.padEnd(widths[column] ?? 0)
        : cell.padStart(widths[column] ?? 0),
    );
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, column) =>
    aligned(column) === "left" ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

const firstLeft = (column: number): Align => (column === 0 ? "left" : "right");
const secondRight = (column: number): Align => (column === 1 ? "right" : "left");

/** One column for each of the options. */
export function estimateTable(units: Units, columns: readonly CapacityOptions[]): string {
  const estimates = columns.map((options) => estimate(units, options));
  return table(
    ["", ...columns.map(({ users }) => `${grouped(users)} users`)],
    LINES.map(({ name, value }) => [name, ...estimates.map(value)]),
    firstLeft,
  );
}

export function limitsTable(units: Units, options: CapacityOptions): string {
  return table(
    ["what breaks", "from users", "what to do then"],
    limitsOf(units, options).map(({ name, users, remedy }) => [
      name,
      Number.isFinite(users) ? roundedUsers(users) : "never",
      remedy,
    ]),
    secondRight,
  );
}

/** Two digits: the model knows no more. */
function roundedUsers(users: number): string {
  return users === 0 ? "1" : grouped(Number(users.toPrecision(2)));
}

export function optionsTable(): string {
  return table(
    ["option", "default", "meaning"],
    Object.entries(OPTION_RULES).map(([name, { byDefault, meaning }]) => [
      `\`--${name}\``,
      grouped(byDefault),
      meaning,
    ]),
    secondRight,
  );
}

const GROUP_TITLES: Readonly<Record<keyof typeof UNIT_MEANINGS, readonly [string, string]>> = {
  issuerCpuMs: ["Issuer, processor time", "ms"],
  issuerBytes: ["Issuer, memory", "bytes"],
  gatewayCpuMs: ["Gateway, processor time", "ms"],
  gatewayBytes: ["Gateway, memory", "bytes"],
  postgresCpuMs: ["Postgres, processor time", "ms"],
  postgresStatements: ["Postgres, statements", "statements"],
  postgresRowWrites: ["Postgres, row writes", "rows"],
  postgresBytes: ["Postgres, bytes", "bytes"],
  redisCommands: ["Redis, commands", "commands"],
};

export function unitsTables(units: Units): string {
  return Object.entries(GROUP_TITLES)
    .flatMap(([group, [title, unit]]) => {
      const meanings = Object.entries(UNIT_MEANINGS[group as keyof typeof UNIT_MEANINGS]);
      const values = units[group as keyof Units] as Readonly<Record<string, number>>;
      return [
        `**${title}**`,
        "",
        table(
          ["of", unit, ""],
          meanings.map(([name, meaning]) => [`\`${name}\``, shown(values[name] ?? 0), meaning]),
          secondRight,
        ),
        "",
      ];
    })
    .join("\n");
}

function shown(value: number): string {
  return value >= 1_000 ? grouped(Math.round(value)) : String(value);
}

export function originLine({ date, cpu, cores, node, postgres, redis }: Origin): string {
  return `Measured on ${date}: ${cores} cores (${cpu}), Node ${node}, Postgres ${postgres}, Redis ${redis}.`;
}

/** What `npm run capacity` prints. */
export function reportOf({ origin, units }: UnitsFile, options: CapacityOptions): string {
  return [
    estimateTable(units, [options]),
    "",
    limitsTable(units, options),
    "",
    originLine(origin),
    "",
  ].join("\n");
}

/** The simulation beside the model. */
export function simulationTable({ origin, rows, seconds, lateSeconds }: Simulation): string {
  return [
    table(
      ["", "model", "measured", "measured / model"],
      rows.map(({ name, predicted, measured }) => [
        name,
        decimal(predicted),
        decimal(measured),
        (measured / predicted).toFixed(2),
      ]),
      firstLeft,
    ),
    "",
    `${originLine(origin)} The counted part took ${seconds} s; its last operation was ${lateSeconds} s late.`,
    "",
  ].join("\n");
}
