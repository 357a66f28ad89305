/** The gateway's configuration file: JSON, with paths relative to the file. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BridgeError } from "@breezeway/shared";
import {
  parseJsonWith,
  parseManifest,
  parseManifestJson,
  parseOptions,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import { createProofVerifier } from "@breezeway/verify";
import * as z from "zod/mini";
import { parseRateLimitStore } from "../limits/parse-store.ts";
import type { GatewayOptions } from "./options.ts";
import { checkedPieces } from "./parse-options.ts";
import { atOnce, inTurns, type Pieces } from "./pieces.ts";

// `parseGatewayOptions` checks what is unknown here.
const later = z.optional(z.unknown());

/** The fields that concern only the gateway. */
const SECTION = {
  routes: z.unknown(),
  cors: later,
  hostOrigins: later,
  removeHeaders: later,
  proof: later,
  limits: later,
  refusalLimit: later,
  audit: z.optional(z.union([z.literal("stdout"), z.strictObject({ file: z.string() })])),
  metrics: later,
  tracing: later,
};

const sectionSchema = z.strictObject(SECTION);

/** Where a value is that must not stand in the configuration file. */
const secretPlace = z.union(
  [z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })],
  'must be { "env": "NAME" } or { "file": "path" }, so that no password stands in this file',
);

const fileSchema = z.strictObject({
  ...SECTION,
  $schema: z.optional(z.string()),
  issuer: z.url(),
  jwks: z.optional(z.url()),
  algorithms: later,
  apps: z.union([
    z.literal("issuer"),
    z.array(z.union([z.string(), z.record(z.string(), z.unknown())])),
  ]),
  trustedProxies: later,
  revocations: z.optional(
    z.union([
      z.literal(false),
      z.looseObject({
        headers: z.optional(z.record(z.string(), z.union([z.string(), secretPlace]))),
      }),
    ]),
  ),
  rateLimitStore: z.optional(
    z.looseObject({
      kind: z.enum(["redis", "postgres"]),
      url: secretPlace,
    }),
  ),
});

/**
 * Options for `createGateway` and `serveGateway` from a JSON file. `apps` lists manifests, or paths of
 * manifest files relative to the configuration file.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the file and the field
 */
export function readGatewayConfig(file: string): GatewayOptions {
  return atOnce(configPieces(file));
}

/**
 * As {@link readGatewayConfig}, in as many turns of the event loop as it needs: with thousands of apps and
 * routes, one turn would delay the requests of a running gateway.
 */
export function readGatewayConfigInTurns(file: string): Promise<GatewayOptions> {
  return inTurns(configPieces(file));
}

function* configPieces(file: string): Pieces<GatewayOptions> {
  const context = { code: "CONFIG_INVALID", source: file } as const;
  const json = parseJsonWith(z.record(z.string(), z.unknown()), read(file, file), context);
  yield;
  const { $schema: _, ...parsed } = parseOptions(fileSchema, json, file);
  yield;
  const apps = parsed.apps === "issuer" ? parsed.apps : yield* appPieces(parsed.apps, file);
  const { rateLimitStore } = parsed;
  const store = rateLimitStore && {
    ...rateLimitStore,
    url: secretIn(file, "rateLimitStore.url", rateLimitStore.url),
  };
  const revocations = withSecrets(file, parsed.revocations);
  const options = { ...parsed, apps, revocations, audit: auditIn(file, parsed.audit) };
  return yield* check({ ...options, rateLimitStore: parseRateLimitStore(store, file) }, file);
}

type SecretPlace = { readonly env: string } | { readonly file: string };

interface FeedSection {
  readonly headers?: Readonly<Record<string, string | SecretPlace>> | undefined;
}

