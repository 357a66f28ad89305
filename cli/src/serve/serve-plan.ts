/** Reads and checks a whole configuration file, and returns the options of issuer and gateway. */
import { dirname, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { GatewayOptions } from "@breezeway/gateway";
import { parseGatewaySection, readApps } from "@breezeway/gateway/node";
import { assertIssuerOptions, sqliteStore, type IssuerOptions } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { BridgeError } from "@breezeway/shared";
import { createAppRegistry, type AppRegistry } from "@breezeway/shared/schemas";
import type { CliIo } from "../io.ts";
import { assertJson } from "./assert-json.ts";
import { assertNoConflicts } from "./check-conflicts.ts";
import { parseServeConfig, type ServeConfig } from "./config-schema.ts";
import { loadHooks } from "./hooks.ts";
import { createIssuerOptions } from "./issuer-options.ts";
import { readTrustedText } from "./read-text.ts";
import { createSecretReader } from "./secrets.ts";

/** The parts that a running server can reload. */
export interface ServeFile {
  readonly file: string;
  readonly config: ServeConfig;
  readonly apps: AppRegistry;
  readonly gateway: GatewayOptions;
}

export interface ServePlan extends ServeFile {
  readonly issuer: IssuerOptions;
}

/**
 * Reads the file without opening a store or a port. It runs the module of hooks.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the file and the field
 */
export async function readServePlan(
  file: string,
  { env, out }: Pick<CliIo, "env" | "out">,
): Promise<ServePlan> {
  const read = await readServeFile(file);
  const { config, apps } = read;
  const { hooks: path, hookTimeoutMs: timeoutMs } = config.issuer;
  const hooks = await loadHooks({ file, path, timeoutMs });
  const readSecret = createSecretReader(file, env);
  const issuer = await createIssuerOptions(config.issuer, { file, apps, hooks, readSecret, out });
  checkIssuer(issuer, file);
  return { ...read, issuer };
}

/**
 * Reads in a few turns of the event loop: with thousands of apps and routes, one turn would delay the requests
 * of a running server.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the file and the field
 */
export async function readServeFile(file: string): Promise<ServeFile> {
  const text = readTrustedText(file, "configuration");
  assertJson(text, file);
  const config = parseServeConfig(text, file);
  assertNoConflicts(config, file);
  const { url: issuer, algorithms = {} } = config.issuer;
  await nextTurn();
  const manifests = await readManifests(config, file);
  const apps = naming(`${file}: apps: `, () => createAppRegistry(manifests));
  checkIssuer({ issuer, apps, algorithms, store: sqliteStore({ file: ":memory:" }) }, file);
  const trustedProxies = checkProxies(config.trustedProxies, file);
  await nextTurn();
  const gateway = await parseGatewaySection(gatewaySection(config), {
    file,
    name: "gateway",
    issuer,
    apps,
    trustedProxies,
    algorithms: [...new Set(["EdDSA" as const, ...Object.values(algorithms)])],
  });
  return { file, config, apps, gateway };
}

function readManifests({ apps }: ServeConfig, file: string): ReturnType<typeof readApps> {
  for (const [index, app] of apps.entries()) {
    if (typeof app !== "string") continue;
    const source = `${file}: apps[${index}]`;
    const path = resolve(dirname(file), app);
    assertJson(readTrustedText(path, source), `${source}: ${path}`);
  }
  return readApps(apps, file);
}

/** The gateway's section without its listeners. */
function gatewaySection(config: ServeConfig): object {
  const { port, host, keepAliveTimeoutMs, operationsPort, operationsHost, ...section } =
    config.gateway;
  return section;
}

function checkIssuer(options: IssuerOptions, file: string): void {
  naming(`${file}: issuer.`, () => assertIssuerOptions(options));
}

function checkProxies(trustedProxies: readonly string[] = [], file: string): readonly string[] {
  const nobody = { url: "http://localhost", fetch: () => Promise.reject(new Error("not served")) };
  naming(`${file}: `, () => toNodeHandler(nobody, { trustedProxies }));
  return trustedProxies;
}

/** Prefixes errors with the file and the section. */
function naming<T>(place: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    const option = error.message.replace(/^(?:createIssuer|toNodeHandler): /, "");
    // The file names the issuer's option `issuer` differently.
    const message = option.replace(/^issuer: /, "url: ");
    throw new BridgeError(error.code, place + message, { cause: error });
  }
}
