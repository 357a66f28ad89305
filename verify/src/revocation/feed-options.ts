import type { BridgeError } from "@breezeway/shared";
import type { Fetch } from "../keys/fetch-jwks.ts";
import { invalidOption, numberWithin, secureUrl, type NumberRange } from "../options/checks.ts";

export interface RevocationFeedOptions {
  /** The feed's URL: `{issuer}/revocations`. https, or http on loopback. */
  readonly url: string;
  /** Sent with each request, such as an `Authorization` for an issuer that guards its feed. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the runtime's `fetch`. */
  readonly fetch?: Fetch;
  /** Epoch milliseconds. Default `Date.now`. */
  readonly clock?: () => number;
  /**
   * Silence after which the server is taken for gone, 100 to 300 000 ms. Default 3 000: three signs of
   * life of an issuer that keeps its default.
   */
  readonly maxSilenceMs?: number;
  /** Longest wait between two attempts to connect, 10 to 60 000 ms. Default 1 000. */
  readonly maxRetryMs?: number;
  /** Told why a connection was lost; for logs and metrics. */
  readonly onError?: (error: unknown) => void;
  /** Allows plain http beyond loopback: whoever is on the path can hide revocations. */
  readonly unsafeAllowHttp?: boolean;
}

export type FeedConfig = Required<Omit<RevocationFeedOptions, "unsafeAllowHttp">>;

// A revocation is known within 5 s, also when the connection was cut just before it without an end:
// silence and one more connection. See docs/adr/0062.
const MAX_SILENCE_MS: NumberRange = { min: 100, max: 300_000, default: 3_000 };
const MAX_RETRY_MS: NumberRange = { min: 10, max: 60_000, default: 1_000 };

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseFeedOptions(options: RevocationFeedOptions): FeedConfig {
  const url = secureUrl(options.url, options.unsafeAllowHttp === true);
  if (url === undefined) throw invalid("url: must be an https URL (http only on loopback)");
  return {
    url,
    headers: options.headers ?? {},
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: options.clock ?? Date.now,
    maxSilenceMs: within("maxSilenceMs", options.maxSilenceMs, MAX_SILENCE_MS),
    maxRetryMs: within("maxRetryMs", options.maxRetryMs, MAX_RETRY_MS),
    onError: options.onError ?? (() => {}),
  };
}

function within(name: string, value: number | undefined, range: NumberRange): number {
  const checked = numberWithin(value, range);
  if (checked !== undefined) return checked;
  throw invalid(`${name}: must be a number from ${range.min} to ${range.max}`);
}

function invalid(problem: string): BridgeError {
  return invalidOption("createRevocationFeed", problem);
}
