/** A line each half minute, and what did not hold meanwhile, so that one sees how a soak goes on. */
import process from "node:process";

export interface Progress {
  readonly answers: ReadonlyMap<string, number>;
  readonly violations: readonly string[];
}

const INTERVAL_MS = 30_000;

/** Writes until it is disposed. */
export function startProgress(
  durationMs: number,
  source: Progress,
  write: (line: string) => void = (line) => void process.stdout.write(line),
): Disposable {
  let passed = 0;
  let told = 0;
  const timer = setInterval(() => {
    passed += INTERVAL_MS / 60_000;
    const { answers, violations } = source;
    const all = [...answers.values()].reduce((sum, count) => sum + count, 0);
    const of = `${passed.toFixed(1)} of ${(durationMs / 60_000).toFixed(1)} minutes`;
    write(`${of}: ${all} answers, violations: ${violations.length}\n`);
    for (const violation of violations.slice(told)) write(`  ${violation}\n`);
    told = violations.length;
  }, INTERVAL_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
