/** Sessions for Next.js 16 and 15: route handlers, API routes of the pages router, and `proxy`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendProblem } from "../guard/node-response.ts";
import { partsOfNodeRequest, partsOfWebRequest } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RequiredRoute, SessionFor } from "../guard/session-of.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import { webHandlers, type WrapHandler } from "../guard/web-handler.ts";
import { problemResponse } from "../guard/web-response.ts";

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
   * `export const proxy = session.proxy()` in `proxy.ts` (`middleware.ts` before Next 16): lets
   * nobody past without a session. Handlers behind it still take their session from `route` or
   * `page`: whatever a proxy put into headers, a client could have put there.
   */
  proxy(route?: RouteOptions): (request: Request) => Promise<Response | undefined>;
  close(): void;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function verifySession(options: Omit<SessionOptions, "required">): NextSessions {
  const guard = createSessionGuard(options);
  return {
    route: webHandlers(guard),
    page: (handle, route) => async (request, response) => {
      const admission = await guard.admit(partsOfNodeRequest(request), route);
      if (admission.kind === "refused") return sendProblem(response, admission.problem);
      if (admission.kind === "preflight") return void response.writeHead(204).end();
      await handle(request, response, admission.session as never);
    },
    proxy: (route) => async (request) => {
      const admission = await guard.admit(partsOfWebRequest(request), route);
      return admission.kind === "refused" ? problemResponse(admission.problem) : undefined;
    },
    close: () => guard.close(),
  };
}
