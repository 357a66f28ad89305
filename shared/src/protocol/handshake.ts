/**
 * The two messages before the data channel. They travel through penpal, whose handshake has already
 * pinned window and origin on both sides. The data port travels with the welcome.
 */
import { WORDS } from "@breezeway/shared/words";
import { BridgeError, type WireError } from "../errors/bridge-error.ts";
import { isKeyThumbprint } from "../tokens/proof.ts";
import { isRecord, isWireError } from "./guards.ts";
import { isShortText, isStateValue, STATE_KEYS, type GuestState } from "./state.ts";
import { PROTOCOL_VERSION, type ProtocolRange } from "./version.ts";

/** penpal's channel name. It keeps other users of penpal on the same page apart. */
export const HANDSHAKE_CHANNEL = "breezeway";

/**
 * The beginning of the host's question whether the guest is still in its frame. It travels as a window
 * message, and the guest's document returns it.
 */
export const PRESENCE_QUESTION = "breezeway:";

/** Guest → host: the first message of a document. */
export interface Hello {
  readonly protocol: ProtocolRange;
  /** Version of the guest SDK, for the host's logs. */
  readonly sdk: string;
  /** Random id of the guest's document. It distinguishes a reload from a repeated hello. */
  readonly documentId: string;
  /** `false`: the guest requests tokens itself, and the host pushes none. */
  readonly autoRefresh: boolean;
  /** Requests tokens that are bound to this key of the document (RFC 7638). */
  readonly proofKeyThumbprint?: string | undefined;
}

/** Host → guest: all that a guest needs to start without a further round trip. */
export interface Welcome extends GuestState {
  readonly ok: true;
  readonly protocol: number;
  readonly appId: string;
  /** Base URL of the gateway for relative URLs of `bridge.fetch`. `null`: the host names no gateway. */
  readonly gatewayUrl: string | null;
}

export interface Refusal {
  readonly ok: false;
  readonly error: WireError;
}

/** @throws {BridgeError} FRAME_MALFORMED */
export function parseHello(value: unknown): Hello {
  if (isRecord(value)) {
    const { protocol, sdk, documentId, autoRefresh, proofKeyThumbprint } = value;
    if (
      isProtocolRange(protocol) &&
      isShortText(sdk) &&
      isShortText(documentId) &&
      typeof autoRefresh === "boolean" &&
      (proofKeyThumbprint === undefined || isKeyThumbprint(proofKeyThumbprint))
    ) {
      return {
        protocol: [protocol[0], protocol[1]],
        sdk,
        documentId,
        autoRefresh,
        ...(proofKeyThumbprint === undefined ? {} : { proofKeyThumbprint }),
      };
    }
  }
  throw new BridgeError("FRAME_MALFORMED", WORDS && "The guest's hello is malformed.");
}

/** @throws {BridgeError} FRAME_MALFORMED */
export function parseWelcome(value: unknown): Welcome | Refusal {
  if (isRecord(value)) {
    if (value["ok"] === false && isWireError(value["error"])) {
      return { ok: false, error: value["error"] };
    }
    if (value["ok"] === true && isWelcome(value)) return value;
  }
  throw new BridgeError("FRAME_MALFORMED", WORDS && "The host's welcome is malformed.");
}

function isWelcome(value: Record<string, unknown>): value is Record<string, unknown> & Welcome {
  return (
    // The host chooses from the guest's range, which has one version.
    value["protocol"] === PROTOCOL_VERSION &&
    isShortText(value["appId"]) &&
    STATE_KEYS.every((key) => isStateValue(key, value[key])) &&
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
