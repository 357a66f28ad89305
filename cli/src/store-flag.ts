/** The flag `--store`: which store of an issuer a command works on. */
import { sqliteStore, type Store } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { Command } from "commander";
import type { CliIo } from "./io.ts";

export const STORE_HELP =
  "BREEZEWAY_STORE       the store, when --store is absent; this URL may hold a password";

export interface StoreFlags {
  readonly store?: string;
}

const POSTGRES = /^postgres(?:ql)?:\/\//i;

export function withStore(command: Command): Command {
  return command.option(
    "--store <place>",
    "store of the issuer: a SQLite file or a postgres:// URL (default: BREEZEWAY_STORE)",
  );
}

/** @throws {BridgeError} CONFIG_INVALID */
export async function storeOf({ store }: StoreFlags, { env }: CliIo): Promise<Store> {
  const place = store ?? env["BREEZEWAY_STORE"];
  if (place === undefined || place === "") {
    throw new BridgeError(
      "CONFIG_INVALID",
      "--store: is required. Pass a SQLite file or a postgres:// URL, or set BREEZEWAY_STORE.",
    );
  }
  if (store !== undefined && hasPassword(store)) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "--store: must not hold a password, since every user of this machine can read the arguments of a command. Set BREEZEWAY_STORE instead.",
    );
  }
  if (!POSTGRES.test(place)) return sqliteStore({ file: place, mustExist: true });
  // Users of SQLite need not load the driver.
  const { postgresStore } = await import("@breezeway/issuer/postgres");
  return postgresStore({ connectionString: place });
}

// The driver reads a password before the host, or among the parameters.
function hasPassword(place: string): boolean {
  if (!POSTGRES.test(place)) return false;
  const url = URL.parse(place);
  return url === null || url.password !== "" || url.searchParams.has("password");
}
