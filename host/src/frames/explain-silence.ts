/**
 * Says why no guest has connected in a frame, as far as the browser lets the host know. The host cannot read
 * a document of another origin. So a page without the SDK, an error page, and a page that a header keeps
 * out of the frame look the same to it.
 */

export interface FrameFacts {
  /** The origin that the registry has for the app. */
  readonly appOrigin: string;
  /** The origin of this page. */
  readonly hostOrigin: string;
  readonly isInPage: boolean;
  /** Whether a document has loaded, which an error page of the browser is too. */
  readonly hasLoaded: boolean;
  /**
   * The origin of the document in the frame: of a handshake that began, of any message of another origin,
   * or of a document that this page can read.
   */
  readonly seenOrigin: string | undefined;
  /** Whether this page is cross-origin isolated, and the frame is not exempt by `credentialless`. */
  readonly isIsolated: boolean;
}

/** @returns one cause and what to do. The text is for the host's developer and never reaches the guest. */
export function explainSilence(facts: FrameFacts): string {
  const { appOrigin, hostOrigin, seenOrigin } = facts;
  if (!facts.isInPage) {
    return "Its frame is not in the page, so the browser does not load it. Add the container to the page before mounting.";
  }
  if (seenOrigin === appOrigin) {
    return `A page of ${appOrigin} began a handshake and did not complete it. Does it run this version of the SDK, and does it stay open?`;
  }
  if (seenOrigin !== undefined) {
    const seen = seenOrigin === "null" ? "an opaque origin (a sandboxed page)" : seenOrigin;
    return `Its frame shows a page of ${seen}, but the manifest's url is at ${appOrigin}. Correct the url, or the redirect that leads away from it.`;
  }
  if (facts.isIsolated) {
    return `This page is cross-origin isolated, so the browser blocks the frame unless ${appOrigin} sends Cross-Origin-Embedder-Policy: require-corp and Cross-Origin-Resource-Policy: cross-origin. If it sends both: does its script run, and does it name ${hostOrigin} in hostOrigins?`;
  }
  if (!facts.hasLoaded) {
    return `No page has loaded in its frame. Does ${appOrigin} answer, and does frame-src in the policy of this page allow it?`;
  }
  return `A page has loaded in its frame and did not begin a handshake. Does it run at ${appOrigin}, and does it name ${hostOrigin} in hostOrigins? A redirect, a failed script, an error page, X-Frame-Options or frame-ancestors look the same from here; the browser's console tells them apart.`;
}
