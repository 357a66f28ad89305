import { randomId } from "@breezeway/shared/channel";

/**
 * A new trace (W3C Trace Context, section 3.2), so that a click in the guest can be followed through
 * the gateway to the service behind it.
 */
export function traceparent(): string {
  const hex = randomId() + randomId();
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}
