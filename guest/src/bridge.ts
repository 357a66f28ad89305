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
  isMethodName,
  isPromiseLike,
  quoted,
  runChecked,
  type Contract,
  type ContractGuard,
} from "@breezeway/shared";
import {
  splitCallOptions,
  streamOf,
  type Readable,
  type Unsubscribe,
} from "@breezeway/shared/channel";
import type { AppBridge, BridgeOptions } from "./bridge-types.ts";
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
      if (signal.aborted) throw new BridgeError("CHANNEL_CLOSED", "This bridge was closed.");
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

function methodsOf({ connection, tokens, life, guard }: Handle) {
  return {
    async call(name: string, ...given: readonly unknown[]): Promise<unknown> {
      life.assertOpen();
      if (!isMethodName(name)) {
        throw new BridgeError(
          "CALL_METHOD_UNKNOWN",
          `${quoted(String(name))} is not a valid method name.`,
        );
      }
      if (name === BUILT_IN_METHODS.sessionToken || name === BUILT_IN_METHODS.appToken) {
        return tokens.get();
      }
      const { args, options } = splitCallOptions(given);
      const definition = isBuiltInMethod(name) ? undefined : guard.method(name, "methods");
      const checked = checkArgs(name, definition, args);
      if (isPromiseLike(checked)) await checked;
      const result = await connection.call(name, args, options);
      return checkResult(name, definition, result);
    },
    expose(name: string, handler: (...args: never[]) => unknown): Unsubscribe {
      life.assertOpen();
      const definition = guard.method(name, "guestMethods");
      return life.own(
        connection.expose(name, (incoming) =>
          runChecked(name, definition, incoming.args, (args) =>
            handler.apply(incoming, args as never[]),
          ),
        ),
      );
    },
  };
}

function eventsOf({ connection, life, guard, report }: Handle) {
  const reportLater = (result: unknown): void => {
    if (isPromiseLike(result)) result.then(undefined, report);
  };
  return {
    subscribe(topic: string, listener: (payload: never) => void): Unsubscribe {
      life.assertOpen();
      const definition = guard.topic(topic);
      return life.own(
        connection.subscribe(topic, (payload) =>
          reportLater(
            chain(checkPayload(topic, definition, payload), (value) => {
              listener(value as never);
            }),
          ),
        ),
      );
    },
    publish(topic: string, payload: unknown): void {
      life.assertOpen();
      reportLater(
        chain(checkPayload(topic, guard.topic(topic), payload), () =>
          connection.publish(topic, payload),
        ),
      );
    },
  };
}
