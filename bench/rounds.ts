/**
 * Compares contenders in one process: rounds in the order A B C C B A, so that heat, noise and a
 * growing heap affect all of them equally. Results are medians over the rounds. Only ratios within
 * one run count.
 */
export interface Contender {
  readonly name: string;
  /** Runs `count` operations. */
  readonly run: (count: number) => void | Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly perSecond: number;
}

export interface RoundOptions {
  /** An even number of rounds. Default: 10. */
  readonly rounds?: number;
  /** The time of one contender in one round. Default: 200 ms. */
  readonly sliceMs?: number;
}

export async function compare(
  contenders: readonly Contender[],
  { rounds = 10, sliceMs = 200 }: RoundOptions = {},
): Promise<readonly Result[]> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const batches = new Map<string, number>();
  for (const { name, run } of contenders) {
    // This is also the warm-up: enough operations for the optimising compiler.
    const perSecond = await measure(run, 100, sliceMs * 2);
    batches.set(name, Math.max(1, Math.round(perSecond / 200)));
  }
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const { name, run } of order) {
      samples.get(name)?.push(await measure(run, batches.get(name) ?? 1, sliceMs));
    }
  }
  return contenders.map(({ name }) => ({ name, perSecond: median(samples.get(name) ?? []) }));
}

async function measure(run: Contender["run"], batch: number, sliceMs: number): Promise<number> {
  const startedAt = performance.now();
  let operations = 0;
  let elapsedMs = 0;
  while (elapsedMs < sliceMs) {
    await run(batch);
    operations += batch;
    elapsedMs = performance.now() - startedAt;
  }
  return (operations / elapsedMs) * 1_000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** A table in Markdown, with the ratio to the first contender. */
export function table(title: string, results: readonly Result[]): string {
  const base = results[0]?.perSecond ?? 1;
  const rows = results.map(
    ({ name, perSecond }) =>
      `| ${name} | ${Math.round(perSecond).toLocaleString("en")} | ${(perSecond / base).toFixed(2)} |`,
  );
  return [`### ${title}`, "", "| | per second | ratio |", "|---|---:|---:|", ...rows, ""].join(
    "\n",
  );
}
