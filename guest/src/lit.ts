export { BridgeController } from "./lit/bridge-controller.ts";
export type { BridgeControllerOptions } from "./lit/bridge-controller.ts";
