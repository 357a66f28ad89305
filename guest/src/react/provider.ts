/**
 * Opens the bridge for a React tree, and closes it when the tree unmounts.
 *
 * [RP-1] Nothing happens at import or while rendering. The server and the first client render both
 *        render the fallback, so hydration matches.
 * [RP-2] StrictMode mounts twice. Both mounts share the page's one connection, and the bridge of the
 *        first mount is closed.
 * [RP-3] Children are rendered only while the bridge is connected, so `useBridge` always returns one.
 */
import { BridgeError, type AnyContract, type Contract } from "@breezeway/shared";
import {
  createContext,
  createElement,
  useEffect,
  useState,
  type Context,
  type FunctionComponent,
  type ReactNode,
} from "react";
import type { AppBridge, BridgeOptions } from "../bridge-types.ts";
import { createAppBridge } from "../create-app-bridge.ts";

export interface BreezewayProviderProps<C extends Contract = AnyContract> {
  readonly children?: ReactNode;
  /**
   * An open bridge, which the provider does not close. Default: the provider opens its own.
   */
  readonly bridge?: AppBridge<C>;
  /**
   * Options of the bridge that the provider opens, read when it mounts. To reopen the bridge with
   * other options, change the provider's `key`.
   */
  readonly options?: BridgeOptions<C>;
  /** Rendered on the server and until the bridge is connected. Default: nothing. */
  readonly fallback?: ReactNode;
  /**
   * Renders the error when the bridge cannot be opened, for example outside a host. Default: the
   * nearest error boundary receives the error.
   */
  readonly renderError?: (error: unknown) => ReactNode;
}

type Opening =
  | { readonly name: "connecting" }
  | { readonly name: "connected"; readonly bridge: AppBridge }
  | { readonly name: "failed"; readonly error: unknown };

const CONNECTING: Opening = { name: "connecting" };

export const BridgeContext: Context<AppBridge | undefined> = createContext<AppBridge | undefined>(
  undefined,
);

export const BreezewayProvider: FunctionComponent<BreezewayProviderProps> = (props) => {
  const { bridge, options, children, fallback = null, renderError } = props;
  const opening = useOpenBridge(bridge, options);
  switch (opening.name) {
    case "connecting":
      return fallback;
    case "failed":
      if (renderError) return renderError(opening.error);
      throw BridgeError.is(opening.error) ? opening.error : asError(opening.error);
    case "connected":
      return createElement(BridgeContext, { value: opening.bridge }, children);
  }
};

function useOpenBridge(given: AppBridge | undefined, options: BridgeOptions | undefined): Opening {
  const [opening, setOpening] = useState<Opening>(CONNECTING);

  useEffect(() => {
    if (given) return undefined;
    let isMounted = true;
    let bridge: AppBridge | undefined;
    const open = async (): Promise<void> => {
      try {
        bridge = await createAppBridge(options);
        if (isMounted) setOpening({ name: "connected", bridge });
        else bridge.close();
      } catch (error) {
        if (isMounted) setOpening({ name: "failed", error });
      }
    };
    void open();
    return () => {
      isMounted = false;
      setOpening(CONNECTING);
      bridge?.close();
    };
    // Options are often written inline, so a new object in each render must not reopen the bridge.
  }, [given]);

  return given ? { name: "connected", bridge: given } : opening;
}

function asError(cause: unknown): Error {
  return new Error("The bridge could not be opened.", { cause });
}
