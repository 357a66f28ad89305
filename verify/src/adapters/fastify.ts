/** Sessions for Fastify 5. */
import type { FastifyPluginAsync } from "fastify";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { createSessionGuard } from "../guard/session-guard.ts";
import type { RouteOptions, SessionOptions } from "../guard/session-options.ts";
import type { VerifiedSession } from "../verifier/verified-session.ts";

export * from "../guard/public.ts";

declare module "fastify" {
  interface FastifyRequest {
    session?: VerifiedSession | undefined;
  }
  interface FastifyContextConfig {
    /** Other demands for this route; `false` leaves it open to everybody. */
    session?: RouteOptions | false;
  }
}

const plugin: FastifyPluginAsync<SessionOptions> = async (fastify, options) => {
  const guard = createSessionGuard(options);
  fastify.decorateRequest("session", undefined);
  fastify.addHook("onRequest", async (request, reply) => {
    const route = request.routeOptions.config.session;
    if (route === false) return;
    const admission = await guard.admit(partsOfNodeRequest(request.raw), route);
    if (admission.kind === "refused") {
      const { status, headers, body } = admission.problem;
      // Fastify would add a charset to the type of a text.
      return reply.code(status).headers(headers).send(Buffer.from(body));
    }
    request.session = admission.session;
  });
  fastify.addHook("onClose", () => guard.close());
};

/**
 * Plugin that guards every route beside and below it: sets `request.session`, or answers with
 * problem+json. A route's own demands stand in its `config.session`.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option, when it is registered
 */
export const verifySession: FastifyPluginAsync<SessionOptions> = Object.assign(plugin, {
  // As fastify-plugin does: the hook is for the context that registers the plugin, not for one of
  // the plugin's own.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@breezeway/verify",
});
