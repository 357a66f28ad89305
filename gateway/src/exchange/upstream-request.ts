/** Turns an admitted request into the request that goes to its upstream. */
import { BridgeError } from "@breezeway/shared";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { Examined } from "../decision/examine.ts";
import type { Policy } from "../decision/policy.ts";
import type { Route } from "../decision/route-table.ts";
import { removeFields } from "../request/header-list.ts";
import type { RequestHead } from "../request/request-head.ts";
import type { ChunkedRequest } from "../upstream/chunked-client.ts";
import { announcedTrailers, requestTrailers } from "../upstream/trailer-fields.ts";
import type { ClientSide } from "./client-side.ts";

/** What both kinds of request have in common. */
export interface UpstreamRequest {
  readonly request: Examined;
  /** Name, value, name, value: everything that goes to the upstream. */
  readonly headers: string[];
  readonly body: Readable | null;
}

/**
 * The protocol to upgrade to, or `null`. The gateway ignores every upgrade but WebSocket, as a server may
 * (RFC 9110, section 7.8): h2c would be a tunnel past its checks.
 *
 * @throws {BridgeError} REQUEST_MALFORMED, when the route accepts no WebSocket
 */
export function upgradeOf({ route, headers }: Examined, client: ClientSide): string | null {
  if (!client.canUpgrade || headers.upgrade?.toLowerCase() !== "websocket") return null;
  if (route.webSocket) return "websocket";
  throw new BridgeError("REQUEST_MALFORMED", "This route does not accept WebSocket upgrades.");
}

/** Options for undici, which sends everything but bodies that come in chunks. */
export function dispatchOptions(
  { request, headers, body }: UpstreamRequest,
  upgrade: string | null,
): Dispatcher.DispatchOptions {
  const { route, head } = request;
  return {
    path: pathOf(request),
    method: head.method,
    headers,
    body,
    // `OpenExchanges` times the wait for the head and silence in either body, because one timer of undici
    // per request costs throughput. But only undici knows whether the upstream still takes the body.
    headersTimeout: body === null ? 0 : route.timeoutMs,
    bodyTimeout: 0,
    upgrade,
  };
}

/** A request with a body in chunks, which may end in trailers. */
export function chunkedRequest(
  { request, headers, body }: UpstreamRequest & { readonly body: Readable },
  trailers: () => readonly string[],
): ChunkedRequest {
  const { route, head } = request;
  const announced = announcedTrailers(request.headers.trailer, head.rawHeaders);
  if (announced !== undefined) headers.push("trailer", announced);
  const { timeoutMs } = route;
  return { method: head.method, path: pathOf(request), headers, body, trailers, timeoutMs };
}

/** The client's trailers that may go on. Read them once the body has ended. */
export function forwardTrailers(
  client: ClientSide,
  { rawHeaders }: RequestHead,
  { isRemoved }: Policy,
): readonly string[] {
  const list = [...requestTrailers(client.trailers, rawHeaders)];
  if (isRemoved !== undefined) removeFields(list, isRemoved);
  return list;
}

function pathOf({ route, target }: { readonly route: Route } & Pick<Examined, "target">): string {
  return route.upstreamPath(target.path) + target.query;
}
