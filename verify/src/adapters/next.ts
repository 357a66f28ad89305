/** Sessions for Next.js 16 and 15: route handlers, API routes of the pages router, and `proxy`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { problemResponse, sendProblem } from "../guard/problem-response.ts";
import { partsOfNodeRequest, partsOfWebRequest } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import type { RequiredRoute, SessionFor } from "../guard/session-of.ts";
import {
  parseHandlerSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import { webHandlers, type WrapHandler } from "../guard/web-handler.ts";

export * from "../guard/public.ts";

export interface NextSessions {
  /** `export const GET = session.route((request, session, context) => …)` in a `route.ts`. */
  readonly route: WrapHandler;
  /** `export default session.page((req, res, session) => …)` in `pages/api`. */
  page<
    Incoming extends IncomingMessage,
    Outgoing extends ServerResponse,
    const Route extends RouteOptions = RequiredRoute,
  >(
    handle: (request: Incoming, response: Outgoing, session: SessionFor<Route>) => unknown,
    route?: Route,
  ): (request: Incoming, response: Outgoing) => Promise<void>;
  /**
   * `export const proxy = session.proxy()` in `proxy.ts` (`middleware.ts` before Next 16): refuses
   * requests without a session. Handlers behind it must still take the session from `route` or `page`,
   * because a client can send the same headers as a proxy.
   */
  proxy(route?: RouteOptions): (request: Request) => Promise<Response | undefined>;
  close(): void;
}

/**
 * Guards route handlers, API routes and `proxy`.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: Omit<SessionOptions, "required">): NextSessions {
  const source = "verifySession";
  const guard = openSessionGuard(parseHandlerSessionOptions(options, source), source);
  return {
    route: webHandlers(guard),
    page: (handle, route) => {
      guard.checkRoute(route);
      return async (request, response) => {
        const admission = await guard.admit(partsOfNodeRequest(request), route);
        if (admission.kind === "refused") return sendProblem(response, admission.problem);
        if (admission.kind === "preflight") return void response.writeHead(204).end();
        await handle(request, response, admission.session as never);
      };
    },
    proxy: (route) => {
      guard.checkRoute(route);
      return async (request) => {
        const admission = await guard.admit(partsOfWebRequest(request), route);
        return admission.kind === "refused" ? problemResponse(admission.problem) : undefined;
      };
    },
    close: () => guard.close(),
  };
}
