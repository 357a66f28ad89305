/** `breezeway keys`: the signing keys of an issuer, on its store, whether or not it is running. */
import { createKeyManager, sqliteStore, type KeyInfo, type KeyManager } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { Command } from "commander";
import type { CliIo } from "../io.ts";

interface StoreFlags {
  readonly store?: string;
}

export function registerKeys(program: Command, io: CliIo): void {
  const keys = program
    .command("keys")
    .description(
      "List, rotate and retire signing keys. The store is --store or BREEZEWAY_STORE; the secret " +
        "that private keys are encrypted with, if any, is BREEZEWAY_KEY_SECRET.",
    );

  withStore(keys.command("list"))
    .description("Show every key and what it does now")
    .option("--json", "print JSON")
    .action(async (flags: StoreFlags & { readonly json?: boolean }) => {
      await using manager = await openManager(flags, io);
      const list = await manager.list();
      if (flags.json) io.out(JSON.stringify(list, null, 2));
      else for (const line of table(list)) io.out(line);
    });

  withStore(keys.command("rotate"))
    .description("Publish a successor now; it starts to sign once every verifier has fetched it")
    .option("--alg <name>", "EdDSA or ES256", "EdDSA")
    .action(async (flags: StoreFlags & { readonly alg: string }) => {
      const { alg } = flags;
      if (alg !== "EdDSA" && alg !== "ES256") {
        throw new BridgeError("CONFIG_INVALID", "--alg: must be EdDSA or ES256.");
      }
      await using manager = await openManager(flags, io);
      io.out(describe(await manager.rotate(alg)));
    });

  withStore(keys.command("retire").argument("<kid>", "key id, as `keys list` shows it"))
    .description("End a key: in order, or at once with --emergency")
    .option("--emergency", "take it out of the key set at once; every token it signed is dead")
    // One key id in 64 begins with a dash.
    .allowUnknownOption()
    .action(async (kid: string, flags: StoreFlags & { readonly emergency?: boolean }) => {
      await using manager = await openManager(flags, io);
      io.out(describe(await (flags.emergency ? manager.remove(kid) : manager.retire(kid))));
    });
}

const POSTGRES = /^postgres(?:ql)?:\/\//i;

function withStore(command: Command): Command {
  return command.option("--store <place>", "SQLite file, or postgres:// URL without a password");
}

async function openManager({ store }: StoreFlags, { env }: CliIo): Promise<KeyManager> {
  const place = store ?? env["BREEZEWAY_STORE"];
  if (place === undefined || place === "") {
    throw new BridgeError("CONFIG_INVALID", "--store: name a SQLite file or a postgres:// URL.");
  }
  if (store !== undefined && hasPassword(store)) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "--store: has a password, which every user of this machine can read while the command runs; name the store in BREEZEWAY_STORE.",
    );
  }
  const encryptionSecret = env["BREEZEWAY_KEY_SECRET"];
  return createKeyManager({
    store: await storeOf(place),
    ...(encryptionSecret === undefined ? {} : { encryptionSecret }),
  });
}

// As pg reads it: before the host, or among the parameters.
function hasPassword(place: string): boolean {
  if (!POSTGRES.test(place)) return false;
  const url = URL.parse(place);
  return url === null || url.password !== "" || url.searchParams.has("password");
}

async function storeOf(place: string): Promise<Parameters<typeof createKeyManager>[0]["store"]> {
  if (!POSTGRES.test(place)) return sqliteStore({ file: place, mustExist: true });
  // Only who uses Postgres loads its driver.
  const { postgresStore } = await import("@breezeway/issuer/postgres");
  return postgresStore({ connectionString: place });
}

function* table(keys: readonly KeyInfo[]): Generator<string> {
  if (keys.length === 0) yield "no keys";
  for (const key of keys) yield describe(key);
}

function describe(key: KeyInfo): string {
  const signs = `signs from ${time(key.activatesAtSeconds)}`;
  const until = key.retiresAtSeconds === undefined ? "" : ` to ${time(key.retiresAtSeconds)}`;
  return `${key.kid}  ${key.alg}  ${key.state.padEnd(9)}  ${signs}${until}`;
}

function time(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().replace(".000Z", "Z");
}
