/** Loads the operator's hooks: a module with one export per decision. */
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClaimsHook, InstallationOptions, OidcOptions } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { reasonFor } from "./reason-for.ts";
import { assertTrustedFile } from "./read-text.ts";

export interface Hooks {
  /** Maps a person of the OpenID provider to a user and tenant. */
  readonly mapUser?: OidcOptions["mapUser"];
  /** Adds claims to tokens. */
  readonly claims?: ClaimsHook;
  /** Decides who may install apps. */
  readonly mayManage?: NonNullable<InstallationOptions["mayManage"]>;
}

const hook = <Name extends keyof Hooks>() =>
  z.exactOptional(
    z.custom<NonNullable<Hooks[Name]>>(
      (value) => typeof value === "function",
      "must be a function",
    ),
  );

const hooksSchema: z.ZodMiniType<Hooks> = z.strictObject({
  mapUser: hook<"mapUser">(),
  claims: hook<"claims">(),
  mayManage: hook<"mayManage">(),
});

const FIELD = "issuer.hooks";
const MAX_LOAD_MS = 30_000;

export interface HooksPlace {
  /** The configuration file. */
  readonly file: string;
  /** The module, relative to the file. */
  readonly path: string | undefined;
  /** Time limit for one call of a hook. */
  readonly timeoutMs: number;
}

/**
 * Runs the module. Everybody who can write it has access to the issuer's keys.
 *
 * @returns the hooks. A call rejects with UPSTREAM_TIMEOUT when it has not settled within `timeoutMs`.
 * @throws {BridgeError} CONFIG_INVALID, naming file, field and module
 */
export async function loadHooks({ file, path, timeoutMs }: HooksPlace): Promise<Hooks> {
  if (path === undefined) return {};
  const module = resolve(dirname(file), path);
  assertTrustedFile(module, `${file}: ${FIELD}`);
  let exported: object;
  try {
    exported = await loaded(module);
  } catch (cause) {
    // The error's message is left out, since it may hold a secret.
    throw new BridgeError(
      "CONFIG_INVALID",
      `${file}: ${FIELD}: cannot load ${module} (${reasonFor(cause)}). Run node ${module} to see the error.`,
      { cause },
    );
  }
  const parsed = parseWith(
    hooksSchema,
    { ...exported },
    { code: "CONFIG_INVALID", source: module },
  );
  const { mapUser, claims, mayManage } = parsed;
  return {
    ...(mapUser && { mapUser: bounded("mapUser", mapUser, timeoutMs) }),
    ...(claims && { claims: bounded("claims", claims, timeoutMs) }),
    ...(mayManage && { mayManage: bounded("mayManage", mayManage, timeoutMs) }),
  };
}

/** Imports a module within a time limit: one that never settles would keep the server from starting. */
async function loaded(module: string): Promise<object> {
  return await within(
    MAX_LOAD_MS,
    import(pathToFileURL(module).href) as Promise<object>,
    () => new DOMException(`The module did not load within ${MAX_LOAD_MS} ms.`, "TimeoutError"),
  );
}

/** Adds a time limit to a hook: a call that never settles would keep its request open forever. */
function bounded<Argument, Result>(
  name: keyof Hooks,
  call: (argument: Argument) => Result | Promise<Result>,
  timeoutMs: number,
): (argument: Argument) => Result | Promise<Result> {
  return (argument) => {
    const result = call(argument);
    // A synchronous result stays synchronous, which keeps minting a token cheap.
    if (!isThenable(result)) return result;
    return within(timeoutMs, result, () => {
      const message = `${FIELD}: ${name} did not settle within ${timeoutMs} ms.`;
      return new BridgeError("UPSTREAM_TIMEOUT", message);
    });
  };
}

// Queries of database clients are often thenables that are not promises.
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

async function within<T>(limitMs: number, work: PromiseLike<T>, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
