import {
  functionOption,
  numberOption,
  optionObject,
  parseOptions,
  type OptionShape,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { runtimeFetch, type Fetch } from "../keys/fetch-jwks.ts";
import { FEED_LIMITS } from "../limits.ts";
import { SECURE_URL, invalidOption, secureUrl } from "../options/checks.ts";

/** Options of `createRevocationFeed`. */
export interface RevocationFeedOptions {
  /** The URL of the feed: `{issuer}/revocations`. Requires https, or http on loopback. */
  readonly url: string;
  /** Headers of each request, such as `Authorization` for an issuer that protects its feed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /**
   * Silence after which the connection counts as lost, 100 to 300 000 ms. Default 3 000, which is three
   * heartbeats of an issuer with its default interval.
   */
  readonly maxSilenceMs?: number;
  /** Longest wait between two attempts to connect, 10 to 60 000 ms. Default 1 000. */
  readonly maxRetryMs?: number;
  /**
   * Called when the issuer's apps have changed, and at each new connection, since a change may have been
   * missed: time to ask `{issuer}/registry` again.
   */
  readonly onRegistryChange?: () => void;
  /** Called with the error of each lost connection, for logs and metrics. */
  readonly onError?: (error: unknown) => void;
  /** Allows plain http beyond loopback. Anybody on the network path can then hide revocations. */
  readonly unsafeAllowHttp?: boolean;
}

export type FeedConfig = Required<Omit<RevocationFeedOptions, "unsafeAllowHttp">>;

const feedShape: OptionShape<RevocationFeedOptions> = {
  url: z.string(),
  headers: z.optional(z.record(z.string(), z.string())),
  fetch: z.optional(functionOption<Fetch>()),
  maxSilenceMs: z.optional(numberOption(FEED_LIMITS.minSilenceMs, FEED_LIMITS.maxSilenceMs)),
  maxRetryMs: z.optional(numberOption(FEED_LIMITS.minRetryMs, FEED_LIMITS.maxRetryMs)),
  onRegistryChange: z.optional(functionOption<() => void>()),
  onError: z.optional(functionOption<(error: unknown) => void>()),
  unsafeAllowHttp: z.optional(z.boolean()),
};

const feedSchema = optionObject<RevocationFeedOptions>(feedShape);
const SOURCE = "createRevocationFeed";

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseFeedOptions(given: RevocationFeedOptions): FeedConfig {
  const options = parseOptions(feedSchema, given, SOURCE);
  const url = secureUrl(options.url, options.unsafeAllowHttp);
  if (url === undefined) throw invalidOption(SOURCE, `url: ${SECURE_URL}`);
  return {
    url,
    headers: options.headers ?? {},
    fetch: options.fetch ?? runtimeFetch,
    maxSilenceMs: options.maxSilenceMs ?? FEED_LIMITS.silenceMs,
    maxRetryMs: options.maxRetryMs ?? FEED_LIMITS.retryMs,
    onRegistryChange: options.onRegistryChange ?? (() => {}),
    onError: options.onError ?? (() => {}),
  };
}
