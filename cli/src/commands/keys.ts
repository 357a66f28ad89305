/** `breezeway keys`: manages an issuer's signing keys in its store. The issuer may be running. */
import { createKeyManager, type KeyInfo, type KeyManager } from "@breezeway/issuer";
import type { Command } from "commander";
import { algorithmOf } from "../flags.ts";
import type { CliIo } from "../io.ts";
import { STORE_HELP, storeOf, withStore, type StoreFlags } from "../store-flag.ts";

const HELP = `
Environment:
  ${STORE_HELP}
  BREEZEWAY_KEY_SECRET  the secret that encrypts the private keys, if the issuer has one`;

export function registerKeys(program: Command, io: CliIo): void {
  const keys = program
    .command("keys")
    .description("List, rotate and retire the signing keys of an issuer")
    .addHelpText("after", HELP);

  withStore(keys.command("list"))
    .description("List all keys with their state and times")
    .option("--json", "print JSON")
    .action(async (flags: StoreFlags & { readonly json?: boolean }) => {
      await using manager = await openManager(flags, io);
      const list = await manager.list();
      if (flags.json) io.out(JSON.stringify(list, null, 2));
      else for (const line of table(list)) io.out(line);
    });

  withStore(keys.command("rotate"))
    .description("Publish a new key. It signs tokens once every verifier has fetched it")
    .option("--alg <name>", "algorithm of the key: EdDSA or ES256", "EdDSA")
    .action(async (flags: StoreFlags & { readonly alg: string }) => {
      const alg = algorithmOf(flags.alg);
      await using manager = await openManager(flags, io);
      io.out(describe(await manager.rotate(alg)));
    });

  withStore(
    keys.command("retire").argument("<kid>", "id of the key, as `breezeway keys list` prints it"),
  )
    .description("Retire a key once its successor signs, or remove it at once with --emergency")
    .option("--emergency", "remove the key at once; verifiers reject all tokens that it signed")
    // One key id in 64 starts with a dash, which looks like an option.
    .allowUnknownOption()
    .action(async (kid: string, flags: StoreFlags & { readonly emergency?: boolean }) => {
      await using manager = await openManager(flags, io);
      io.out(describe(await (flags.emergency ? manager.remove(kid) : manager.retire(kid))));
    });
}

async function openManager(flags: StoreFlags, io: CliIo): Promise<KeyManager> {
  const encryptionSecret = io.env["BREEZEWAY_KEY_SECRET"];
  return createKeyManager({
    store: await storeOf(flags, io),
    ...(encryptionSecret === undefined ? {} : { encryptionSecret }),
  });
}

function* table(keys: readonly KeyInfo[]): Generator<string> {
  if (keys.length === 0) yield "The store has no signing keys.";
  for (const key of keys) yield describe(key);
}

function describe(key: KeyInfo): string {
  return `${key.kid}  ${key.alg}  ${key.state.padEnd(9)}  ${timesOf(key)}`;
}

/** A removed key signs nothing, whatever was planned for it. */
function timesOf({ activatesAtSeconds, retiresAtSeconds, removedAtSeconds }: KeyInfo): string {
  if (removedAtSeconds !== undefined) return `removed at ${time(removedAtSeconds)}`;
  const until = retiresAtSeconds === undefined ? "" : ` to ${time(retiresAtSeconds)}`;
  return `signs from ${time(activatesAtSeconds)}${until}`;
}

function time(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString().replace(".000Z", "Z");
}
