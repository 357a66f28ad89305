/** Sessions for Koa 3 and 2. */
import type { Context, Middleware } from "koa";
import { partsOfNodeRequest, type RequestParts } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "koa" {
  interface DefaultState {
    session?: VerifiedSession | undefined;
  }
}

export interface SessionMiddleware extends Middleware {
  /** The same for one route, with other demands. */
  with(route: RouteOptions): Middleware;
  close(): void;
}

/**
 * Middleware that sets `ctx.state.session`, or answers with problem+json.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionMiddleware {
  const guard = createSessionGuard(options);
  const middleware =
    (route?: RouteOptions): Middleware =>
    async (context, next) => {
      const admission = await guard.admit(partsOf(context), route);
      if (admission.kind === "refused") {
        context.status = admission.problem.status;
        context.set(admission.problem.headers);
        context.body = admission.problem.body;
        return;
      }
      context.state.session = admission.session;
      await next();
    };
  return Object.assign(middleware(), { with: middleware, close: () => guard.close() });
}

/** koa-mount takes its path out of the request's, as Express does, but tells of it elsewhere. */
function partsOf({ req, originalUrl }: Context): RequestParts {
  return { ...partsOfNodeRequest(req), target: originalUrl };
}
