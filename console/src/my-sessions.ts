/** Defines `<breezeway-my-sessions>`. */
import { BreezewayMySessionsElement } from "./my-sessions/my-sessions-element.ts";

if (!customElements.get("breezeway-my-sessions")) {
  customElements.define("breezeway-my-sessions", BreezewayMySessionsElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "breezeway-my-sessions": BreezewayMySessionsElement;
  }
}

export { BreezewayMySessionsElement } from "./my-sessions/my-sessions-element.ts";
export type { MySessionsHost } from "./my-sessions/my-sessions-element.ts";
export type { MySessionsLabels } from "./my-sessions/labels.ts";
