/**
 * A Vite plugin that writes an app's host origins from one option, into both places where the SDK
 * looks for them: the meta tag of each HTML entry, and `/.well-known/breezeway.json` for pages that
 * Vite does not write.
 */
import { BridgeError, isRecord } from "@breezeway/shared";
import { optionObject, originsOption, parseOptions } from "@breezeway/shared/schemas";
import { FILE, META } from "../config/host-origins-places.ts";
import type { EmittedAsset, Middleware, ViteConfig, ViteServer, ViteTag } from "./vite-types.ts";

export interface BreezewayPluginOptions {
  /**
   * Exact origins that may embed the app, at least one; or a function that returns them for Vite's
   * mode, such as `development`, `production` or the value of `--mode`.
   */
  readonly hostOrigins: readonly string[] | ((env: { readonly mode: string }) => readonly string[]);
}

/** A plugin of Vite 6 or newer. */
export interface BreezewayPlugin {
  readonly name: string;
  applyToEnvironment(environment: { readonly config: { readonly consumer: string } }): boolean;
  configResolved(config: ViteConfig): void;
  transformIndexHtml(html: string, page: { readonly path: string }): ViteTag[];
  configureServer(server: ViteServer): void;
  configurePreviewServer(server: ViteServer): void;
  generateBundle(this: { emitFile(file: EmittedAsset): unknown }): void;
}

const pluginOptions = optionObject<{ readonly hostOrigins: readonly string[] }>({
  hostOrigins: originsOption(),
});

const COMMENT = /<!--.*?-->/gsu;
const OWN_TAG = new RegExp(`<meta\\b[^>]*\\bname\\s*=\\s*["']?${META}\\b`, "iu");

/**
 * Writes the host origins of an app for the development server, the preview and the build. The file
 * belongs to the root of the origin whatever Vite's `base` is: both servers serve it there, and a
 * build with another `base` logs that the emitted file has to be moved.
 *
 * Vite reports these faults when it starts or builds:
 *
 * @throws {BridgeError} CONFIG_INVALID, for a malformed option, or an HTML entry with a tag of its own
 *
 * @example
 * export default defineConfig({
 *   plugins: [breezeway({ hostOrigins: ["https://shell.example"] })],
 * });
 */
export function breezeway(options: BreezewayPluginOptions): BreezewayPlugin {
  let hostOrigins: readonly string[] = [];
  let vite: ViteConfig | undefined;
  const content = (): string => `${JSON.stringify({ hostOrigins })}\n`;

  const serve = ({ middlewares }: ViteServer): void => {
    // Ahead of Vite's own handlers, which answer nothing outside `base`.
    middlewares.use(answerFile(content));
  };

  return {
    name: "breezeway",
    // A build for the server has no pages.
    applyToEnvironment: ({ config }) => config.consumer === "client",
    configResolved(config) {
      vite = config;
      hostOrigins = originsFor(options, config.mode);
    },
    transformIndexHtml(html, { path }) {
      if (OWN_TAG.test(html.replaceAll(COMMENT, ""))) {
        throw new BridgeError(
          "CONFIG_INVALID",
          `breezeway: ${path}: has a ${META} tag of its own. Remove it, and list all hosts in hostOrigins.`,
        );
      }
      const attrs = { name: META, content: hostOrigins.join(" ") };
      // Before all scripts, since a classic one may open the bridge at once.
      return [{ tag: "meta", attrs, injectTo: "head-prepend" }];
    },
    configureServer: serve,
    configurePreviewServer: serve,
    generateBundle() {
      this.emitFile({ type: "asset", fileName: FILE.slice(1), source: content() });
      if (vite === undefined || vite.base === "/") return;
      vite.logger.info(
        `breezeway: base: is ${JSON.stringify(vite.base)}, and browsers ask for ${FILE} at the root of the origin. ` +
          "Serve the file of this build there if some of your pages do not come from this build. Its own pages have the meta tag.",
      );
    },
  };
}

function originsFor(options: unknown, mode: string): readonly string[] {
  const isObject = isRecord(options);
  const given = isObject ? options["hostOrigins"] : undefined;
  const hostOrigins: unknown = typeof given === "function" ? given({ mode }) : given;
  const named = isObject ? { ...options, hostOrigins } : options;
  return parseOptions(pluginOptions, named, "breezeway").hostOrigins;
}

function answerFile(content: () => string): Middleware {
  return ({ url = "", method }, response, next) => {
    const isAsked = url.split("?", 1)[0] === FILE && (method === "GET" || method === "HEAD");
    if (!isAsked) return next();
    response.setHeader("content-type", "application/json");
    response.setHeader("cache-control", "no-cache");
    response.end(method === "HEAD" ? undefined : content());
  };
}
