/** One site of the demo: a document and its assets, all with strict security headers. */
import { createHash } from "node:crypto";
import type { Asset, Assets, BundleName } from "./bundle.ts";
import { contentSecurityPolicy, type PagePolicy } from "./content-security-policy.ts";
import { ICON } from "./icon.ts";
import { renderPage } from "./page.ts";

export interface SiteOptions {
  /** Name of its script and style sheet. */
  readonly bundle: BundleName;
  readonly assets: Assets;
  readonly title: string;
  readonly policy: PagePolicy | (() => Promise<PagePolicy>);
  readonly hostOrigins?: readonly string[];
  readonly data?: unknown;
  /** HTTP status of the document at a path. Default: 200 at `/`, 404 elsewhere. */
  readonly statusOf?: (pathname: string) => number | Promise<number>;
}

export type Site = (request: Request) => Promise<Response>;

export function createSite(options: SiteOptions): Site {
  const assets = new Map<string, Asset & { readonly etag: string }>();
  for (const [path, asset] of options.assets) assets.set(path, tagged(asset));
  const icon = { body: new TextEncoder().encode(ICON), contentType: "image/svg+xml" };
  assets.set("/assets/icon.svg", tagged(icon));
  const { statusOf = (pathname) => (pathname === "/" ? 200 : 404) } = options;
  const html = renderPage(options);
  const documentHeaders = {
    ...COMMON_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "origin-agent-cluster": "?1",
  };

  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response(null, {
        status: 405,
        headers: { ...COMMON_HEADERS, allow: "GET, HEAD" },
      });
    }
    const { pathname } = new URL(request.url);
    const asset = assets.get(pathname);
    if (asset !== undefined) return assetResponse(asset, request);
    if (pathname.startsWith("/assets/")) {
      return new Response("Not found\n", { status: 404, headers: COMMON_HEADERS });
    }
    const { policy } = options;
    const present = typeof policy === "function" ? await policy() : policy;
    const headers = {
      ...documentHeaders,
      "content-security-policy": contentSecurityPolicy(present),
    };
    return new Response(html, { status: await statusOf(pathname), headers });
  };
}

const COMMON_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

function assetResponse(asset: Asset & { readonly etag: string }, request: Request): Response {
  const headers = {
    ...COMMON_HEADERS,
    "content-type": asset.contentType,
    "cache-control":
      asset.contentType === "font/woff2" ? "max-age=31536000, immutable" : "no-cache",
    etag: asset.etag,
  };
  if (request.headers.get("if-none-match") === asset.etag) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(asset.body, { headers });
}

function tagged(asset: Asset): Asset & { readonly etag: string } {
  return { ...asset, etag: `"${createHash("sha256").update(asset.body).digest("base64url")}"` };
}
