/** The page around the app, for React components: see `createUi`. */
import { useEffect, type RefObject } from "react";
import type { AppBridge } from "../bridge-types.ts";
import { createUi, type AppUi } from "../ui/create-ui.ts";
import { useBridge } from "./hooks.ts";

// One for each bridge, whatever number of components uses it and however often each is rendered.
const ofBridges = new WeakMap<AppBridge, AppUi>();

/**
 * Toasts, dialogs, navigation and size of the host's page. The same in every component.
 *
 * @example
 * const ui = useUi();
 * <button onClick={() => void ui.showToast("Saved")}>Save</button>
 */
export function useUi(): AppUi {
  const bridge = useBridge();
  return ofBridges.get(bridge) ?? openUi(bridge);
}

/**
 * Keeps the frame as high as its content, within the host's limits, while the component is mounted.
 *
 * @param element what the height is of. Default: the page's body.
 */
export function useAutoResize(element?: RefObject<HTMLElement | null>): void {
  const ui = useUi();
  useEffect(() => {
    if (element === undefined) return ui.autoResize();
    return element.current ? ui.autoResize(element.current) : undefined;
  }, [ui, element]);
}

function openUi(bridge: AppBridge): AppUi {
  const ui = createUi(bridge);
  ofBridges.set(bridge, ui);
  bridge.subscribeState((state) => {
    if (state === "closed") ui.close();
  });
  return ui;
}
