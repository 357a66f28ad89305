/** The iframe of an app, with the restrictions that the browser enforces. */
import { BridgeError, originOf } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";

/**
 * The URL of a page of the app.
 *
 * @throws {BridgeError} CONFIG_INVALID, when `path` leads to another origin than the app's
 */
export function pageUrl(app: RegisteredApp, path: string | undefined): string {
  const url = URL.canParse(path ?? "", app.url) ? new URL(path ?? "", app.url).href : "";
  if (originOf(url) === app.origin) return url;
  throw new BridgeError(
    "CONFIG_INVALID",
    `${app.id}: path: must stay on the app's origin, ${app.origin}.`,
  );
}

/**
 * [FR-1] An app of the host's own origin is refused: with scripts it could remove its sandbox.
 * [FR-2] A sandbox without `allow-same-origin` is refused: the guest would have an opaque origin, which
 *        the host could not verify.
 * [FR-3] Permissions are delegated to the app's origin by name, so they end when the frame navigates
 *        to another origin.
 *
 * @throws {BridgeError} CONFIG_INVALID
 */
export function createFrame(app: RegisteredApp, url: string): HTMLIFrameElement {
  if (app.origin === window.origin) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${app.id}: url: must have another origin than the host, ${window.origin}. Serve the app from another origin.`,
    );
  }
  if (!app.sandbox.includes("allow-same-origin") || !app.sandbox.includes("allow-scripts")) {
    throw new BridgeError(
      "CONFIG_INVALID",
      `${app.id}: sandbox: must have allow-scripts and allow-same-origin. Without them the host cannot verify the app's origin.`,
    );
  }
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", app.sandbox.join(" "));
  frame.allow = app.allow.map((feature) => `${feature} ${app.origin}`).join("; ");
  frame.referrerPolicy = "no-referrer";
  frame.title = app.name;
  // Its size is that of the app's page, whatever the styles of the host's page say about boxes.
  Object.assign(frame.style, { border: "0", padding: "0", boxSizing: "content-box" });
  frame.src = url;
  return frame;
}
