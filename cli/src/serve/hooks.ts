/** What an operator decides in code: a module with one export per decision. */
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClaimsHook, ConnectionOptions, OidcOptions } from "@breezeway/issuer";
import { BridgeError } from "@breezeway/shared";
import { parseWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { reasonFor } from "./reason-for.ts";
import { readTrustedText } from "./read-text.ts";

export interface Hooks {
  /** Who a person of the OpenID provider is here. */
  readonly mapUser?: OidcOptions["mapUser"];
  /** Claims that tokens have beside their own. */
  readonly claims?: ClaimsHook;
  /** Who may connect apps. */
  readonly mayManage?: NonNullable<ConnectionOptions["mayManage"]>;
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

/**
 * Runs the module: whoever can write it has the issuer's keys.
 *
 * @param path - Relative to the configuration file.
 * @throws {BridgeError} CONFIG_INVALID, naming file, field and module
 */
export async function loadHooks(path: string | undefined, file: string): Promise<Hooks> {
  if (path === undefined) return {};
  const module = resolve(dirname(file), path);
  readTrustedText(module, `${file}: ${FIELD}`);
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
  return parseWith(hooksSchema, { ...exported }, { code: "CONFIG_INVALID", source: module });
}

/** One that waits for ever would end the process without a word, or keep it from its ports. */
async function loaded(module: string): Promise<object> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new DOMException(`not within ${MAX_LOAD_MS} ms`, "TimeoutError")),
    MAX_LOAD_MS,
  );
  try {
    return await Promise.race([import(pathToFileURL(module).href) as Promise<object>, late]);
  } finally {
    clearTimeout(timer);
  }
}
