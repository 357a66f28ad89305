/** Handlers from `Request` to `Response` behind a guard, for every framework that has them. */
import { partsOfWebRequest } from "./request-parts.ts";
import type { SessionGuard } from "./session-guard.ts";
import type { RequiredRoute, SessionFor } from "./session-of.ts";
import type { RouteOptions } from "./session-options.ts";
import { preflightResponse, problemResponse } from "./web-response.ts";

export type WrapHandler = <
  Incoming extends Request,
  Rest extends readonly unknown[],
  const Route extends RouteOptions = RequiredRoute,
>(
  handle: (
    request: Incoming,
    session: SessionFor<Route>,
    ...rest: Rest
  ) => Response | Promise<Response>,
  route?: Route,
) => (request: Incoming, ...rest: Rest) => Promise<Response>;

export function webHandlers(guard: SessionGuard): WrapHandler {
  return (handle, route) =>
    async (request, ...rest) => {
      const admission = await guard.admit(partsOfWebRequest(request), route);
      if (admission.kind === "refused") return problemResponse(admission.problem);
      if (admission.kind === "preflight") return preflightResponse();
      // Only the caller's types know whether its route can be anonymous.
      return handle(request, admission.session as never, ...rest);
    };
}
