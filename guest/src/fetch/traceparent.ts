import { randomId } from "@breezeway/shared/channel";

/**
 * Starts a new trace (W3C Trace Context, section 3.2), so that a request can be followed from the guest
 * through the gateway to the upstream.
 */
export function traceparent(): string {
  const hex = randomId() + randomId();
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}
