/** Sessions for whatever serves `(request: Request) => Response`: Deno, Bun, Netlify Functions 2. */
import { partsOfWebRequest } from "../guard/request-parts.ts";
import { createSessionGuard, type Admission } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import { webHandlers, type WrapHandler } from "../guard/web-handler.ts";

export * from "../guard/public.ts";
export type { Admission } from "../guard/session-guard.ts";
export * from "../guard/public.ts";

export interface FetchSessions {
  /** Wraps a handler that also takes the session. CORS preflights are answered with 204. */
  readonly handler: WrapHandler;
  /** The decision alone, for handlers that answer by themselves. Never rejects. */
  admit(request: Request, route?: RouteOptions): Promise<Admission>;
  close(): void;
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function verifySession(options: Omit<SessionOptions, "required">): FetchSessions {
  const guard = createSessionGuard(options);
  return {
    handler: webHandlers(guard),
    admit: (request, route) => guard.admit(partsOfWebRequest(request), route),
    close: () => guard.close(),
  };
}