/** The options of the feed with the values of its headers. */
function withSecrets(
  config: string,
  feed: FeedSection | false | undefined,
): object | false | undefined {
  if (!feed || feed.headers === undefined) return feed;
  const headers = Object.entries(feed.headers).map(([name, value]) => [
    name,
    typeof value === "string" ? value : secretIn(config, `revocations.headers.${name}`, value),
  ]);
  return { ...feed, headers: Object.fromEntries(headers) as Record<string, string> };
}

/** The content of an environment variable, or of a file without its last line break. */
function secretIn(config: string, option: string, place: SecretPlace): string {
  const field = `${config}: ${option}`;
  if ("file" in place) {
    return readSecret(resolve(dirname(config), place.file), `${field}.file`);
  }
  const value = process.env[place.env];
  if (value !== undefined && value !== "") return value;
  // The message omits the name, since somebody may have written the secret in its place.
  throw new BridgeError(
    "CONFIG_INVALID",
    `${field}.env: the environment has no variable of this name.`,
  );
}

// The message omits the path, for the same reason.
function readSecret(path: string, source: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new BridgeError("CONFIG_INVALID", `${source}: cannot be read (${codeOf(error)}).`);
  }
}

export interface SectionContext extends Pick<
  GatewayOptions,
  "issuer" | "apps" | "algorithms" | "trustedProxies"
> {
  /** The configuration file. Paths in the section are relative to it. */
  readonly file: string;
  /** The section's name in the file, for messages. */
  readonly name: string;
}

/**
 * Reads, in turns of the event loop, the gateway's section of a configuration file that configures more than
 * a gateway: `routes`, `cors`, `hostOrigins`, `removeHeaders`, `proof`, `limits`, `refusalLimit`, `audit`,
 * `metrics` and `tracing`, as in {@link readGatewayConfig}. The caller adds what the gateway shares with other
 * parts.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the file, the section and the field
 */
export function parseGatewaySection(
  section: unknown,
  context: SectionContext,
): Promise<GatewayOptions> {
  return inTurns(sectionPieces(section, context));
}

export function* sectionPieces(section: unknown, context: SectionContext): Pieces<GatewayOptions> {
  const { file, name, ...shared } = context;
  const source = `${file}: ${name}`;
  const parsed = parseOptions(sectionSchema, section, source);
  return yield* check({ ...parsed, ...shared, audit: auditIn(file, parsed.audit) }, source);
}

type ParsedAudit = "stdout" | { readonly file: string } | undefined;

function auditIn(file: string, audit: ParsedAudit): ParsedAudit {
  return typeof audit === "object" ? { file: resolve(dirname(file), audit.file) } : audit;
}

/** Finds every mistake before anything starts, so that messages name the file. */
function* check(parsed: object, source: string): Pieces<GatewayOptions> {
  const { options } = yield* checkedPieces(parsed, source);
  if (options.proof !== undefined) createProofVerifier(options.proof);
  return options;
}

type AppEntry = string | Readonly<Record<string, unknown>>;

/**
 * Reads, in turns of the event loop, the apps of a configuration file: manifests, or paths of manifest files
 * relative to it.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the file and the field
 */
export function readApps(apps: readonly AppEntry[], file: string): Promise<RegisteredApp[]> {
  return inTurns(appPieces(apps, file));
}

function* appPieces(apps: readonly AppEntry[], file: string): Pieces<RegisteredApp[]> {
  const read: RegisteredApp[] = [];
  for (const [index, app] of apps.entries()) {
    read.push(readApp(app, { file, field: `apps[${index}]` }));
    yield;
  }
  return read;
}

function readApp(
  app: AppEntry,
  { file, field }: { readonly file: string; readonly field: string },
): RegisteredApp {
  if (typeof app !== "string") return parseManifest(app, `${file}: ${field}`);
  const path = resolve(dirname(file), app);
  return parseManifestJson(read(path, `${file}: ${field}`), path);
}

function read(path: string, source: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new BridgeError("CONFIG_INVALID", `${source}: cannot read ${path} (${codeOf(error)}).`, {
      cause: error,
    });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown";
}
