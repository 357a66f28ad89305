import process from "node:process";
import { addressesFrom } from "@breezeway/demo";
import { createPortFinder } from "@breezeway/test-support/free-port";

// Base ports stay below 31 776, because Linux uses ports from 32 768 for outgoing connections.
const find = createPortFinder({ lowest: 20_000, highest: 31_776, workers: 16 });

/** Finds a base port at which all ports of the demo are free. */
export function freeBasePort(): Promise<number> {
  return find(Number(process.env["TEST_PARALLEL_INDEX"] ?? 0), (base) =>
    Object.values(addressesFrom(base)).flatMap(({ port, listenOn }) =>
      listenOn.map((host) => ({ port, host })),
    ),
  );
}
