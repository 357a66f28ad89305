/** What an operator decides in code: a module with one export per decision. */
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClaimsHook, InstallationOptions, OidcOptions } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { reasonFor } from "./reason-for.ts";
import { assertTrustedFile } from "./read-text.ts";

export interface Hooks {
  /** Who a person of the OpenID provider is here. */
  readonly mapUser?: OidcOptions["mapUser"];
  /** Claims that tokens have beside their own. */
  readonly claims?: ClaimsHook;
  /** Who may install apps. */
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
  /** How long a call of a hook may take. */
  readonly timeoutMs: number;
}

/**
 * Runs the module: whoever can write it has the issuer's keys.
 *
 * @returns the hooks; a call rejects with UPSTREAM_TIMEOUT when it has not settled in `timeoutMs`
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
    // Its words are left out: what fails may hold a secret.
    throw new BridgeError(
      "CONFIG_INVALID",
      `${file}: ${FIELD}: ${module} fails when it is loaded (${reasonFor(cause)}); node ${module} says more.`,
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

/** One that waits for ever would end the process without a word, or keep it from its ports. */
async function loaded(module: string): Promise<object> {
  return await within(
    MAX_LOAD_MS,
    import(pathToFileURL(module).href) as Promise<object>,
    () => new DOMException(`not within ${MAX_LOAD_MS} ms`, "TimeoutError"),
  );
}

/** One that never settles would hold its request, and all that the request holds, for ever. */
function bounded<Argument, Result>(
  name: keyof Hooks,
  call: (argument: Argument) => Result | Promise<Result>,
  timeoutMs: number,
): (argument: Argument) => Result | Promise<Result> {
  return (argument) => {
    const result = call(argument);
    // Without a wait there is none to bound, and a token costs less.
    if (!isThenable(result)) return result;
    return within(timeoutMs, result, () => {
      const message = `${FIELD}: ${name} did not settle within ${timeoutMs} ms.`;
      return new BridgeError("UPSTREAM_TIMEOUT", message);
    });
  };
}

// A database client's query is often one without being a promise.
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
