/** The elements, and their types for markup of Svelte 5. */
import type { HTMLAttributes } from "svelte/elements";
import type { BreezewayAppElement, BreezewayUiElement } from "../dist/element.js";
import type { AppElementProps, AppPathEvent, AppStateEvent, UiElementProps } from "./elements.js";

export * from "../dist/element.js";

interface AppElementEvents {
  readonly "onbreezeway-state"?: ((event: AppStateEvent) => void) | undefined;
  readonly "onbreezeway-path"?: ((event: AppPathEvent) => void) | undefined;
}

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "breezeway-app": HTMLAttributes<BreezewayAppElement> & AppElementProps & AppElementEvents;
    "breezeway-ui": HTMLAttributes<BreezewayUiElement> & UiElementProps;
  }
}
