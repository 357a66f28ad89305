/** Sessions for Express 5 and 4. */
import "./express-request.ts";
import type { RequestHandler } from "express";
import { sendProblem } from "../guard/node-response.ts";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";

export * from "../guard/public.ts";

export interface SessionMiddleware extends RequestHandler {
  /** The same for one route, with other demands. */
  with(route: RouteOptions): RequestHandler;
  close(): void;
}

/**
 * Middleware that sets `req.session`, or answers with problem+json.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionMiddleware {
  const guard = createSessionGuard(options);
  const middleware =
    (route?: RouteOptions): RequestHandler =>
    async (request, response, next) => {
      const admission = await guard.admit(partsOfNodeRequest(request), route);
      if (admission.kind === "refused") return sendProblem(response, admission.problem);
      request.session = admission.session;
      next();
    };
  return Object.assign(middleware(), { with: middleware, close: () => guard.close() });
}
