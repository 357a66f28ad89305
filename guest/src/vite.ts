export { breezeway } from "./vite/breezeway-plugin.ts";
export type { BreezewayPlugin, BreezewayPluginOptions } from "./vite/breezeway-plugin.ts";
