/** Options of one remote call. A brand, not the position, distinguishes them from its arguments. */

export interface CallOptionsInit {
  /** Its abort rejects the call with CALL_ABORTED and fires the callee's signal. */
  readonly signal?: AbortSignal;
  /** Milliseconds until CALL_TIMEOUT. Default 30 000. `Infinity` waits until the channel ends. */
  readonly timeoutMs?: number;
  /** Objects to move instead of copying: `ArrayBuffer`, streams, `MessagePort`. */
  readonly transfer?: readonly object[];
}

// A registered symbol, since another copy of the SDK may have made the options.
const OPTIONS: unique symbol = Symbol.for("@breezeway/CallOptions");
const TRANSFER: unique symbol = Symbol.for("@breezeway/Transfer");

export interface CallOptions extends CallOptionsInit {
  readonly [OPTIONS]: true;
}

/**
 * Makes options for one call, to be passed as its last argument.
 *
 * @example
 * await bridge.method.call("exportOrders", "2026", callOptions({ timeoutMs: 120_000, signal }));
 */
export function callOptions(init: CallOptionsInit): CallOptions {
  return { ...init, [OPTIONS]: true };
}

/** Splits an argument list into arguments and the options at its end. */
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
 * Marks parts of a result to be moved to the caller instead of copied.
 *
 * @example
 * bridge.method.expose("readFile", async () => withTransfer(buffer, [buffer]));
 */
export function withTransfer<T>(value: T, transfer: readonly object[]): T {
  // The type is that of the value; only `splitTransfer` sees the wrapper.
  return { [TRANSFER]: transfer, value } as unknown as T;
}

/** Splits a handler's result into its value and the objects to move. */
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
