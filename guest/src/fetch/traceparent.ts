/**
 * A new trace (W3C Trace Context, section 3.2), so that a click in the guest can be followed through
 * the gateway to the service behind it.
 */
export function traceparent(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-01`;
}
