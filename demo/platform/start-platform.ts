/**
 * Runs the demo platform in one process. Each part has its own port, and can be stopped and started
 * alone to simulate an outage.
 */
import type { Issuer } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import type { AppRegistry } from "@breezeway/shared/schemas";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bundleSites } from "../web/bundle.ts";
import { addressesFrom, DEFAULT_BASE_PORT, PARTS, type Addresses, type Part } from "./addresses.ts";
import { readApps } from "./apps.ts";
import type { Listener } from "./listen.ts";
import { createPartStarters, type PartStarters } from "./parts.ts";

export { addressesFrom, PARTS, type Address, type Addresses, type Part } from "./addresses.ts";

export interface PlatformOptions {
  /** Port of the shell. The other parts have fixed offsets from it. 1024 to 65515. Default: 4000. */
  readonly basePort?: number;
  /** Folder of the databases and the signing key. Created when it does not exist. */
  readonly dataDir: string;
  /** Folder of the manifests. Default: `demo/apps`. */
  readonly appsDir?: string;
  /** Life of a session token in seconds, 15 to 300. Default: 60. */
  readonly tokenTtlSeconds?: number;
  /** Seconds without activity after which a session expires. Default: 7 days. */
  readonly sessionIdleSeconds?: number;
}

export interface Platform {
  readonly addresses: Addresses;
  readonly apps: AppRegistry;
  /** URL of the shell. */
  readonly url: string;
  readonly issuer: Issuer;
  /** Stops one part. Does nothing when the part is not running. */
  stop(part: Part): Promise<void>;
  /** Starts one part with only its data on disk. Does nothing when the part is running. */
  start(part: Part): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts all parts. Error messages are written for the person who runs the demo.
 *
 * @throws {BridgeError} CONFIG_INVALID, when a port is in use or the folder cannot be created
 * @throws {BridgeError} MANIFEST_INVALID, when a manifest is malformed
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const addresses = addressesFrom(options.basePort ?? DEFAULT_BASE_PORT);
  const apps = readApps(options.appsDir ?? join(import.meta.dirname, "../apps"), addresses);
  makeFolder(options.dataDir);
  const sites = bundleSites();
  // Each part that needs the sites reports a failure itself.
  sites.catch(() => undefined);
  let issuer: Issuer | undefined;
  const runner = createRunner(
    createPartStarters({
      addresses,
      apps,
      dataDir: options.dataDir,
      issuerUrl: `${addresses.shell.origin}/auth`,
      sites,
      tokenTtlSeconds: options.tokenTtlSeconds,
      sessionIdleSeconds: options.sessionIdleSeconds,
      onIssuer: (started) => (issuer = started),
    }),
  );
  await startAll(runner);
  return {
    addresses,
    apps,
    url: addresses.shell.origin,
    get issuer() {
      if (issuer === undefined) throw new TypeError("issuer: the shell has never started.");
      return issuer;
    },
    ...runner,
  };
}

type Runner = Pick<Platform, "stop" | "start" | "close">;

/** Starts and stops single parts. */
function createRunner(starters: PartStarters): Runner {
  const running = new Map<Part, Listener>();

  const stop = async (part: Part): Promise<void> => {
    const listener = running.get(part);
    running.delete(part);
    await listener?.close();
  };

  return {
    stop,
    async start(part) {
      if (!running.has(part)) running.set(part, await starters[part]());
    },
    async close() {
      await Promise.all(PARTS.map(stop));
    },
  };
}

/** Starts every part. If one fails, stops the others and throws its error. */
async function startAll(runner: Runner): Promise<void> {
  // The issuer starts first: a gateway that finds no keys at its start waits before it asks again.
  const issuing = runner.start("shell");
  const outcomes = await Promise.allSettled(
    PARTS.map((part) => (part === "shell" ? issuing : issuing.then(() => runner.start(part)))),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined) return;
  await runner.close();
  throw failed.reason;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    throw new BridgeError(
      "CONFIG_INVALID",
      `BREEZEWAY_DATA: the folder ${folder} cannot be created (${code}). Choose a folder that you may write to.`,
      { cause },
    );
  }
}
