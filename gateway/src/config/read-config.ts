/** A gateway's configuration file: JSON, with paths relative to the file. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BridgeError } from "@breezeway/shared";
import {
  parseJsonWith,
  parseManifest,
  parseManifestJson,
  parseWith,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { checkIssuer } from "./check-issuer.ts";
import {
  checkProofRoutes,
  parseLimits,
  parsePolicy,
  parseProof,
  parseRefusalLimit,
  type GatewayOptions,
} from "./options.ts";
import { parseRateLimitStore } from "../limits/parse-store.ts";
import { PLAIN_FIELDS } from "./plain-fields.ts";

/** What concerns the gateway alone. */
const SECTION = {
  routes: z.array(z.unknown()),
  cors: z.optional(z.unknown()),
  hostOrigins: z.optional(z.array(z.string())),
  removeHeaders: z.optional(z.unknown()),
  proof: z.optional(z.unknown()),
  limits: z.optional(z.unknown()),
  refusalLimit: z.optional(z.unknown()),
  audit: z.optional(z.union([z.literal("stdout"), z.strictObject({ file: z.string() })])),
  metrics: PLAIN_FIELDS.metrics,
  tracing: PLAIN_FIELDS.tracing,
};

const sectionSchema = z.strictObject(SECTION);

const fileSchema = z.strictObject({
  ...SECTION,
  $schema: z.optional(z.string()),
  issuer: z.url(),
  jwks: z.optional(z.url()),
  algorithms: z.optional(z.array(z.enum(["EdDSA", "ES256"])).check(z.minLength(1))),
  apps: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])),
  trustedProxies: z.optional(z.array(z.string())),
  revocations: PLAIN_FIELDS.revocations,
  rateLimitStore: z.optional(
    z.looseObject({
      kind: z.enum(["redis", "postgres"]),
      url: z.union(
        [z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })],
        'must be { "env": "NAME" } or { "file": "path" }: passwords do not stand in this file',
      ),
    }),
  ),
});

/**
 * Options for `createGateway` and `serveGateway` from a JSON file. `apps` lists manifests, or paths
 * of manifest files relative to the configuration.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the file and the field
 */
export function readGatewayConfig(file: string): GatewayOptions {
  const parsed = parseJsonWith(fileSchema, read(file, file), {
    code: "CONFIG_INVALID",
    source: file,
  });
  const apps = readApps(parsed.apps, file);
  const { rateLimitStore } = parsed;
  const store = rateLimitStore && { ...rateLimitStore, url: secretIn(file, rateLimitStore.url) };
  const options = { ...parsed, apps, audit: auditIn(file, parsed.audit) };
  return check({ ...options, rateLimitStore: parseRateLimitStore(store, file) }, file);
}

type SecretPlace = { readonly env: string } | { readonly file: string };

/** What stands in an environment variable, or in a file whose last newline is not part of it. */
function secretIn(config: string, place: SecretPlace): string {
  const field = `${config}: rateLimitStore.url`;
  if ("file" in place) {
    return readSecret(resolve(dirname(config), place.file), `${field}.file`);
  }
  const value = process.env[place.env];
  if (value !== undefined && value !== "") return value;
  // Not its name: somebody may have written the secret there.
  throw new BridgeError(
    "CONFIG_INVALID",
    `${field}.env: the environment has no variable of this name.`,
  );
}

// Nor its path, for the same reason.
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
  /** The configuration file; paths in the section are relative to it. */
  readonly file: string;
  /** The section's name in the file, for messages. */
  readonly name: string;
}

/**
 * The gateway's section of a configuration file that configures more than a gateway: `routes`, `cors`,
 * `hostOrigins`, `removeHeaders`, `proof`, `limits`, `refusalLimit`, `audit`, `metrics`, `tracing`, as {@link readGatewayConfig}
 * has them. What the gateway shares with others comes from the caller.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the file, the section and the field
 */
export function parseGatewaySection(section: unknown, context: SectionContext): GatewayOptions {
  const { file, name, ...shared } = context;
  const source = `${file}: ${name}`;
  const parsed = parseWith(sectionSchema, section, { code: "CONFIG_INVALID", source });
  return check({ ...parsed, ...shared, audit: auditIn(file, parsed.audit) }, source);
}

type ParsedAudit = "stdout" | { readonly file: string } | undefined;

function auditIn(file: string, audit: ParsedAudit): ParsedAudit {
  return typeof audit === "object" ? { file: resolve(dirname(file), audit.file) } : audit;
}

/** Finds everything that can be wrong, with the name of its source. */
function check(parsed: object, source: string): GatewayOptions {
  const options = parsed as GatewayOptions;
  checkIssuer(options, source);
  checkProofRoutes(parsePolicy(options, source), parseProof(options, source), source);
  parseLimits(options.limits, source);
  parseRefusalLimit(options.refusalLimit, source);
  return options;
}

/**
 * Apps of a configuration file: manifests, or paths of manifest files relative to it.
 *
 * @throws {BridgeError} CONFIG_INVALID or MANIFEST_INVALID, naming the file and the field
 */
export function readApps(
  apps: readonly (string | Readonly<Record<string, unknown>>)[],
  file: string,
): RegisteredApp[] {
  return apps.map((app, index) => readApp(app, { file, field: `apps[${index}]` }));
}

function readApp(
  app: string | Readonly<Record<string, unknown>>,
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
