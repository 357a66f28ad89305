/** Sessions for Express 5 and 4. */
import "./express-request.ts";
import type { RequestHandler } from "express";
import { sendProblem } from "../guard/problem-response.ts";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";

export * from "../guard/public.ts";

export interface SessionMiddleware extends RequestHandler {
  /**
   * The same middleware with other options for one route.
   *
   * @throws {BridgeError} CONFIG_INVALID, naming the option
   */
  with(route: RouteOptions): RequestHandler;
  close(): void;
}

/**
 * Middleware that sets `req.session`, or answers with problem+json.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionMiddleware {
  const source = "verifySession";
  const guard = openSessionGuard(parseSessionOptions(options, source), source);
  const middleware = (route?: RouteOptions): RequestHandler => {
    guard.checkRoute(route);
    return async (request, response, next) => {
      const admission = await guard.admit(partsOfNodeRequest(request), route);
      if (admission.kind === "refused") return sendProblem(response, admission.problem);
      request.session = admission.session;
      next();
    };
  };
  return Object.assign(middleware(), { with: middleware, close: () => guard.close() });
}
