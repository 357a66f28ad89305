/** Hooks that read from the bridge. Each renders its component again when the value changes. */
import {
  BridgeError,
  check,
  isPromiseLike,
  type GuestSession,
  type StandardSchemaV1,
  type Theme,
} from "@breezeway/shared";
import type { Readable } from "@breezeway/shared/channel";
import { WORDS } from "@breezeway/shared/words";
import { useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { AppBridge } from "../bridge-types.ts";
import type { ConnectionState } from "../connection/connection.ts";
import { BridgeContext } from "./provider.ts";

/**
 * Returns the connected bridge.
 *
 * @throws {BridgeError} CONFIG_INVALID outside a `BreezewayProvider`
 */
export function useBridge(): AppBridge {
  const bridge = useContext(BridgeContext);
  if (bridge) return bridge;
  throw new BridgeError(
    "CONFIG_INVALID",
    WORDS && "useBridge: the component must be inside a <BreezewayProvider>.",
  );
}

/** Returns the current value of a part of the bridge, such as `bridge.theme`. */
export function useReadable<T>(readable: Readable<T>): T {
  const read = (): T => readable.current;
  return useSyncExternalStore(readable.subscribe, read, read);
}

/** Returns the session of the signed-in user; `null` when nobody is signed in. */
export function useSession(): GuestSession | null {
  return useReadable(useBridge().session);
}

/**
 * Returns the current session token; `null` while signed out or while the next token is late. For
 * requests use `bridge.fetch` or `bridge.getSessionToken()`, which wait for a fresh token.
 */
export function useSessionToken(): string | null {
  return useReadable(useBridge().session.token);
}

/** Returns the host's context for this guest. Its form is not checked. */
export function useHostContext(): unknown;
/**
 * Returns the host's context, checked and typed by any synchronous Standard Schema (zod, valibot,
 * arktype). Define the schema outside the component.
 *
 * @throws {BridgeError} CONTEXT_INVALID while rendering, when the context does not match the schema
 */
export function useHostContext<S extends StandardSchemaV1>(
  schema: S,
): StandardSchemaV1.InferOutput<S>;
export function useHostContext(schema?: StandardSchemaV1): unknown {
  const context = useReadable(useBridge().context);
  return useMemo(() => (schema ? parseContext(schema, context) : context), [schema, context]);
}

/** Returns the host's theme. */
export function useHostTheme(): Theme {
  return useReadable(useBridge().theme);
}

/** Returns the host's language as a BCP 47 tag. */
export function useHostLocale(): string {
  return useReadable(useBridge().locale);
}

/** Returns the connection state: usually `connected`, or `lost` while the bridge reconnects. */
export function useBridgeState(): ConnectionState {
  const bridge = useBridge();
  const read = (): ConnectionState => bridge.state;
  return useSyncExternalStore(bridge.subscribeState, read, read);
}

/**
 * Calls `listener` for each event of a topic, and at once for a retained event. The listener may be a
 * new function in each render; the latest one is called.
 */
export function useHostEvent(topic: string, listener: (payload: unknown) => unknown): void {
  const bridge = useBridge();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(
    () => bridge.event.subscribe(topic, (payload) => latest.current(payload)),
    [bridge, topic],
  );
}

function parseContext(schema: StandardSchemaV1, context: unknown): unknown {
  const parsed = check(schema, context, {
    code: "CONTEXT_INVALID",
    subject: "The context from the host",
  });
  if (!isPromiseLike(parsed)) return parsed;
  throw new BridgeError(
    "CONFIG_INVALID",
    WORDS && "useHostContext: the schema must be synchronous.",
  );
}
