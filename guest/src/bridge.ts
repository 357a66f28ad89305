/** One bridge on the shared connection: typed and checked by its contract, and closed separately. */
import {
  BridgeError,
  BUILT_IN_METHODS,
  chain,
  checkArgs,
  checkPayload,
  checkResult,
  createContractGuard,
  isBuiltInMethod,
  isName,
  isPromiseLike,
  quoted,
  runChecked,
  type Contract,
  type ContractGuard,
} from "@breezeway/shared";
import {
  splitCallOptions,
  splitTransfer,
  streamOf,
  type IncomingCall,
  type Readable,
  type Unsubscribe,
} from "@breezeway/shared/channel";
import { WORDS } from "@breezeway/shared/words";
import type { AppBridge, BridgeOptions, BridgeScopes } from "./bridge-types.ts";
import type { Connection } from "./connection/connection.ts";
import { createBridgeFetch } from "./fetch/bridge-fetch.ts";
import type { Proof } from "./proof/create-proof.ts";
import type { TokenCache } from "./tokens/token-cache.ts";

export interface BridgeDeps {
  readonly connection: Connection;
  readonly tokens: TokenCache;
  readonly proof: Proof | undefined;
  readonly report: (error: unknown) => void;
  /** Called once, when this bridge is closed. */
  readonly onClose: () => void;
}

export function createBridge<C extends Contract>(
  deps: BridgeDeps,
  options: BridgeOptions<C>,
): AppBridge<C> {
  const { connection, tokens } = deps;
  const { snapshot } = connection;
  const can = (capability: string): boolean => snapshot.capabilities.current.includes(capability);
  const life = createLife(deps.onClose);
  const handle = { ...deps, life, guard: createContractGuard(options.contract, can) };

  // Without `set`, since only the host may change its state.
  const view = <T>(store: Readable<T>): Readable<T> => ({
    get current() {
      return store.current;
    },
    subscribe: (listener) => life.own(store.subscribe(listener)),
  });

  return {
    get appId() {
      return connection.welcome?.appId ?? "";
    },
    method: methodsOf(handle) as AppBridge<C>["method"],
    event: eventsOf(handle),
    session: Object.assign(view(snapshot.session), {
      token: view(tokens.current),
      tokens: () => streamOf(tokens.current, life.signal),
      claims: () => tokens.claims(),
    }),
    scopes: scopesOf(handle),
    context: view(snapshot.context),
    theme: view(snapshot.theme),
    locale: view(snapshot.locale),
    get state() {
      return life.signal.aborted ? "closed" : connection.state.current;
    },
    subscribeState: (listener) => life.own(connection.state.subscribe(listener)),
    async getSessionToken() {
      life.assertOpen();
      return tokens.get();
    },
    fetch: createBridgeFetch({
      tokens,
      proof: deps.proof,
      gatewayUrl: () => connection.welcome?.gatewayUrl ?? null,
      gatewayOrigins: options.gatewayOrigins ?? [],
      fetch: options.fetch ?? fetch.bind(globalThis),
      hostFetch: (request, signal) =>
        connection.call(BUILT_IN_METHODS.fetch, [request], {
          signal,
          transfer: request.body ? [request.body] : [],
        }),
    }),
    can,
    close: life.close,
    // In a browser without `using` this key is `undefined`, and nothing looks it up.
    [Symbol.dispose]: life.close,
  };
}

/** The life of one bridge, and the subscriptions that end with it. */
interface Life {
  readonly signal: AbortSignal;
  /** @returns A function that ends the subscription earlier. */
  readonly own: (unsubscribe: Unsubscribe) => Unsubscribe;
  readonly assertOpen: () => void;
  readonly close: () => void;
}

function createLife(onClose: () => void): Life {
  const controller = new AbortController();
  const { signal } = controller;
  const owned = new Set<Unsubscribe>();
  return {
    signal,
    own(unsubscribe) {
      const release = (): void => {
        owned.delete(release);
        unsubscribe();
      };
      owned.add(release);
      return release;
    },
    assertOpen() {
      if (signal.aborted)
        throw new BridgeError("CHANNEL_CLOSED", WORDS && "This bridge was closed.");
    },
    close() {
      if (signal.aborted) return;
      controller.abort();
      for (const release of owned) release();
      onClose();
    },
  };
}

interface Handle extends BridgeDeps {
  readonly life: Life;
  readonly guard: ContractGuard;
}

/** A call that comes from this page and not from the host. */
type LocalCall = Pick<IncomingCall, "args" | "signal">;

// Bounds a method that calls itself over the bridge without end.
const MAX_LOCAL_CALLS = 32;

