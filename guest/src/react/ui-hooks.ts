/** The host's UI for React components. See `createUi`. */
import { useEffect, useMemo, type RefObject } from "react";
import { closeOnEscape, composeUi, type AppUi } from "../ui/create-ui.ts";
import { useBridge } from "./hooks.ts";

/**
 * Returns the host's UI: toasts, dialogs, navigation, size. In a dialog, Escape closes it while the
 * component is mounted.
 *
 * @example
 * const ui = useUi();
 * <button onClick={() => void ui.showToast("Saved")}>Save</button>
 */
export function useUi(): AppUi {
  const bridge = useBridge();
  const ui = useMemo(() => composeUi(bridge).ui, [bridge]);
  useEffect(() => closeOnEscape(ui), [ui]);
  return ui;
}

/**
 * Keeps the frame as high as its content, within the host's limits, while the component is mounted.
 *
 * @param element The element whose height is used. Default: the page's body.
 */
export function useAutoResize(element?: RefObject<HTMLElement | null>): void {
  const bridge = useBridge();
  useEffect(() => {
    const { ui } = composeUi(bridge);
    if (element === undefined) return ui.autoResize();
    return element.current ? ui.autoResize(element.current) : undefined;
  }, [bridge, element]);
}
