/** One HTTP request for a JWK Set: no redirects, bounded in time and size, strictly parsed. */
import { BridgeError, readBoundedBytes } from "@breezeway/shared";
import { parseStrictObject } from "../token/strict-json.ts";
import { importKeys, type VerificationKey } from "./verification-key.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Looks `fetch` up on each call, so that tools which replace it later are used. */
export const runtimeFetch: Fetch = (url, init) => globalThis.fetch(url, init);

export interface FetchJwksOptions {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Aborts the request. */
  readonly signal: AbortSignal;
}

/**
 * Fetches and imports a JWK Set. The caller treats every error as an outage.
 *
 * @throws {BridgeError} KEYS_UNAVAILABLE, when the answer is not a usable key set
 * @throws whatever `fetch` rejects with
 */
export async function fetchJwks(
  url: string,
  options: FetchJwksOptions,
): Promise<ReadonlyMap<string, VerificationKey>> {
  const response = await options.fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    // A redirect would let anybody who controls one URL of the issuer choose its keys. Cloudflare
    // Workers have no "error": the status of a redirect that is not followed fails below.
    redirect: "manual",
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw unusable(`The JWKS endpoint answered with status ${response.status}, expected 200.`);
  }
  const body = await readBoundedBytes(response, options.maxBytes);
  if (body === undefined) {
    throw unusable(`The JWK Set is larger than ${options.maxBytes} bytes.`);
  }
  const set = parseStrictObject(Buffer.from(body.buffer));
  if (set === undefined) {
    throw unusable("The JWKS endpoint must answer with a JSON object without duplicate names.");
  }
  const keys = importKeys(set["keys"], "JWK Set");
  if (keys.size === 0) throw unusable("The JWK Set has no key that can verify session tokens.");
  return keys;
}

function unusable(message: string): BridgeError {
  return new BridgeError("KEYS_UNAVAILABLE", message);
}
