/** The state that the host keeps current in every guest: first in the welcome, then by state frames. */
import { isRecord } from "./guards.ts";
import type { GuestSession, Theme, TokenGrant } from "./session.ts";

export interface GuestState {
  readonly capabilities: readonly string[];
  readonly context: unknown;
  readonly theme: Theme;
  /** BCP 47 language tag. */
  readonly locale: string;
  /** Session token; `null` when nobody is signed in or no token arrived in time. */
  readonly token: TokenGrant | null;
  readonly session: GuestSession | null;
}

export type StateKey = keyof GuestState;

const CHECKS: Readonly<Record<StateKey, (value: unknown) => boolean>> = {
  capabilities: isTextArray,
  context: () => true,
  theme: isTheme,
  locale: isShortText,
  // The token precedes the session, so a listener of the session can use the token at once.
  token: (value) => value === null || isTokenGrant(value),
  session: (value) => value === null || isGuestSession(value),
};

/** The order in which a guest applies the state of a welcome. */
export const STATE_KEYS = Object.keys(CHECKS) as readonly StateKey[];

/** True for a key of the state with a value of its type. */
export function isStateValue(key: unknown, value: unknown): boolean {
  return STATE_KEYS.includes(key as StateKey) && CHECKS[key as StateKey](value);
}

export function isShortText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 128;
}

function isTextArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isTheme(value: unknown): value is Theme {
  return isRecord(value) && (value["scheme"] === "light" || value["scheme"] === "dark");
}

function isGuestSession(value: unknown): value is GuestSession {
  return (
    isRecord(value) &&
    typeof value["userId"] === "string" &&
    typeof value["tenantId"] === "string" &&
    typeof value["handle"] === "string"
  );
}

export function isTokenGrant(value: unknown): value is TokenGrant {
  return (
    isRecord(value) &&
    typeof value["token"] === "string" &&
    Number.isFinite(value["issuedAtSeconds"]) &&
    Number.isFinite(value["expiresAtSeconds"]) &&
    Number.isFinite(value["nowMs"])
  );
}
