/**
 * Decides as a browser does whether the headers of a page allow the host to frame it: CSP
 * `frame-ancestors`, or `X-Frame-Options` when there is no such directive (CSP 3, section 6.4.2).
 */

export interface FramingRequest {
  readonly headers: Headers;
  readonly hostOrigin: string;
  readonly guestOrigin: string;
}

/** The header that forbids the frame, as it was sent. `undefined` when the frame is allowed. */
export function framingRefusal(request: FramingRequest): string | undefined {
  const lists = frameAncestors(request.headers);
  if (lists.length > 0) {
    const refusing = lists.find((sources) => !sources.some((source) => matches(source, request)));
    return refusing && `Content-Security-Policy: frame-ancestors ${refusing.join(" ")}`;
  }
  // Host and guest always have different origins here, so SAMEORIGIN forbids the frame like DENY.
  const option = request.headers.get("x-frame-options");
  return option && /\b(deny|sameorigin)\b/i.test(option) ? `X-Frame-Options: ${option}` : undefined;
}

/** One source list per policy with the directive. The host must match each list. */
function frameAncestors(headers: Headers): string[][] {
  const policies = headers.get("content-security-policy")?.split(",") ?? [];
  return policies.flatMap((policy) => {
    const directives = policy.split(";").map((directive) => directive.trim().split(/\s+/));
    const found = directives.find(([name]) => name?.toLowerCase() === "frame-ancestors");
    return found ? [found.slice(1)] : [];
  });
}

function matches(source: string, { hostOrigin, guestOrigin }: FramingRequest): boolean {
  const host = new URL(hostOrigin);
  const text = source.toLowerCase();
  if (text === "*" || text === host.protocol) return true;
  const parsed = /^(?:(https?):\/\/)?([^/:]+)(?::(\d+|\*))?\/?$/.exec(text);
  if (!parsed) return false;
  // The default scheme is that of the guest, and the default port is that of the scheme.
  const [, scheme = new URL(guestOrigin).protocol.slice(0, -1), name = "", port = "80"] = parsed;
  const isScheme = `${scheme}:` === host.protocol;
  const isName = name.startsWith("*.")
    ? host.hostname.endsWith(name.slice(1))
    : name === host.hostname;
  return isScheme && isName && (port === "*" || port === (host.port || "80"));
}
