/** Sessions for servers of `(request: Request) => Response`: Deno, Bun, Netlify Functions 2. */
import { partsOfWebRequest } from "../guard/request-parts.ts";
import { openSessionGuard, type Admission } from "../guard/session-guard.ts";
import {
  parseHandlerSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import { webHandlers, type WrapHandler } from "../guard/web-handler.ts";

export * from "../guard/public.ts";
export type { Admission } from "../guard/session-guard.ts";

export interface FetchSessions {
  /** Wraps a handler that takes the session as its second argument. Answers preflights with 204. */
  readonly handler: WrapHandler;
  /** Returns the decision, for handlers that send the response themselves. Never rejects. */
  admit(request: Request, route?: RouteOptions): Promise<Admission>;
  close(): void;
}

/**
 * Guards handlers of the Fetch standard.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option
 */
export function verifySession(options: Omit<SessionOptions, "required">): FetchSessions {
  const source = "verifySession";
  const guard = openSessionGuard(parseHandlerSessionOptions(options, source), source);
  return {
    handler: webHandlers(guard),
    admit: (request, route) => guard.admit(partsOfWebRequest(request), route),
    close: () => guard.close(),
  };
}
