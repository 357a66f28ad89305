/** The result of a simulation, and the file in which it is kept. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Origin } from "../units.ts";

export const SIMULATION_FILE: string = fileURLToPath(
  new URL("../../results/capacity-simulation.json", import.meta.url),
);

export interface Compared {
  readonly name: string;
  readonly predicted: number;
  readonly measured: number;
}

export interface Simulation {
  readonly origin: Origin;
  readonly rows: readonly Compared[];
  readonly seconds: number;
  /** By how much the last operation was late, in seconds: a busy machine cannot keep up. */
  readonly lateSeconds: number;
}

export async function readSimulation(): Promise<Simulation> {
  return JSON.parse(await readFile(SIMULATION_FILE, "utf8")) as Simulation;
}
