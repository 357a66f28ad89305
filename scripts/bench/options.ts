/** The options of `npm run bench`. */
import { parseArgs } from "node:util";
import { BENCHES, type Bench } from "./benches.ts";

export interface Plan {
  readonly benches: readonly Bench[];
  readonly isQuick: boolean;
  /** Whether all benches run in full, so that the figures may be cited. */
  readonly isComplete: boolean;
}

/**
 * Reads `--quick` and `--only verify,issuer`.
 *
 * @throws {Error} which names the option that is unknown or has no such value
 */
export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean", default: false }, only: { type: "string" } },
  });
  const isQuick = values.quick;
  const possible = BENCHES.filter(({ quick }) => !isQuick || quick !== undefined);
  const names = values.only?.split(",");
  for (const name of names ?? []) {
    if (possible.some((bench) => bench.name === name)) continue;
    const known = possible.map((bench) => bench.name).join(", ");
    throw new Error(`bench: --only: ${name}: must be one of ${known}.`);
  }
  const benches = possible.filter(({ name }) => names?.includes(name) ?? true);
  return { benches, isQuick, isComplete: !isQuick && names === undefined };
}
