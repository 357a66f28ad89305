/** Turns of contenders in an order that goes round and back, and the rows that show them. */
import process from "node:process";

/** The measurements of each contender in all its turns, sorted. */
export async function takeTurns<Name extends string>(
  names: readonly Name[],
  rounds: number,
  turn: (name: Name) => Promise<readonly number[]>,
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = Math.floor(round / 2) % names.length;
    const order = [...names.slice(first), ...names.slice(0, first)];
    for (const name of round % 2 === 0 ? order : order.toReversed()) {
      found.get(name)?.push(...(await turn(name)));
    }
  }
  for (const values of found.values()) values.sort((a, b) => a - b);
  return found;
}

export function at(values: ReadonlyMap<string, number[]>, name: string, quantile: number): number {
  const sorted = values.get(name) ?? [];
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? NaN;
}

/** The median, finer than the clock's steps: the mean of the middle fifth. */
export function middle(values: ReadonlyMap<string, number[]>, name: string): number {
  const sorted = values.get(name) ?? [];
  const near = sorted.slice(Math.floor(sorted.length * 0.4), Math.ceil(sorted.length * 0.6));
  return near.reduce((sum, value) => sum + value, 0) / near.length;
}

export function print(cells: readonly string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padEnd(22)).join("")}\n`);
}
