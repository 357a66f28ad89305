/** Measures all units on this machine and writes them to `bench/results/capacity-units.json`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { query, startDatabase } from "@breezeway/test-support/postgres";
import { originNow, parseUnits, UNITS_FILE, type UnitsFile } from "../units.ts";
import { measureGateway } from "./measure-gateway.ts";
import { measureIssuer } from "./measure-issuer.ts";

export async function measure(): Promise<UnitsFile> {
  const { redis, ...gateway } = await measureGateway();
  await using database = await startDatabase();
  const issuer = await measureIssuer(database);
  const [version] = (await query(database.url, "show server_version")) as {
    server_version: string;
  }[];
  const measured = {
    origin: originNow({ postgres: version?.server_version ?? "unknown", redis }),
    units: parseUnits(rounded({ ...issuer, ...gateway })),
  };
  await mkdir(dirname(UNITS_FILE), { recursive: true });
  await writeFile(UNITS_FILE, `${JSON.stringify(measured, undefined, 2)}\n`);
  return measured;
}

/** Three digits: two runs differ by more. */
function rounded(groups: object): Record<string, Record<string, number>> {
  return Object.fromEntries(
    Object.entries(groups).map(([group, values]) => [
      group,
      Object.fromEntries(
        Object.entries(values as Record<string, number>).map(([name, value]) => [
          name,
          Number(value.toPrecision(3)),
        ]),
      ),
    ]),
  );
}
