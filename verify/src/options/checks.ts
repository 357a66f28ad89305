/** Checks of option values that several entry points share. */
import { BridgeError, isLoopbackHost } from "@breezeway/shared";

export function invalidOption(owner: string, problem: string): BridgeError {
  return new BridgeError("CONFIG_INVALID", `${owner}: ${problem}.`);
}

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** The value, or the default when there is none; `undefined` when it is out of range. */
export function numberWithin(value: number | undefined, range: NumberRange): number | undefined {
  if (value === undefined) return range.default;
  // NaN fails both comparisons.
  return typeof value === "number" && value >= range.min && value <= range.max ? value : undefined;
}

/**
 * An https URL, or an http one when it stays on this machine or the caller allows it. In its
 * normal form; `undefined` for anything else.
 */
export function secureUrl(url: unknown, allowHttp: boolean): string | undefined {
  const parsed = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return undefined;
  const isHttpAllowed = allowHttp || isLoopbackHost(parsed.hostname);
  const isSecure = parsed.protocol === "https:" || (parsed.protocol === "http:" && isHttpAllowed);
  return isSecure ? parsed.href : undefined;
}

/** The address of one of the issuer's endpoints. The issuer itself is compared as it stands. */
export function endpointOf(issuer: string, path: string): string {
  return `${issuer.replace(/\/$/, "")}/${path}`;
}
