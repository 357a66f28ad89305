/** Sessions for Hono 4, on Node. */
import type { MiddlewareHandler } from "hono";
import { partsOfWebRequest } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import { problemResponse } from "../guard/web-response.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "hono" {
  interface ContextVariableMap {
    session?: VerifiedSession | undefined;
  }
}

export interface SessionMiddleware extends MiddlewareHandler {
  /** The same for one route, with other demands. */
  with(route: RouteOptions): MiddlewareHandler;
  close(): void;
}

/**
 * Middleware that sets `c.var.session`, or answers with problem+json.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionMiddleware {
  const guard = createSessionGuard(options);
  const middleware =
    (route?: RouteOptions): MiddlewareHandler =>
    async (context, next) => {
      const admission = await guard.admit(partsOfWebRequest(context.req.raw), route);
      if (admission.kind === "refused") return problemResponse(admission.problem);
      context.set("session", admission.session);
      await next();
      return undefined;
    };
  return Object.assign(middleware(), { with: middleware, close: () => guard.close() });
}
