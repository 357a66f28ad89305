/** What runtimes other than Node cannot do. */
import type { BridgeError } from "@breezeway/shared";
import { invalidOption } from "./checks.ts";

/**
 * Whether nothing outlives the request that started it, as in Cloudflare Workers.
 * https://developers.cloudflare.com/workers/observability/errors/#cannot-perform-io-on-behalf-of-a-different-request
 */
export function endsWorkWithRequest(): boolean {
  return globalThis.navigator?.userAgent === "Cloudflare-Workers";
}

export function streamsEnd(source: string): BridgeError {
  return invalidOption(
    source,
    "Cloudflare Workers end the revocation feed together with the request that opened it. Leave the " +
      "check out: a revoked session then ends with its token. Or let a gateway check it",
  );
}
