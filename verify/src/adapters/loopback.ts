/** Sessions for LoopBack 4: an interceptor for methods, controllers or the whole application. */
import "./express-request.ts";
import type { Context, Interceptor } from "@loopback/core";
import type { Request, Response } from "@loopback/rest";
import { sendProblem } from "../guard/problem-response.ts";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";

export * from "../guard/public.ts";

/** Key of the `VerifiedSession` in the request's context: `@inject(SESSION)`. */
export const SESSION = "breezeway.session";

export interface SessionInterceptor extends Interceptor {
  /**
   * The same interceptor with other options for one route.
   *
   * @throws {BridgeError} CONFIG_INVALID, naming the option
   */
  with(route: RouteOptions): Interceptor;
  close(): void;
}

/**
 * Interceptor that binds the session to `SESSION` and sets `request.session`, or answers with
 * problem+json. An invocation without an HTTP request passes.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionInterceptor {
  const source = "verifySession";
  const guard = openSessionGuard(parseSessionOptions(options, source), source);
  const interceptor = (route?: RouteOptions): Interceptor => {
    guard.checkRoute(route);
    return async (invocation, next) => {
      const optional = { optional: true } as const;
      const context = await invocation.get<Context>("rest.http.request.context", optional);
      if (!context) return next();
      const request = await context.get<Request>("rest.http.request");
      const admission = await guard.admit(partsOfNodeRequest(request), route);
      if (admission.kind === "refused") {
        const response = await context.get<Response>("rest.http.response");
        sendProblem(response, admission.problem);
        // LoopBack writes nothing when the interceptor returns the response itself.
        return response;
      }
      request.session = admission.session;
      if (admission.session) context.bind(SESSION).to(admission.session);
      return next();
    };
  };
  return Object.assign(interceptor(), { with: interceptor, close: () => guard.close() });
}
