/** The elements, and their types for templates of Vue 3. */
import type { HTMLAttributes, PublicProps } from "vue";
import type { AppElementProps, AppPathEvent, AppStateEvent, UiElementProps } from "./elements.js";

export * from "../dist/element.js";

interface AppElementEvents {
  readonly onBreezewayState?: ((event: AppStateEvent) => void) | undefined;
  readonly onBreezewayPath?: ((event: AppPathEvent) => void) | undefined;
}

/** A custom element, as Vue's templates see a component. */
type VueElement<Props> = new () => { readonly $props: HTMLAttributes & PublicProps & Props };

declare module "vue" {
  interface GlobalComponents {
    "breezeway-app": VueElement<AppElementProps & AppElementEvents>;
    "breezeway-ui": VueElement<UiElementProps>;
  }
}
