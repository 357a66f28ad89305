/** Guards handlers from `Request` to `Response`, for all frameworks that have them. */
import { partsOfWebRequest } from "./request-parts.ts";
import type { SessionGuard } from "./session-guard.ts";
import type { RequiredRoute, SessionFor } from "./session-of.ts";
import type { RouteOptions } from "./session-options.ts";
import { problemResponse } from "./problem-response.ts";

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
  return (handle, route) => {
    guard.checkRoute(route);
    return async (request, ...rest) => {
      const admission = await guard.admit(partsOfWebRequest(request), route);
      if (admission.kind === "refused") return problemResponse(admission.problem);
      // The handler cannot answer a preflight. Without CORS headers the browser refuses the request,
      // unless an outer layer adds them.
      if (admission.kind === "preflight") return new Response(null, { status: 204 });
      // Only the caller's types know whether the route can be anonymous.
      return handle(request, admission.session as never, ...rest);
    };
  };
}
