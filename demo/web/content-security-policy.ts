/**
 * What each page may do, and who may embed it. No inline script or style anywhere, no eval, and
 * Trusted Types for the one library that writes HTML.
 */
export interface PagePolicy {
  /** Origins that may show this page in a frame. Empty: none. */
  readonly frameAncestors: readonly string[];
  /** Origins that this page may show in a frame. */
  readonly frames: readonly string[];
  /** Origins that this page may call, besides its own. */
  readonly connect: readonly string[];
}

export function contentSecurityPolicy({ frameAncestors, frames, connect }: PagePolicy): string {
  const list = (origins: readonly string[], own = ""): string =>
    [own, ...origins].join(" ").trim() || "'none'";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    `connect-src ${list(connect, "'self'")}`,
    `frame-src ${list(frames)}`,
    `frame-ancestors ${list(frameAncestors)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types lit-html",
  ].join("; ");
}
