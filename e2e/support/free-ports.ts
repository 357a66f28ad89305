import process from "node:process";
import { addressesFrom } from "@breezeway/demo";
import { createPortFinder } from "@breezeway/test-support/free-port";

// Up to 31 776: Linux takes the ports of outgoing connections from 32 768 on.
const find = createPortFinder({ lowest: 20_000, highest: 31_776, workers: 16 });

/** Finds a base port at which all ports of the demo are free. */
export function freeBasePort(): Promise<number> {
  return find(Number(process.env["TEST_PARALLEL_INDEX"] ?? 0), (base) =>
    Object.values(addressesFrom(base)).flatMap(({ port, listenOn }) =>
      listenOn.map((host) => ({ port, host })),
    ),
  );
}
