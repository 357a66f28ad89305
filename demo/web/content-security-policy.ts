/**
 * The content security policy of each page. No page may run inline scripts or styles, or use eval.
 * Trusted Types allow only lit-html to write HTML.
 */
export interface PagePolicy {
  /** Origins that may show this page in a frame. An empty list forbids all of them. */
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
