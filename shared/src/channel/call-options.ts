/** Options of one remote call, told from its arguments by a brand and not by position. */

export interface CallOptionsInit {
  /** Aborting rejects the call with CALL_ABORTED and fires the callee's signal. */
  readonly signal?: AbortSignal;
  /** Milliseconds until CALL_TIMEOUT. Default 30 000. `Infinity` waits until the channel ends. */
  readonly timeoutMs?: number;
  /** Objects to move instead of copying: `ArrayBuffer`, streams, `MessagePort`. */
  readonly transfer?: readonly object[];
}

// In the global registry: the call may go through another copy of the SDK than the one that made
// the options.
const OPTIONS: unique symbol = Symbol.for("@breezeway/CallOptions");
const TRANSFER: unique symbol = Symbol.for("@breezeway/Transfer");

export interface CallOptions extends CallOptionsInit {
  readonly [OPTIONS]: true;
}

/**
 * Options for one call, given as its last argument.
 *
 * @example
 * await bridge.method.call("exportOrders", "2026", callOptions({ timeoutMs: 120_000, signal }));
 */
export function callOptions(init: CallOptionsInit): CallOptions {
  return { ...init, [OPTIONS]: true };
}

/** Takes the options off the end of an argument list. */
export function splitCallOptions(args: readonly unknown[]): {
  readonly args: readonly unknown[];
  readonly options: CallOptionsInit;
} {
  const last = args.at(-1);
  return isCallOptions(last) ? { args: args.slice(0, -1), options: last } : { args, options: {} };
}

function isCallOptions(value: unknown): value is CallOptions {
  return typeof value === "object" && value !== null && OPTIONS in value;
}

interface Transferring {
  readonly [TRANSFER]: readonly object[];
  readonly value: unknown;
}

/**
 * A result of which some parts are moved to the caller instead of being copied.
 *
 * @example
 * bridge.method.expose("readFile", async () => withTransfer(buffer, [buffer]));
 */
export function withTransfer<T>(value: T, transfer: readonly object[]): T {
  // Callers see the type that they will get; only `splitTransfer` sees the wrapper.
  return { [TRANSFER]: transfer, value } as unknown as T;
}

/** The value of a handler, with what is to be moved. */
export function splitTransfer(result: unknown): {
  readonly value: unknown;
  readonly transfer?: readonly object[];
} {
  if (typeof result !== "object" || result === null || !(TRANSFER in result)) {
    return { value: result };
  }
  const wrapper = result as Transferring;
  return { value: wrapper.value, transfer: wrapper[TRANSFER] };
}
