export { readManifests } from "./node/read-manifests.ts";
export { serveIssuer } from "./node/serve-issuer.ts";
export type { CloseOptions, IssuerServer, ServeOptions } from "./node/serve-issuer.ts";
export { toNodeHandler } from "./node/node-handler.ts";
export type { NodeHandler } from "./node/node-handler.ts";
export type { ProxyOptions } from "./node/client-address.ts";
