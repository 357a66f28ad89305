/**
 * Opens the bridge of a React tree and closes it again.
 *
 * [RP-1] Nothing happens at import or while rendering: the server renders the fallback, and so does
 *        the first client render, so hydration finds what it expects.
 * [RP-2] StrictMode mounts twice; both mounts share the page's one connection, and what the first
 *        one opened is closed.
 * [RP-3] Below the provider there always is a bridge: children are rendered once it is connected.
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
   * A bridge that is open already. The provider does not close it. Default: the provider opens one
   * of its own.
   */
  readonly bridge?: AppBridge<C>;
  /**
   * Options of the bridge that the provider opens. Read when it mounts; to start anew with others,
   * give the provider another `key`.
   */
  readonly options?: BridgeOptions<C>;
  /** Shown until the bridge is connected, and on the server. Default: nothing. */
  readonly fallback?: ReactNode;
  /**
   * Shown when the bridge cannot be opened, such as outside a host. Default: the error is thrown to
   * the nearest error boundary.
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
    // Options are often written inline; a new object per render must not mean a new bridge.
  }, [given]);

  return given ? { name: "connected", bridge: given } : opening;
}

function asError(cause: unknown): Error {
  return new Error("The bridge could not be opened.", { cause });
}
