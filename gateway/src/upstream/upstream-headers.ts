/** Header fields as undici delivers them: names in lower case, repeated fields as a list. */
export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Whether the parser has removed every coding of the body. Parsers also read `gzip, chunked` as chunks;
 * the gateway never forwards Transfer-Encoding (RFC 9112, section 6.1), so the remaining gzip layer
 * would reach the client unmarked.
 */
export function isFullyDecoded(upstream: UpstreamHeaders): boolean {
  const coding = upstream["transfer-encoding"];
  if (coding === undefined || coding === "chunked") return true;
  return typeof coding === "string" && /^chunked *$/i.test(coding);
}

/** The Content-Length that the upstream announced. The answer to a HEAD request ends without that body. */
export function announcedLength(upstream: UpstreamHeaders): number | undefined {
  const length = upstream["content-length"];
  return typeof length === "string" ? Number(length) : undefined;
}
