export { readManifests } from "./node/read-manifests.ts";
export { serveIssuer } from "./node/serve-issuer.ts";
export type { CloseOptions, IssuerServer } from "./node/serve-issuer.ts";
export { toNodeHandler } from "./node/node-handler.ts";
export type { NodeHandler } from "./node/node-handler.ts";
export type { ProxyOptions, ServeOptions } from "./node/serve-options.ts";
