import { LitElement } from "lit";

/** Renders without a shadow root, so one style sheet applies and labels reach their fields. */
export class LightElement extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
