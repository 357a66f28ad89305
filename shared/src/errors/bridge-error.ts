import { hasCodeForm, isRetryable, reasonOf, type ErrorCode } from "./codes.ts";

/** A value that survives `JSON.stringify` unchanged. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type ErrorDetails = Readonly<Record<string, JsonValue>>;

/** The part of an error that crosses the bridge. It never has a stack, a token, a claim or foreign text. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly correlationId: string;
}

/**
 * The text of an error. A build without words has `false` in its place, or in a list the one fact that the
 * code does not say, such as the name of a method. The text is then the code, the fact, and a link to the
 * errors page.
 */
export type ErrorText = string | false | readonly [fact: string | number];

export interface BridgeErrorOptions {
  /** Facts for the program that catches the error. JSON-safe; never a token or a secret. */
  readonly details?: ErrorDetails;
  /** The error that caused this one. It stays on this side of the bridge. */
  readonly cause?: unknown;
  /** Identifies one failure in the logs of both sides. */
  readonly correlationId?: string;
}

// A registered symbol, so that two copies of the SDK on a page recognise each other's errors;
// `instanceof` would not.
const BRAND = Symbol.for("@breezeway/BridgeError");

/** The page that explains each code, under the code's reason. */
export const ERRORS_URL = "https://breezeway.dev/errors#";

/**
 * The error class of Breezeway. Branch on `code`; messages are for people and may change.
 *
 * @example
 * try {
 *   await bridge.method.call("getCurrentCustomerId");
 * } catch (error) {
 *   if (BridgeError.is(error) && error.retryable) retryLater();
 *   else throw error;
 * }
 */
export class BridgeError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly correlationId: string | undefined;

  constructor(code: ErrorCode, text: ErrorText, options: BridgeErrorOptions = {}) {
    super(
      typeof text === "string" ? text : inBrief(code, text || []),
      "cause" in options ? { cause: options.cause } : undefined,
    );
    this.name = "BridgeError";
    this.code = code;
    this.details = options.details ?? {};
    this.correlationId = options.correlationId;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether a retry of the same operation can succeed. Derived from the code. */
  get retryable(): boolean {
    return isRetryable(this.code);
  }

  /** The code in kebab case, as HTTP responses and log lines have it: `token-expired`. */
  get reason(): string {
    return reasonOf(this.code);
  }

  /** True for a `BridgeError` of this or another copy of the library. */
  static is(value: unknown): value is BridgeError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** The part of the error that may cross the bridge. */
  toWire(correlationId: string): WireError {
    return { code: this.code, message: this.message, correlationId };
  }

  /**
   * Restores an error that came over the bridge. A code of a newer version stays as it is, and is not
   * retryable here. Another text in its place becomes `CALL_FAILED`, with the original in
   * `details.remoteCode`.
   */
  static fromWire(wire: WireError): BridgeError {
    const { code, message, correlationId } = wire;
    return hasCodeForm(code)
      ? new BridgeError(code, message, { correlationId })
      : new BridgeError("CALL_FAILED", message, { correlationId, details: { remoteCode: code } });
  }
}

function inBrief(code: ErrorCode, fact: readonly [] | readonly [string | number]): string {
  return `${[code, ...fact].join(": ")}. See ${ERRORS_URL}${reasonOf(code)}`;
}
