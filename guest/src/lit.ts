export { BridgeController } from "./lit/bridge-controller.ts";
export type { BridgeControllerOptions } from "./lit/bridge-controller.ts";
export { UiController } from "./lit/ui-controller.ts";
export type { UiControllerOptions } from "./lit/ui-controller.ts";
