/** What React components read from the bridge, each kept up to date. */
import {
  BridgeError,
  check,
  isPromiseLike,
  type GuestSession,
  type StandardSchemaV1,
  type Theme,
} from "@breezeway/shared";
import type { Readable } from "@breezeway/shared/channel";
import { useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { AppBridge } from "../bridge-types.ts";
import type { ConnectionState } from "../connection/connection.ts";
import { BridgeContext } from "./provider.ts";

/**
 * The connected bridge.
 *
 * @throws {BridgeError} CONFIG_INVALID outside a `BreezewayProvider`
 */
export function useBridge(): AppBridge {
  const bridge = useContext(BridgeContext);
  if (bridge) return bridge;
  throw new BridgeError("CONFIG_INVALID", "This component is not inside a <BreezewayProvider>.");
}

/** The value of a part of the bridge, such as `bridge.theme`. */
export function useReadable<T>(readable: Readable<T>): T {
  const read = (): T => readable.current;
  return useSyncExternalStore(readable.subscribe, read, read);
}

/** Who is signed in; `null` for nobody. */
export function useSession(): GuestSession | null {
  return useReadable(useBridge().session);
}

/**
 * The session token, again with each new one; `null` while signed out or while the next one is late.
 * For requests use `bridge.fetch` or `bridge.getSessionToken()`, which wait for a fresh one.
 */
export function useSessionToken(): string | null {
  return useReadable(useBridge().session.token);
}

/** What the host says about where this guest stands. Nothing about its shape was checked. */
export function useHostContext(): unknown;
/**
 * The same, checked and typed by any Standard Schema (zod, valibot, arktype) that is synchronous.
 * Define the schema outside the component.
 *
 * @throws {BridgeError} CONTEXT_INVALID while rendering, when the host's context does not fit
 */
export function useHostContext<S extends StandardSchemaV1>(
  schema: S,
): StandardSchemaV1.InferOutput<S>;
export function useHostContext(schema?: StandardSchemaV1): unknown {
  const context = useReadable(useBridge().context);
  return useMemo(() => (schema ? parseContext(schema, context) : context), [schema, context]);
}

/** The host's theme. */
export function useHostTheme(): Theme {
  return useReadable(useBridge().theme);
}

/** The host's language, a BCP 47 tag. */
export function useHostLocale(): string {
  return useReadable(useBridge().locale);
}

/** Whether the bridge is `connected` at the moment, or `lost` and about to come back. */
export function useBridgeState(): ConnectionState {
  const bridge = useBridge();
  const read = (): ConnectionState => bridge.state;
  return useSyncExternalStore(bridge.subscribeState, read, read);
}

/**
 * Calls `listener` for each event of a topic, a retained one at once. The listener may be a new
 * function in each render; the latest one is called.
 */
export function useHostEvent(topic: string, listener: (payload: unknown) => void): void {
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
    subject: "The context that the host gave",
  });
  if (!isPromiseLike(parsed)) return parsed;
  throw new BridgeError("CONFIG_INVALID", "useHostContext: the schema must be synchronous.");
}
