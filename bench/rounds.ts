import process from "node:process";

/**
 * Compares contenders in one process: rounds in the order A B C C B A, so that heat, noise and a
 * growing heap affect all of them equally. Results are medians over the rounds. Only ratios within
 * one run count. Operations that only compute are judged by CPU time, which other programs of the machine
 * disturb least.
 */
export interface Contender {
  readonly name: string;
  /** Makes what the next `count` operations use. Its time does not count. */
  readonly prepare?: (count: number) => void;
  /** Runs `count` operations. */
  readonly run: (count: number) => void | Promise<void>;
}

export interface Result {
  readonly name: string;
  readonly perSecond: number;
}

export interface RoundOptions {
  /** An even number of rounds. Default: `ROUNDS` in the environment, or 10. */
  readonly rounds?: number;
  /** The time of one contender in one round. Default: 200 ms. */
  readonly sliceMs?: number;
  /** `wall` for operations that wait, such as for a disk. Default: `cpu`. */
  readonly clock?: "cpu" | "wall";
}

const ROUNDS = Number(process.env["ROUNDS"] ?? 10);

const WARM_UP_SLICES = 8;

export async function compare(
  contenders: readonly Contender[],
  { rounds = ROUNDS, sliceMs = 200, clock = "cpu" }: RoundOptions = {},
): Promise<readonly Result[]> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const batches = new Map<string, number>();
  for (const contender of contenders) {
    // This is also the warm-up. The optimising compiler needs more time for more code.
    const perSecond = await measure({
      contender,
      batch: 100,
      sliceMs: sliceMs * WARM_UP_SLICES,
      clock,
    });
    batches.set(contender.name, Math.max(1, Math.round(perSecond / 200)));
  }
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const contender of order) {
      const batch = batches.get(contender.name) ?? 1;
      samples.get(contender.name)?.push(await measure({ contender, batch, sliceMs, clock }));
    }
  }
  return contenders.map(({ name }) => ({ name, perSecond: median(samples.get(name) ?? []) }));
}

interface Slice extends Required<Pick<RoundOptions, "sliceMs" | "clock">> {
  readonly contender: Contender;
  readonly batch: number;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function measure({ contender, batch, sliceMs, clock }: Slice): Promise<number> {
  const nowMs = clock === "cpu" ? cpuMs : (): number => performance.now();
  let operations = 0;
  let elapsedMs = 0;
  while (elapsedMs < sliceMs) {
    contender.prepare?.(batch);
    const startedAtMs = nowMs();
    await contender.run(batch);
    operations += batch;
    elapsedMs += nowMs() - startedAtMs;
  }
  return (operations / elapsedMs) * 1_000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** The speed of one contender in relation to another. */
export function ratio(results: readonly Result[], name: string, other: string): number {
  const rateOf = (wanted: string): number =>
    results.find((result) => result.name === wanted)?.perSecond ?? Number.NaN;
  return rateOf(name) / rateOf(other);
}

/** A table in Markdown, with the ratio to the first contender. @param per - As `compare` counted. */
export function table(
  title: string,
  results: readonly Result[],
  per: "per CPU second" | "per second" = "per CPU second",
): string {
  const base = results[0]?.perSecond ?? 1;
  const rows = results.map(
    ({ name, perSecond }) =>
      `| ${name} | ${Math.round(perSecond).toLocaleString("en")} | ${(perSecond / base).toFixed(2)} |`,
  );
  return [`### ${title}`, "", `| | ${per} | ratio |`, "|---|---:|---:|", ...rows, ""].join("\n");
}
