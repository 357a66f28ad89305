/**
 * Whether a page's headers let the host show it in a frame, as a browser decides it: CSP
 * `frame-ancestors`, and `X-Frame-Options` only where there is none (CSP 3, section 6.4.2).
 */

export interface FramingRequest {
  readonly headers: Headers;
  readonly hostOrigin: string;
  readonly guestOrigin: string;
}

/** The header that forbids it, as it was sent; `undefined` when none does. */
export function framingRefusal(request: FramingRequest): string | undefined {
  const lists = frameAncestors(request.headers);
  if (lists.length > 0) {
    const refusing = lists.find((sources) => !sources.some((source) => matches(source, request)));
    return refusing && `Content-Security-Policy: frame-ancestors ${refusing.join(" ")}`;
  }
  // Host and guest are never of one origin here, so SAMEORIGIN refuses as DENY does.
  const option = request.headers.get("x-frame-options");
  return option && /\b(deny|sameorigin)\b/i.test(option) ? `X-Frame-Options: ${option}` : undefined;
}

/** One list per policy that has the directive; the frame must satisfy each. */
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
  // Without a scheme it is the guest's own; without a port the scheme's.
  const [, scheme = new URL(guestOrigin).protocol.slice(0, -1), name = "", port = "80"] = parsed;
  const isScheme = `${scheme}:` === host.protocol;
  const isName = name.startsWith("*.")
    ? host.hostname.endsWith(name.slice(1))
    : name === host.hostname;
  return isScheme && isName && (port === "*" || port === (host.port || "80"));
}
