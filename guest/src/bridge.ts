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
} from "@breezeway/shared";
import { splitCallOptions, type Readable, type Unsubscribe } from "@breezeway/shared/channel";
import type { AppBridge, BridgeOptions } from "./bridge-types.ts";
import type { Connection } from "./connection/connection.ts";
import { createBridgeFetch } from "./fetch/bridge-fetch.ts";
import type { Proof } from "./proof/create-proof.ts";
import type { TokenCache } from "./tokens/token-cache.ts";
import { streamOf } from "./tokens/stream.ts";

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
  const { connection, tokens, report } = deps;
  const { snapshot } = connection;
  const can = (capability: string): boolean => snapshot.capabilities.current.includes(capability);
  const guard = createContractGuard(options.contract, can);
  const life = new AbortController();
  const owned = new Set<Unsubscribe>();

  const own = (unsubscribe: Unsubscribe): Unsubscribe => {
    const release = (): void => {
      owned.delete(release);
      unsubscribe();
    };
    owned.add(release);
    return release;
  };

  // Without `set`, since only the host may change its state.
  const view = <T>(store: Readable<T>): Readable<T> => ({
    get current() {
      return store.current;
    },
    subscribe: (listener) => own(store.subscribe(listener)),
  });

  const assertOpen = (): void => {
    if (!life.signal.aborted) return;
    throw new BridgeError("CHANNEL_CLOSED", "This bridge was closed.");
  };

  const call = async (name: string, ...given: readonly unknown[]): Promise<unknown> => {
    assertOpen();
    if (!isMethodName(name)) {
      throw new BridgeError(
        "CALL_METHOD_UNKNOWN",
        `${quoted(String(name))} is not a valid method name.`,
      );
    }
    if (name === BUILT_IN_METHODS.sessionToken || name === BUILT_IN_METHODS.appToken) {
      return tokens.get();
    }
    const { args, options: callOptions } = splitCallOptions(given);
    const definition = isBuiltInMethod(name) ? undefined : guard.method(name, "methods");
    const checked = checkArgs(name, definition, args);
    if (isPromiseLike(checked)) await checked;
    const result = await connection.call(name, args, callOptions);
    return checkResult(name, definition, result);
  };

  const expose = (name: string, handler: (...args: never[]) => unknown): Unsubscribe => {
    assertOpen();
    const definition = guard.method(name, "guestMethods");
    return own(
      connection.expose(name, (incoming) =>
        runChecked(name, definition, incoming.args, (args) =>
          handler.apply(incoming, args as never[]),
        ),
      ),
    );
  };

  const subscribe = (topic: string, listener: (payload: never) => void): Unsubscribe => {
    assertOpen();
    const definition = guard.topic(topic);
    return own(
      connection.subscribe(topic, (payload) => {
        const delivered = chain(checkPayload(topic, definition, payload), (value) => {
          listener(value as never);
        });
        if (isPromiseLike(delivered)) delivered.then(undefined, report);
      }),
    );
  };

  const publish = (topic: string, payload: unknown): void => {
    assertOpen();
    const checked = chain(checkPayload(topic, guard.topic(topic), payload), () => {
      connection.publish(topic, payload);
    });
    if (isPromiseLike(checked)) checked.then(undefined, report);
  };

  return {
    get appId() {
      return connection.welcome?.appId ?? "";
    },
    method: { call, expose } as AppBridge<C>["method"],
    event: { subscribe, publish },
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
    subscribeState: (listener) => own(connection.state.subscribe(listener)),
    async getSessionToken() {
      assertOpen();
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
    close() {
      if (life.signal.aborted) return;
      life.abort();
      for (const release of owned) release();
      deps.onClose();
    },
    // In an engine without `using` this key is `undefined`, and nothing looks it up.
    [Symbol.dispose]() {
      this.close();
    },
  };
}
