/** Defines `<breezeway-app>` and `<breezeway-ui>`. The only entry of this package with a side effect. */
import { BreezewayAppElement } from "./element/breezeway-app.ts";
import { BreezewayUiElement } from "./element/breezeway-ui.ts";

if (!customElements.get("breezeway-app")) {
  customElements.define("breezeway-app", BreezewayAppElement);
}
if (!customElements.get("breezeway-ui")) {
  customElements.define("breezeway-ui", BreezewayUiElement);
}

declare global {
  interface HTMLElementTagNameMap {
    "breezeway-app": BreezewayAppElement;
    "breezeway-ui": BreezewayUiElement;
  }
}

export { BreezewayAppElement } from "./element/breezeway-app.ts";
export type { AppPathDetail, AppStateDetail } from "./element/breezeway-app.ts";
export { BreezewayUiElement } from "./element/breezeway-ui.ts";
export { createHostUi } from "./element/create-host-ui.ts";
export type { HostUiOptions, PageUi } from "./element/create-host-ui.ts";
export type { HostUiLabels } from "./element/ui-labels.ts";
export { setDefaultHost } from "./element/default-host.ts";
export type { AnyHost } from "./element/default-host.ts";
export type { AppElementLabels, Problem } from "./element/labels.ts";
