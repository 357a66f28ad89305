/** Checks of option values that several factories share. */
import { BridgeError, isLoopbackHost } from "@breezeway/shared";

/** @param owner The factory that the option belongs to, such as `createSessionVerifier`. */
export function invalidOption(owner: string, problem: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${owner}: ${problem}.`);
}

/** What {@link secureUrl} accepts, for error messages. */
export const SECURE_URL = "must be an https URL; http needs a loopback host or unsafeAllowHttp";

/**
 * An https URL in its normal form. Plain http is accepted on loopback, or when the caller allows it.
 * `undefined` for anything else.
 */
export function secureUrl(url: unknown, allowHttp = false): string | undefined {
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return undefined;
  const isHttpAllowed = allowHttp || isLoopbackHost(parsed.hostname);
  const isSecure = parsed.protocol === "https:" || (parsed.protocol === "http:" && isHttpAllowed);
  return isSecure ? parsed.href : undefined;
}

/** The URL of one of the issuer's endpoints. The issuer itself is compared exactly as configured. */
export function endpointOf(issuer: string, path: string): string {
  return `${issuer.replace(/\/$/, "")}/${path}`;
}
