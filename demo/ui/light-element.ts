import { LitElement } from "lit";

/** Renders into the page itself: one style sheet, labels that reach their fields, no shadow roots. */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
