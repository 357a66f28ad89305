/** Sessions for Fastify 5. */
import type { FastifyPluginAsync, RegisterOptions } from "fastify";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { openSessionGuard } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "fastify" {
  interface FastifyRequest {
    session?: VerifiedSession | undefined;
  }
  interface FastifyContextConfig {
    /** Other options for this route. `false` leaves the route unguarded. */
    session?: RouteOptions | false;
  }
}

type RegisteredOptions = SessionOptions & RegisterOptions;

const plugin: FastifyPluginAsync<SessionOptions> = async (fastify, given: RegisteredOptions) => {
  const source = "verifySession";
  // Fastify's own names, which it passes on to the plugin.
  const { prefix, logLevel, logSerializers, ...options } = given;
  const guard = openSessionGuard(parseSessionOptions(options, source), source);
  fastify.decorateRequest("session", undefined);
  fastify.addHook("onRoute", ({ config }) => {
    if (config?.session !== false) guard.checkRoute(config?.session);
  });
  fastify.addHook("onRequest", async (request, reply) => {
    const route = request.routeOptions.config.session;
    if (route === false) return;
    const admission = await guard.admit(partsOfNodeRequest(request.raw), route);
    if (admission.kind === "refused") {
      const { status, headers, body } = admission.problem;
      // Fastify would add a charset to the content type of a string.
      return reply.code(status).headers(headers).send(Buffer.from(body));
    }
    request.session = admission.session;
  });
  fastify.addHook("onClose", () => guard.close());
};

/**
 * Plugin that guards all routes of its context and of those below: it sets `request.session`, or answers
 * with problem+json. A route sets its own options in `config.session`.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option, when the plugin or the route is registered
 */
export const verifySession: FastifyPluginAsync<SessionOptions> = Object.assign(plugin, {
  // As fastify-plugin does: the hooks apply to the context that registers the plugin, instead of a new
  // one.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@breezeway/verify",
});
