/** Sessions for hapi 21: an auth scheme, with a strategy that is the default of all routes. */
import type { Plugin, Request, ResponseToolkit } from "@hapi/hapi";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "@hapi/hapi" {
  interface AuthCredentials {
    session?: VerifiedSession | undefined;
  }
  interface PluginSpecificConfiguration {
    /** Demands of one route. Whether a session is required is said by the route's `auth.mode`. */
    breezeway?: Omit<RouteOptions, "required">;
  }
}

/** hapi goes on without credentials when the mode is `optional` and the error says so. */
const MISSING: Error = Object.assign(new Error("The request carries no session token."), {
  isBoom: true,
  isMissing: true,
  output: { headers: {} },
});

/**
 * Plugin: `request.auth.credentials.session`, or problem+json. Adds the scheme `breezeway` and the
 * strategy `session`, and makes it the default; a route opts out with `auth: false`.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option, when it is registered
 */
export const verifySession: Plugin<SessionOptions> = {
  name: "@breezeway/verify",
  register: (server, options) => {
    const guard = createSessionGuard(options);
    const authenticate = async (request: Request, h: ResponseToolkit) => {
      const admission = await guard.admit(partsOfNodeRequest(request.raw.req), {
        ...request.route.settings.plugins?.breezeway,
        required: request.auth.mode === "required",
      });
      if (admission.kind === "session") {
        const { session } = admission;
        return h.authenticated({ credentials: { session, scope: [...session.scopes] } });
      }
      if (admission.kind === "anonymous") return h.unauthenticated(MISSING);
      // hapi cannot let a request pass that is neither: an answer without CORS headers.
      if (admission.kind === "preflight") return h.response().code(204).takeover();
      const { status, headers, body } = admission.problem;
      const response = h.response(body).code(status);
      for (const [name, value] of Object.entries(headers)) response.header(name, value);
      return response.takeover();
    };
    server.auth.scheme("breezeway", () => ({ authenticate }));
    server.auth.strategy("session", "breezeway");
    const mode = options.required === false ? "optional" : "required";
    server.auth.default({ strategy: "session", mode });
    server.events.on("stop", () => guard.close());
  },
};
