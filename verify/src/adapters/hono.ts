/** Sessions for Hono 4, on Node. */
import type { MiddlewareHandler } from "hono";
import { partsOfWebRequest } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import { problemResponse } from "../guard/problem-response.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "hono" {
  interface ContextVariableMap {
    session?: VerifiedSession | undefined;
  }
}

export interface SessionMiddleware extends MiddlewareHandler {
  /**
   * The same middleware with other options for one route.
   *
   * @throws {BridgeError} CONFIG_INVALID, naming the option
   */
  with(route: RouteOptions): MiddlewareHandler;
  close(): void;
}

/**
 * Middleware that sets `c.var.session`, or answers with problem+json.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionMiddleware {
  const source = "verifySession";
  const guard = openSessionGuard(parseSessionOptions(options, source), source);
  const middleware = (route?: RouteOptions): MiddlewareHandler => {
    guard.checkRoute(route);
    return async (context, next) => {
      const admission = await guard.admit(partsOfWebRequest(context.req.raw), route);
      if (admission.kind === "refused") return problemResponse(admission.problem);
      context.set("session", admission.session);
      await next();
      return undefined;
    };
  };
  return Object.assign(middleware(), { with: middleware, close: () => guard.close() });
}
