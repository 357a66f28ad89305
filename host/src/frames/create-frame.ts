/** The iframe of an app, with what the browser must enforce around it. */
import { BridgeError, originOf } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";

/**
 * The page of an app to show.
 *
 * @throws {BridgeError} CONFIG_INVALID when `path` leads to another origin than the app's.
 */
export function pageUrl(app: RegisteredApp, path: string | undefined): string {
  const url = URL.canParse(path ?? "", app.url) ? new URL(path ?? "", app.url).href : "";
  if (originOf(url) === app.origin) return url;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${app.id}: path: leads to another origin than the app's.`,
  );
}

/**
 * [FR-1] A guest of the host's own origin with scripts could take its sandbox off: refused.
 * [FR-2] Without `allow-same-origin` the guest has no origin, so nothing could be pinned: refused.
 * [FR-3] Permissions are delegated to the app's origin by name, so they end when the frame
 *        navigates elsewhere.
 *
 * @throws {BridgeError} CONFIG_INVALID
 */
export function createFrame(app: RegisteredApp, url: string): HTMLIFrameElement {
  if (app.origin === window.origin) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${app.id}: url: an app must not have the origin of the host (${window.origin}); serve it from another one.`,
    );
  }
  if (!app.sandbox.includes("allow-same-origin") || !app.sandbox.includes("allow-scripts")) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${app.id}: sandbox: needs allow-scripts and allow-same-origin; without them the app has no origin to check.`,
    );
  }
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", app.sandbox.join(" "));
  frame.allow = app.allow.map((feature) => `${feature} ${app.origin}`).join("; ");
  frame.referrerPolicy = "no-referrer";
  frame.title = app.name;
  frame.src = url;
  return frame;
}
