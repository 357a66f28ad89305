/**
 * The fetch handler: finds the endpoint and applies guards, limits and error responses, which all
 * endpoints share. Paths are compared exactly; there are no patterns.
 */
import { randomUUID } from "node:crypto";
import { BridgeError, isHttpCode } from "@breezeway/shared";
import type { AuditSink } from "../audit/audit.ts";
import { REQUEST_LIMITS } from "../limits.ts";
import type { AuditSubject, Endpoint, RequestContext } from "./context.ts";
import { allowedMethods, corsHeaders, preflight } from "./cors.ts";
import { assertNoOtherPage, assertSameOrigin, type OriginPolicy } from "./csrf.ts";
import type { RateLimiter } from "./rate-limits.ts";
import { problem } from "./respond.ts";

/** What the server knows about a request besides the `Request`. */
export interface RequestInfo {
  /** Address of the client. Without it, no limit per address applies. */
  readonly address?: string | undefined;
  /** The server is about to stop: the health endpoint answers 503, and all others as before. */
  readonly isDraining?: boolean | undefined;
}

export interface RouterDeps {
  /** Path above the endpoints, without a trailing slash: `/auth`. */
  readonly mountPath: string;
  readonly endpoints: readonly Endpoint[];
  readonly origins: OriginPolicy;
  readonly limits: RateLimiter;
  readonly audit: AuditSink;
  /** Receives failures whose cause callers do not see. */
  readonly onError: (error: unknown, requestId: string) => void;
}

const { maxHeaderBytes } = REQUEST_LIMITS;
const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;

export type Router = (request: Request, info?: RequestInfo) => Promise<Response>;

export function createRouter(deps: RouterDeps): Router {
  const { mountPath, endpoints, origins, limits, audit, onError } = deps;
  const byPath = Map.groupBy(endpoints, ({ path }) => mountPath + path);

  async function dispatch(context: RequestContext): Promise<Response> {
    const { request, url } = context;
    assertHeaderSize(request.headers);
    const candidates = byPath.get(url.pathname);
    if (!candidates) throw new BridgeError("ROUTE_UNKNOWN", "There is no endpoint at this path.");
    if (request.method === "OPTIONS") return preflight(request.headers, candidates, origins);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const endpoint = candidates.find((candidate) => candidate.method === method);
    if (!endpoint) {
      throw new BridgeError("METHOD_NOT_ALLOWED", "The endpoint does not support this method.", {
        details: { allow: allowedMethods(candidates) },
      });
    }
    if (endpoint.guard === "read") assertNoOtherPage(request.headers, origins);
    if (endpoint.guard === "change") {
      // Before the limit: otherwise any page that is open in an office could use up the office's
      // limit.
      assertSameOrigin(request.headers, origins);
      await limits.request(context.address);
    }
    return endpoint.handle(context);
  }

  return async (request, info = {}) => {
    const given = request.headers.get("x-request-id");
    const requestId = given !== null && REQUEST_ID.test(given) ? given : randomUUID();
    const subject: AuditSubject = {};
    let response: Response;
    try {
      // The URL contains the `Host` header, and a client may send anything.
      const url = URL.parse(request.url);
      if (!url) throw new BridgeError("REQUEST_MALFORMED", "The request URL is not valid.");
      const address = info.address ?? "unknown";
      const isDraining = info.isDraining === true;
      response = await dispatch({ request, url, requestId, address, isDraining, subject });
    } catch (error) {
      response = problem(error, requestId, retryAfterOf(error));
      if (BridgeError.is(error) && typeof error.details["allow"] === "string") {
        response.headers.set("allow", error.details["allow"]);
      }
      const reason = BridgeError.is(error) && isHttpCode(error.code) ? error.reason : undefined;
      if (response.status >= 500) onError(error, requestId);
      else audit({ event: "request.refused", ...subject, reason, requestId });
    }
    // The key set sets `*` itself.
    if (!response.headers.has("access-control-allow-origin")) {
      for (const [name, value] of corsHeaders(request.headers, origins)) {
        response.headers.set(name, value);
      }
    }
    response.headers.set("x-request-id", requestId);
    return response;
  };
}

function assertHeaderSize(headers: Headers): void {
  let size = 0;
  for (const [name, value] of headers) size += name.length + value.length;
  if (size > maxHeaderBytes) {
    throw new BridgeError(
      "HEADERS_TOO_LARGE",
      `The request headers are larger than ${maxHeaderBytes} bytes.`,
    );
  }
}

function retryAfterOf(error: unknown): number | undefined {
  const seconds = BridgeError.is(error) ? error.details["retryAfterSeconds"] : undefined;
  return typeof seconds === "number" ? seconds : undefined;
}
