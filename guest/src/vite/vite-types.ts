/**
 * The parts of Vite that the plugin uses. Vite's own types would bring the types of Node into the
 * SDK, and those of another copy of Vite in a project would not fit.
 */

export interface ViteConfig {
  readonly mode: string;
  readonly base: string;
  readonly logger: { info(text: string): void };
}

export interface ViteServer {
  readonly middlewares: { use(handle: Middleware): unknown };
}

export type Middleware = (
  request: { readonly url?: string | undefined; readonly method?: string | undefined },
  response: { setHeader(name: string, value: string): unknown; end(body?: string): unknown },
  next: () => void,
) => void;

export interface ViteTag {
  tag: string;
  attrs: Record<string, string>;
  injectTo: "head-prepend";
}

export interface EmittedAsset {
  type: "asset";
  fileName: string;
  source: string;
}
