/** Checks `rateLimitStore`, from a program or from a configuration file. */
import { createRequire } from "node:module";
import { BridgeError, isRecord } from "@breezeway/shared";
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { RateLimitStore } from "./rate-limit-store.ts";

const failure = {
  timeoutMs: z.optional(z.number().check(z.gte(10), z.lte(10_000))),
  whenDown: z.optional(z.enum(["count-alone", "refuse"])),
};
const client = z.optional(z.custom<object>((value) => typeof value === "object" && value !== null));
const tableName = z.optional(
  z
    .string()
    .check(
      z.regex(/^[a-z_][a-z0-9_]{0,62}$/, "must be a lower-case SQL name of at most 63 characters"),
    ),
);
// Messages never quote the URL, since it contains a password.
const urlOf = (protocols: readonly string[], ...checks: z.core.$ZodCheck<string>[]) =>
  z.optional(
    z.string().check(
      z.refine(
        (url) => URL.canParse(url) && protocols.includes(new URL(url).protocol),
        `must be a URL that starts with ${protocols.map((each) => `${each}//`).join(" or ")}`,
      ),
      z.refine(
        isDecodable,
        "must have its password percent-encoded: two hexadecimal digits follow each %",
      ),
      ...checks,
    ),
  );

const SCHEMAS = {
  cluster: z.strictObject({ kind: z.literal("cluster"), ...failure }),
  redis: z.strictObject({
    kind: z.literal("redis"),
    client,
    url: urlOf(
      ["redis:", "rediss:"],
      z.refine(isNumbered, "must end with a database number, or without a path"),
    ),
    ...failure,
  }),
  postgres: z.strictObject({
    kind: z.literal("postgres"),
    client,
    url: urlOf(["postgres:", "postgresql:"]),
    tableName,
    ...failure,
  }),
} as const;

const PACKAGES = { redis: "redis", postgres: "pg" } as const;

/**
 * @returns `undefined` to count in this process
 * @throws {BridgeError} CONFIG_INVALID, naming source and field, also when a package is missing
 */
export function parseRateLimitStore(store: unknown, source: string): RateLimitStore | undefined {
  if (store === undefined) return undefined;
  const kind = isRecord(store) ? store["kind"] : undefined;
  if (kind !== "cluster" && kind !== "redis" && kind !== "postgres") {
    throw invalid(source, "kind: must be redis or postgres");
  }
  const context = { code: "CONFIG_INVALID", source } as const;
  const schema: z.ZodMiniType = z.object({ rateLimitStore: SCHEMAS[kind] });
  parseWith(schema, { rateLimitStore: store }, context);
  const parsed = store as RateLimitStore;
  if (parsed.kind === "cluster") return parsed;
  const hasClient = "client" in parsed;
  const hasUrl = "url" in parsed;
  if (hasClient === hasUrl) throw invalid(source, "must have either a client or a url");
  if (hasUrl) checkPackage(PACKAGES[parsed.kind], source);
  return parsed;
}

// `urlOf` reports text that is not a URL.
function isDecodable(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return !/%(?![\da-f]{2})/i.test(username + password);
}

function isNumbered(url: string): boolean {
  return !URL.canParse(url) || /^\/?\d*$/.test(new URL(url).pathname);
}

// A missing package is reported at start rather than at the first request.
function checkPackage(name: string, source: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch {
    throw invalid(source, `url: requires the package ${name}. Run npm install ${name}`);
  }
}

function invalid(source: string, what: string): BridgeError {
  const place = /^\w+:/.test(what) ? "rateLimitStore." : "rateLimitStore: ";
  return new BridgeError("CONFIG_INVALID", `${source}: ${place}${what}.`);
}
