/** The results of chaos runs as a page in Markdown. */

export interface ChaosRow {
  readonly seed: number;
  readonly store: string;
  readonly faults: number;
  /** After the group of faults that took longest. */
  readonly recoveredWithinMs: number;
  readonly answers: ReadonlyMap<string, number>;
  readonly excused: number;
  readonly lateRequests: number;
  readonly violations: number;
}

const HEAD = [
  "seed",
  "store",
  "faults",
  "healthy within, s",
  "accepted",
  "refused or unanswered",
  "excused by a fault",
  "checked after their end",
  "violations",
];

export function chaosPage(rows: readonly ChaosRow[], minutes: number): string {
  const seeds = [...new Set(rows.map(({ seed }) => seed))].join(",");
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return `# Chaos

\`npm run chaos -- --seed ${seeds} --minutes ${minutes} --report\`, ${minutes} minutes for each store.

Each run causes the faults of its seed under load. Every answer is judged: a refusal needs a reason that a fault of that moment allows,
a session or key that has ended is refused 5 s later by every part, nothing acknowledged is lost, and everything is healthy 10 s after
the last fault of a group. "Checked after their end" counts requests with ended sessions and removed keys.

${line(HEAD)}
${line(HEAD.map((_, index) => (index === 1 ? "---" : "---:")))}
${rows.map((row) => line(cellsOf(row))).join("\n")}
`;
}

function cellsOf(row: ChaosRow): (string | number)[] {
  const all = [...row.answers];
  const count = (isCounted: (name: string) => boolean): number =>
    all.reduce((sum, [name, times]) => sum + (isCounted(name) ? times : 0), 0);
  const isAccepted = (name: string): boolean => name.startsWith("2");
  return [
    row.seed,
    row.store,
    row.faults,
    (row.recoveredWithinMs / 1_000).toFixed(1),
    count(isAccepted),
    count((name) => !isAccepted(name)),
    row.excused,
    row.lateRequests,
    row.violations,
  ];
}
