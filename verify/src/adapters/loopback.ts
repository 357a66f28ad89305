/** Sessions for LoopBack 4: an interceptor for methods, controllers or the whole application. */
import "./express-request.ts";
import type { Context, Interceptor } from "@loopback/core";
import type { Request, Response } from "@loopback/rest";
import { sendProblem } from "../guard/node-response.ts";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";

export * from "../guard/public.ts";

/** Key of the `VerifiedSession` in the request's context: `@inject(SESSION)`. */
export const SESSION = "breezeway.session";

export interface SessionInterceptor extends Interceptor {
  /** The same for one route, with other demands. */
  with(route: RouteOptions): Interceptor;
  close(): void;
}

/**
 * Interceptor that binds the session to `SESSION` and sets `request.session`, or answers with
 * problem+json. An invocation that no HTTP request caused passes.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: SessionOptions): SessionInterceptor {
  const guard = createSessionGuard(options);
  const interceptor =
    (route?: RouteOptions): Interceptor =>
    async (invocation, next) => {
      const optional = { optional: true } as const;
      const context = await invocation.get<Context>("rest.http.request.context", optional);
      if (!context) return next();
      const request = await context.get<Request>("rest.http.request");
      const admission = await guard.admit(partsOfNodeRequest(request), route);
      if (admission.kind === "refused") {
        const response = await context.get<Response>("rest.http.response");
        sendProblem(response, admission.problem);
        // LoopBack writes nothing when it is given the response itself.
        return response;
      }
      request.session = admission.session;
      if (admission.session) context.bind(SESSION).to(admission.session);
      return next();
    };
  return Object.assign(interceptor(), { with: interceptor, close: () => guard.close() });
}
