/** The elements, and their types for JSX of React 19. */
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { BreezewayAppElement, BreezewayUiElement } from "../dist/element.js";
import type { AppElementProps, AppPathEvent, AppStateEvent, UiElementProps } from "./elements.js";

export * from "../dist/element.js";

interface AppElementEvents {
  readonly "onbreezeway-state"?: ((event: AppStateEvent) => void) | undefined;
  readonly "onbreezeway-path"?: ((event: AppPathEvent) => void) | undefined;
}

type ElementProps<T, Props> = DetailedHTMLProps<HTMLAttributes<T>, T> & Props;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "breezeway-app": ElementProps<BreezewayAppElement, AppElementProps & AppElementEvents>;
      "breezeway-ui": ElementProps<BreezewayUiElement, UiElementProps>;
    }
  }
}
