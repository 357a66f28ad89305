/**
 * The two messages that precede the data channel. They travel through penpal, whose handshake has
 * already pinned window and origin on both sides; the data port goes with the welcome.
 */
import { BridgeError, type WireError } from "../errors/bridge-error.ts";
import { isRecord, isWireError } from "./guards.ts";
import type { GuestSession, Theme, TokenGrant } from "./session.ts";
import type { ProtocolRange } from "./version.ts";

/** penpal's channel name: keeps other penpal users on the same page apart. */
export const HANDSHAKE_CHANNEL = "breezeway";

/** Guest → host: the first thing a document says. */
export interface Hello {
  readonly protocol: ProtocolRange;
  /** Version of the guest SDK, for the host's logs. */
  readonly sdk: string;
  /** Random id of the guest's document, so that the host can tell a reload from a repeat. */
  readonly documentId: string;
  /** `false`: this guest asks for tokens itself and wants none pushed. */
  readonly autoRefresh: boolean;
}

/** Host → guest: everything a guest needs to start, so that no further round trip is needed. */
export interface Welcome {
  readonly ok: true;
  readonly protocol: number;
  readonly appId: string;
  readonly capabilities: readonly string[];
  readonly context: unknown;
  readonly theme: Theme;
  /** BCP 47 language tag. */
  readonly locale: string;
  readonly session: GuestSession | null;
  /** The first session token; `null` when nobody is signed in or none could be had in time. */
  readonly token: TokenGrant | null;
  /** Base URL of the gateway: relative URLs of `bridge.fetch` go there. */
  readonly gatewayUrl: string | null;
}

export interface Refusal {
  readonly ok: false;
  readonly error: WireError;
}

/** @throws {BridgeError} FRAME_MALFORMED */
export function parseHello(value: unknown): Hello {
  if (isRecord(value)) {
    const { protocol, sdk, documentId, autoRefresh } = value;
    if (
      isProtocolRange(protocol) &&
      isShortText(sdk) &&
      isShortText(documentId) &&
      typeof autoRefresh === "boolean"
    ) {
      return { protocol: [protocol[0], protocol[1]], sdk, documentId, autoRefresh };
    }
  }
  throw new BridgeError("FRAME_MALFORMED", "The guest's hello is malformed.");
}

/** @throws {BridgeError} FRAME_MALFORMED */
export function parseWelcome(value: unknown): Welcome | Refusal {
  if (isRecord(value)) {
    if (value["ok"] === false && isWireError(value["error"])) {
      return { ok: false, error: value["error"] };
    }
    if (value["ok"] === true && isWelcome(value)) return value;
  }
  throw new BridgeError("FRAME_MALFORMED", "The host's welcome is malformed.");
}

function isWelcome(value: Record<string, unknown>): value is Record<string, unknown> & Welcome {
  return (
    Number.isSafeInteger(value["protocol"]) &&
    isShortText(value["appId"]) &&
    isTextArray(value["capabilities"]) &&
    isTheme(value["theme"]) &&
    isShortText(value["locale"]) &&
    (value["session"] === null || isGuestSession(value["session"])) &&
    (value["token"] === null || isTokenGrant(value["token"])) &&
    (value["gatewayUrl"] === null || typeof value["gatewayUrl"] === "string")
  );
}

function isProtocolRange(value: unknown): value is ProtocolRange {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((item) => Number.isSafeInteger(item) && item > 0) &&
    value[0] <= value[1]
  );
}

function isShortText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= 128;
}

export function isTextArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

export function isTheme(value: unknown): value is Theme {
  return isRecord(value) && (value["scheme"] === "light" || value["scheme"] === "dark");
}

export function isGuestSession(value: unknown): value is GuestSession {
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
