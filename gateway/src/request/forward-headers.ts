/**
 * The headers for the upstream: those of the client that may pass, then the gateway's own.
 *
 * The gateway's own headers come last, so that the client's `Connection` header cannot remove them.
 */
import type { VerifiedSession } from "@breezeway/verify";
import type { Policy } from "../decision/policy.ts";
import type { Examined } from "../decision/examine.ts";
import {
  IDENTITY_HEADERS,
  identityHeaderList,
  pushIdentity,
  type IdentityValues,
} from "./identity-headers.ts";
import { withoutSessionCookie } from "./session-cookie.ts";
import { removeFields } from "./header-list.ts";

// All other values concern the connection to the gateway (RFC 9110, section 10.1.4).
const TE_TRAILERS = /(?:^|,)\s*trailers\s*(?:,|$)/i;
const VIA = "1.1 breezeway";

export interface ForwardContext {
  readonly requestId: string;
  readonly policy: Pick<Policy, "trustsPeer" | "isRemoved">;
}

/** Name, value, name, value. Changes and returns `headers.forward` of the request. */
export function forwardHeaders(
  request: Examined,
  session: VerifiedSession,
  { requestId, policy }: ForwardContext,
): string[] {
  const { headers, route, head } = request;
  const list = headers.forward;
  if (route.passHeaders !== undefined) pushPassing(list, headers.proxyClaims, route.passHeaders);
  if (policy.isRemoved !== undefined) removeFields(list, policy.isRemoved);
  if (headers.origin !== undefined) list.push("origin", headers.origin);
  if (headers.contentLength !== undefined) list.push("content-length", headers.contentLength);
  if (route.forwardToken) list.push("authorization", authorizationOf(request));
  const cookie = route.forwardCookies ? withoutSessionCookie(headers.cookie) : undefined;
  if (cookie !== undefined) list.push("cookie", cookie);
  if (request.webSocketProtocols.length > 0) {
    list.push("sec-websocket-protocol", request.webSocketProtocols.join(", "));
  }
  if (headers.te !== undefined && TE_TRAILERS.test(headers.te)) list.push("te", "trailers");
  list.push("via", headers.via === undefined ? VIA : `${headers.via}, ${VIA}`);
  pushForwarded(list, request, policy.trustsPeer(head.peerAddress));
  pushIdentity(list, identityValues(session));
  list.push(IDENTITY_HEADERS.requestId, requestId);
  return list;
}

function pushPassing(
  list: string[],
  claims: readonly string[],
  passing: ReadonlySet<string>,
): void {
  for (let index = 0; index < claims.length; index += 2) {
    const name = claims[index] as string;
    if (passing.has(name)) list.push(name, claims[index + 1] as string);
  }
}

// Only the scheme is forwarded: the proof was for the gateway and is used.
function authorizationOf({ token, proof }: Examined): string {
  return `${proof === undefined ? "Bearer" : "DPoP"} ${token}`;
}

/** Name, value, name, value. */
export function identityOf(session: VerifiedSession): string[] {
  return identityHeaderList(identityValues(session));
}

/** Made for each request: a WeakMap from sessions to headers costs each new token more (bench/gateway). */
function identityValues({
  userId,
  tenantId,
  appId,
  handle,
  scopes,
}: VerifiedSession): IdentityValues {
  return { userId, tenantId, appId, sessionId: handle, scopes };
}

function pushForwarded(list: string[], { head, headers }: Examined, isTrusted: boolean): void {
  const peer = head.peerAddress ?? "unknown";
  const { forwardedFor, forwardedProto, forwardedHost } = headers;
  list.push(
    "x-forwarded-for",
    isTrusted && forwardedFor !== undefined ? `${forwardedFor}, ${peer}` : peer,
    "x-forwarded-proto",
    (isTrusted ? forwardedProto : undefined) ?? (head.encrypted ? "https" : "http"),
    "x-forwarded-host",
    (isTrusted ? forwardedHost : undefined) ?? headers.host ?? "",
  );
}
