/** A gateway's configuration file: JSON, with paths relative to the file. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { BridgeError } from "@breezeway/shared";
import {
  parseJsonWith,
  parseManifest,
  parseManifestJson,
  type RegisteredApp,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import {
  checkIssuer,
  parseLimits,
  parsePolicy,
  parseRefusalLimit,
  type GatewayOptions,
} from "./options.ts";

const fileSchema = z.strictObject({
  $schema: z.optional(z.string()),
  issuer: z.url(),
  jwks: z.optional(z.url()),
  algorithms: z.optional(z.array(z.enum(["EdDSA", "ES256"])).check(z.minLength(1))),
  apps: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])),
  routes: z.array(z.unknown()),
  cors: z.optional(z.unknown()),
  hostOrigins: z.optional(z.array(z.string())),
  trustedProxies: z.optional(z.array(z.string())),
  revocations: z.optional(
    z.union([
      z.literal(false),
      z.strictObject({
        url: z.optional(z.url()),
        headers: z.optional(z.record(z.string(), z.string())),
        maxSilenceMs: z.optional(z.number()),
        maxRetryMs: z.optional(z.number()),
      }),
    ]),
  ),
  limits: z.optional(z.unknown()),
  refusalLimit: z.optional(z.unknown()),
  audit: z.optional(z.union([z.literal("stdout"), z.strictObject({ file: z.string() })])),
  metrics: z.optional(
    z.strictObject({
      process: z.optional(z.boolean()),
      access: z.optional(z.enum(["local", "public", "none"])),
    }),
  ),
  tracing: z.optional(z.boolean()),
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
  const apps = parsed.apps.map((app, index) => readApp(app, { file, field: `apps[${index}]` }));
  const options = { ...parsed, apps } as unknown as GatewayOptions;
  // Everything that can be wrong is found here, with the file's name.
  checkIssuer(options, file);
  parsePolicy(options, file);
  parseLimits(options.limits, file);
  parseRefusalLimit(options.refusalLimit, file);
  return options;
}

function readApp(
  app: string | Record<string, unknown>,
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
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new BridgeError("CONFIG_INVALID", `${source}: cannot read ${path} (${code}).`, {
      cause: error,
    });
  }
}
