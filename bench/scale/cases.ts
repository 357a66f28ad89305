/** The benches of the table of scale, and the sizes at which each runs. */
export interface ScaleCase {
  /** For `--only`. */
  readonly name: string;
  /** Beside the work, in the table. */
  readonly title: string;
  /** The bench, relative to the folder of benches. */
  readonly program: string;
  readonly needsPostgres: boolean;
  /** The environment of one run for each size. */
  readonly sizes: readonly Readonly<Record<string, string>>[];
}

const SESSIONS = ["1000", "100000", "1000000"];
const STREAMS = ["100", "10000", "20000"];

const sessions = { program: "issuer/sessions.ts" };

export const CASES: readonly ScaleCase[] = [
  {
    ...sessions,
    name: "sqlite",
    title: "SQLite, sessions",
    needsPostgres: false,
    sizes: SESSIONS.map((size) => ({ BREEZEWAY_BENCH_SESSIONS: size })),
  },
  {
    ...sessions,
    name: "postgres",
    title: "Postgres, sessions",
    needsPostgres: true,
    sizes: SESSIONS.map((size) => ({ BREEZEWAY_BENCH_SESSIONS: size })),
  },
  {
    name: "streams",
    title: "issuer, event streams",
    program: "issuer/streams.ts",
    needsPostgres: false,
    sizes: STREAMS.map((size) => ({ BREEZEWAY_BENCH_STREAMS: size })),
  },
  {
    name: "gateway",
    title: "gateway",
    program: "gateway/rest.ts",
    needsPostgres: false,
    // Enough requests for a stable mean, in three minutes for both versions.
    sizes: [{ REQUESTS: "2000", RELOADS: "8", IDLE: "5000", STREAMS: "100", REST_MS: "1000" }],
  },
];
