/** Prints one line per step of the set-up, with the seconds that a long step has taken so far. */
import process from "node:process";

const REPORT_EVERY_MS = 10_000;

/** A failure that the user can correct. It is shown without a stack. */
export class SetupError extends Error {}

/**
 * Shows `label` while `work` runs. On a terminal the seconds count on the same line; elsewhere a
 * line every {@link REPORT_EVERY_MS} shows that it still runs.
 *
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(label, work) {
  const started = Date.now();
  const terminal = process.stderr.isTTY && !process.env["CI"];
  const seconds = () => Math.round((Date.now() - started) / 1_000);
  process.stderr.write(terminal ? `${label} …` : `${label} …\n`);
  const timer = setInterval(
    () => process.stderr.write(terminal ? `\r${label} … ${seconds()} s` : `  … ${seconds()} s\n`),
    terminal ? 1_000 : REPORT_EVERY_MS,
  );
  let outcome = "failed";
  try {
    const result = await work();
    outcome = "done";
    return result;
  } finally {
    clearInterval(timer);
    process.stderr.write(
      terminal
        ? `\r${label} … ${outcome}, ${seconds()} s\n`
        : `  ${outcome} after ${seconds()} s\n`,
    );
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}
