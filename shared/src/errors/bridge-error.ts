import { isErrorCode, isRetryable, reasonOf, type ErrorCode } from "./codes.ts";

/** A value that survives `JSON.stringify` unchanged. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type ErrorDetails = Readonly<Record<string, JsonValue>>;

/** All that crosses the bridge of an error: never a stack, a token, a claim or foreign text. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly correlationId: string;
}

export interface BridgeErrorOptions {
  /** Facts for the program that catches it. Must be JSON-safe; never a token or a secret. */
  readonly details?: ErrorDetails;
  /** What was caught. Stays on this side. */
  readonly cause?: unknown;
  /** Names one failure in the logs of both sides. */
  readonly correlationId?: string;
}

// In the global symbol registry, so that two copies of the SDK on a page recognise each other's
// errors where `instanceof` would not.
const BRAND = Symbol.for("@breezeway/BridgeError");

/**
 * The one error class of Breezeway. Branch on `code`; messages are for people and may change.
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

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "BridgeError";
    this.code = code;
    this.details = options.details ?? {};
    this.correlationId = options.correlationId;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether the same operation can succeed when it is tried again. Derived from the code. */
  get retryable(): boolean {
    return isRetryable(this.code);
  }

  /** The code in kebab case, as HTTP answers and log lines spell it: `token-expired`. */
  get reason(): string {
    return reasonOf(this.code);
  }

  /** True for a `BridgeError` of this or of another copy of the library. */
  static is(value: unknown): value is BridgeError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /** The part of the error that may cross the bridge. */
  toWire(correlationId: string): WireError {
    return { code: this.code, message: this.message, correlationId };
  }

  /**
   * An error that came over the bridge, already shaped as a {@link WireError}. A code that this
   * version does not know becomes `CALL_FAILED`, with the original in `details.remoteCode`.
   */
  static fromWire(wire: WireError): BridgeError {
    const { code, message, correlationId } = wire;
    return isErrorCode(code)
      ? new BridgeError(code, message, { correlationId })
      : new BridgeError("CALL_FAILED", message, { correlationId, details: { remoteCode: code } });
  }
}
