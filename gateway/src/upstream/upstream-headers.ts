import { BridgeError } from "@breezeway/shared";

/** Header fields as undici delivers them: names in lower case, repeated fields as a list. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Whether the parser has removed every coding of the body. Parsers also read `gzip, chunked` as chunks;
 * the gateway never forwards Transfer-Encoding (RFC 9112, section 6.1), so the remaining gzip layer
 * would reach the client unmarked.
 */
function isFullyDecoded(upstream: UpstreamHeaders): boolean {
  const coding = upstream["transfer-encoding"];
  if (coding === undefined || coding === "chunked") return true;
  return typeof coding === "string" && /^chunked *$/i.test(coding);
}

/** The Content-Length that the upstream announced. The answer to a HEAD request ends without that body. */
export function announcedLength(upstream: UpstreamHeaders): number | undefined {
  const length = upstream["content-length"];
  return typeof length === "string" ? Number(length) : undefined;
}

/** Whether the answer is a stream of server-sent events, which stays open. */
export function isEventStream({ "content-type": type }: UpstreamHeaders): boolean {
  return typeof type === "string" && /^text\/event-stream(?:[\s;]|$)/i.test(type);
}

/**
 * Interim answers never come this far, but a 101 without `Upgrade` does. RFC 9110, section 15, defines no
 * status outside 100 to 599.
 *
 * @returns UPSTREAM_INVALID for an answer that the gateway cannot forward
 */
export function faultOf(status: number, headers: UpstreamHeaders): BridgeError | undefined {
  if (status < 200 || status > 599) {
    return new BridgeError("UPSTREAM_INVALID", "The upstream's status is not a final one.");
  }
  if (isFullyDecoded(headers)) return undefined;
  const what = "The upstream's answer has a transfer coding other than chunked.";
  return new BridgeError("UPSTREAM_INVALID", what);
}