function methodsOf({ connection, tokens, life, guard, report }: Handle) {
  const exposed = new Map<string, (call: LocalCall) => unknown>();
  let localCalls = 0;

  /** Answers a call with this bridge's own method, since the host has none of this name. */
  const callOwn = async (
    own: (call: LocalCall) => unknown,
    args: readonly unknown[],
    signal = life.signal,
  ): Promise<unknown> => {
    localCalls += 1;
    try {
      return splitTransfer(await own({ args, signal })).value;
    } finally {
      localCalls -= 1;
    }
  };

  return {
    isExposed: (name: string): boolean => exposed.has(name),
    async call(name: string, ...given: readonly unknown[]): Promise<unknown> {
      life.assertOpen();
      assertMethodName(name);
      if (name === BUILT_IN_METHODS.sessionToken || name === BUILT_IN_METHODS.appToken) {
        return tokens.get();
      }
      const { args, options } = splitCallOptions(given);
      const isBuiltIn = isBuiltInMethod(name);
      const definition = isBuiltIn ? undefined : guard.method(name, "methods");
      const checked = checkArgs(name, definition, args);
      if (isPromiseLike(checked)) await checked;
      try {
        return await checkResult(name, definition, await connection.call(name, args, options));
      } catch (error) {
        const own = definition || isBuiltIn ? undefined : exposed.get(name);
        const isUnknown = BridgeError.is(error) && error.code === "CALL_METHOD_UNKNOWN";
        if (!own || !isUnknown || localCalls >= MAX_LOCAL_CALLS) throw error;
        return callOwn(own, args, options?.signal);
      }
    },
    expose(name: string, handler: (...args: never[]) => unknown): Unsubscribe {
      assertTypes("method.expose", name, handler);
      return orReport(report, () => {
        life.assertOpen();
        assertMethodName(name, name === BUILT_IN_METHODS.ping);
        const definition = guard.method(name, "guestMethods");
        const run = (call: LocalCall): unknown =>
          runChecked(name, definition, call.args, (args) => handler.apply(call, args as never[]));
        exposed.set(name, run);
        const withdraw = connection.expose(name, run);
        return life.own(() => {
          if (exposed.get(name) === run) exposed.delete(name);
          withdraw();
        });
      });
    },
  };
}

function scopesOf({ connection, life }: Handle): BridgeScopes {
  const ask = async <T>(name: string, args: readonly unknown[], more?: object): Promise<T> => {
    life.assertOpen();
    // Users take their time.
    return (await connection.call(name, args, { timeoutMs: Infinity, ...more })) as T;
  };
  return {
    query: () => ask(BUILT_IN_METHODS.queryScopes, []),
    request: (scopes, options) => ask(BUILT_IN_METHODS.requestScopes, [scopes], options),
  };
}

function eventsOf({ connection, life, guard, report }: Handle) {
  const reportLater = (result: unknown): void => {
    if (isPromiseLike(result)) result.then(undefined, report);
  };
  return {
    subscribe(topic: string, listener: (payload: never) => unknown): Unsubscribe {
      assertTypes("event.subscribe", topic, listener);
      return orReport(report, () => {
        life.assertOpen();
        const definition = guard.topic(topic);
        return life.own(
          connection.subscribe(topic, (payload) =>
            reportLater(
              chain(checkPayload(topic, definition, payload), (value) => listener(value as never)),
            ),
          ),
        );
      });
    },
    publish(topic: string, payload: unknown): void {
      assertTypes("event.publish", topic, nothing);
      orReport(report, () => {
        life.assertOpen();
        reportLater(
          chain(checkPayload(topic, guard.topic(topic), payload), () =>
            connection.publish(topic, payload),
          ),
        );
      });
    },
  };
}

/** @param isReserved The name belongs to the bridge itself. */
function assertMethodName(name: unknown, isReserved?: boolean): void {
  if (isName(name) && !isReserved) return;
  throw new BridgeError(
    "CALL_METHOD_UNKNOWN",
    WORDS ? `${quoted(String(name))} is not a valid method name.` : [quoted(String(name))],
  );
}

/** Finds what a compiler would have refused. Nothing else may throw into the code of a page. */
function assertTypes(what: string, name: unknown, listener: unknown): void {
  if (typeof name !== "string" || typeof listener !== "function") {
    throw new TypeError(WORDS ? `${what}: expected a name and a function.` : what);
  }
}

/** A page may run `act` while it renders, where an error would take the whole page away. */
function orReport(
  report: (error: unknown) => void,
  act: () => Unsubscribe | undefined | void,
): Unsubscribe {
  try {
    return act() ?? nothing;
  } catch (error) {
    report(error);
    return nothing;
  }
}

function nothing(): void {
  // The subscription that this would end was refused.
}
