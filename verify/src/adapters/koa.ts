/** Sessions for Koa 3 and 2. */
import type { Context, Middleware } from "koa";
import { partsOfNodeRequest, type RequestParts } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "koa" {
  interface DefaultState {
    session?: VerifiedSession | undefined;
  }
}

export interface SessionMiddleware extends Middleware {
  /**
   * The same middleware with other options for one route.
   *
   * @throws {BridgeError} CONFIG_INVALID, naming the option
   */
  with(route: RouteOptions): Middleware;
  close(): void;
}

/**
 * Middleware that sets `ctx.state.session`, or answers with problem+json.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionMiddleware {
  const source = "verifySession";
  const guard = openSessionGuard(parseSessionOptions(options, source), source);
  const middleware = (route?: RouteOptions): Middleware => {
    guard.checkRoute(route);
    return async (context, next) => {
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
  };
  return Object.assign(middleware(), { with: middleware, close: () => guard.close() });
}

/** koa-mount removes its prefix from `url`, as Express does. Koa keeps the whole in `originalUrl`. */
function partsOf({ req, originalUrl }: Context): RequestParts {
  return { ...partsOfNodeRequest(req), target: originalUrl };
}
