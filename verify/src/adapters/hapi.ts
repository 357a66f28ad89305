/** Sessions for hapi 21: an auth scheme, with a strategy that is the default of all routes. */
import type { Plugin, Request, RequestRoute, ResponseToolkit } from "@hapi/hapi";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { openSessionGuard, type Admission } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import { invalidOption } from "../options/checks.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "@hapi/hapi" {
  interface AuthCredentials {
    session?: VerifiedSession | undefined;
  }
  interface PluginSpecificConfiguration {
    /** Options of one route. The route's `auth.mode` says whether a session is required. */
    breezeway?: Omit<RouteOptions, "required">;
  }
}

/** With mode `optional` hapi continues without credentials after an error that has `isMissing`. */
const MISSING: Error = Object.assign(new Error("The request carries no session token."), {
  isBoom: true,
  isMissing: true,
  output: { headers: {} },
});

/** The settings of the servers that have the plugin: a plugin sees the server as a clone of its own. */
const guarded = new WeakSet<object>();

/**
 * Plugin that sets `request.auth.credentials.session`, or answers with problem+json. It adds the scheme
 * `breezeway` and the strategy `session`, and makes the strategy the default. A route opts out with
 * `auth: false`.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option, when the plugin is registered, or when the
 * server starts for options of a route
 */
export const verifySession: Plugin<SessionOptions> = {
  name: "@breezeway/verify",
  // Refused below, in words that help.
  multiple: true,
  register: (server, given) => {
    const source = "verifySession";
    if (guarded.has(server.settings)) {
      throw invalidOption(
        source,
        "this hapi server has registered it already. For several apps, list all their ids in " +
          "audience, and let a route check the claim aud in plugins.breezeway.claims",
      );
    }
    const options = parseSessionOptions(given, source);
    const guard = openSessionGuard(options, source);
    guarded.add(server.settings);
    const rulesOf = createRouteRules();
    const authenticate = async (request: Request, h: ResponseToolkit) => {
      const rules = rulesOf(request.route, request.auth.mode === "required");
      return answer(await guard.admit(partsOfNodeRequest(request.raw.req), rules), h);
    };
    server.auth.scheme("breezeway", () => ({ authenticate }));
    server.auth.strategy("session", "breezeway");
    const mode = options.required === false ? "optional" : "required";
    server.auth.default({ strategy: "session", mode });
    server.ext("onPreStart", () => {
      for (const route of server.table()) guard.checkRoute(rulesOf(route, true));
    });
    server.events.on("stop", () => guard.close());
  },
};

/** The options of a route, as the same object on each request: the guard parses each object once. */
function createRouteRules(): (route: RequestRoute, required: boolean) => RouteOptions {
  const known = {
    required: new WeakMap<object, RouteOptions>(),
    optional: new WeakMap<object, RouteOptions>(),
  };
  return ({ settings }, required) => {
    const rules = required ? known.required : known.optional;
    const existing = rules.get(settings);
    if (existing !== undefined) return existing;
    const created = { ...settings.plugins?.breezeway, required };
    rules.set(settings, created);
    return created;
  };
}

function answer(admission: Admission, h: ResponseToolkit) {
  if (admission.kind === "session") {
    const { session } = admission;
    return h.authenticated({ credentials: { session, scope: [...session.scopes] } });
  }
  if (admission.kind === "anonymous") return h.unauthenticated(MISSING);
  // hapi continues only with credentials or without, so this answers the preflight without CORS headers.
  if (admission.kind === "preflight") return h.response().code(204).takeover();
  const { status, headers, body } = admission.problem;
  const response = h.response(body).code(status);
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  return response.takeover();
}
