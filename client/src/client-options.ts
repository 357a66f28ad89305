/** Parses the options of `createSession` into settings with every default filled in. */
import { BridgeError, isLoopbackHost } from "@breezeway/shared";
import {
  functionOption,
  instanceOption,
  optionObject,
  parseOptions,
  wholeNumberOption,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { ClientSessionOptions, SecureStorage } from "./client-types.ts";
import { parseUrl } from "./plain-url.ts";

export interface ClientSettings {
  /** Without a trailing slash. */
  readonly issuer: string;
  readonly storage: SecureStorage;
  readonly storageKey: string;
  readonly appId: string | undefined;
  readonly gatewayUrl: string | undefined;
  /** Origins that may receive tokens. */
  readonly origins: ReadonlySet<string>;
  readonly polling: boolean;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
  /** Never throws. */
  readonly onError: (error: unknown) => void;
}

const id = z.string().check(z.minLength(1), z.maxLength(256));

const clientOptions = optionObject<ClientSessionOptions>({
  issuer: z.string(),
  storage: instanceOption<SecureStorage>(
    ["get", "set", "remove"],
    "must be a store with get, set and remove",
  ),
  storageKey: z.optional(id),
  appId: z.optional(id),
  gatewayUrl: z.optional(
    z.string().check(z.refine(isSafeUrl, "must be an https URL (http on loopback)")),
  ),
  gatewayOrigins: z.optional(
    z.array(
      z.string().check(z.refine(isOrigin, "must be an exact origin, such as https://api.example")),
    ),
  ),
  polling: z.optional(z.boolean()),
  timeoutMs: z.optional(wholeNumberOption(1, 60_000)),
  fetch: z.optional(functionOption<typeof fetch>()),
  onError: z.optional(functionOption<(error: unknown) => void>()),
});

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseClientOptions(given: ClientSessionOptions): ClientSettings {
  const options = parseOptions(clientOptions, given, "createSession");
  if (!isSafeUrl(options.issuer) || options.issuer.endsWith("/")) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "createSession: issuer: must be an https URL (http on loopback) without a slash at the end.",
    );
  }
  const { gatewayUrl, gatewayOrigins = [], onError } = options;
  return {
    issuer: options.issuer,
    storage: options.storage,
    storageKey: options.storageKey ?? "breezeway-session",
    appId: options.appId,
    gatewayUrl,
    origins: new Set(
      gatewayUrl === undefined
        ? gatewayOrigins
        : [parseUrl(gatewayUrl)?.origin ?? "", ...gatewayOrigins],
    ),
    polling: options.polling ?? true,
    timeoutMs: options.timeoutMs ?? 10_000,
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    onError(error) {
      try {
        onError?.(error);
      } catch {
        // A failing error handler must not break the session.
      }
    },
  };
}

function isSafeUrl(value: string): boolean {
  const url = parseUrl(value);
  if (url === undefined || /[?#]/.test(url.rest)) return false;
  return url.scheme === "https" || isLoopbackHost(url.host);
}

function isOrigin(value: string): boolean {
  return parseUrl(value)?.origin === value;
}
