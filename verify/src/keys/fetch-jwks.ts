/** One HTTP request for a JWK Set: no redirects, bounded in time and size, strictly parsed. */
import { BridgeError } from "@breezeway/shared";
import { parseStrictObject } from "../token/strict-json.ts";
import { importKeys, type VerificationKey } from "./verification-key.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface FetchJwksOptions {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Aborts the request. */
  readonly signal: AbortSignal;
}

/**
 * @throws {BridgeError} KEYS_UNAVAILABLE for an answer that is no key set; whatever `fetch` throws. The
 *   caller treats each as an outage.
 */
export async function fetchJwks(
  url: string,
  options: FetchJwksOptions,
): Promise<ReadonlyMap<string, VerificationKey>> {
  const response = await options.fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    // A redirect would let whoever controls one URL of the issuer choose its keys.
    redirect: "error",
    credentials: "omit",
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw unusable(`The JWKS endpoint answered with status ${response.status}.`);
  }
  const body = await readBounded(response, options.maxBytes);
  const set = parseStrictObject(body);
  if (set === undefined) throw unusable("The JWKS endpoint did not answer with a JSON object.");
  const keys = importKeys(set["keys"]);
  if (keys.size === 0) throw unusable("The JWKS holds no key that can verify session tokens.");
  return keys;
}

function unusable(message: string): BridgeError {
  return new BridgeError("KEYS_UNAVAILABLE", message);
}

async function readBounded(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by a throw cancels the body.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw unusable(`The JWKS is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
