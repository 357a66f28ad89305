/** Defines `<breezeway-app>`. The only entry of this package with a side effect. */
import { BreezewayAppElement } from "./element/breezeway-app.ts";

if (!customElements.get("breezeway-app")) {
  customElements.define("breezeway-app", BreezewayAppElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "breezeway-app": BreezewayAppElement;
  }
}

export { BreezewayAppElement } from "./element/breezeway-app.ts";
export type { AppStateDetail } from "./element/breezeway-app.ts";
export { setDefaultHost } from "./element/default-host.ts";
export type { AnyHost } from "./element/default-host.ts";
export type { AppElementLabels, Problem } from "./element/labels.ts";
