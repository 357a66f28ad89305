/** Sessions for Fastify 5. */
import type { FastifyInstance, FastifyPluginAsync, RegisterOptions } from "fastify";
import { partsOfNodeRequest } from "../guard/request-parts.ts";
import { openSessionGuard, type SessionGuard } from "../guard/session-guard.ts";
import {
  parseSessionOptions,
  type RouteOptions,
  type SessionOptions,
} from "../guard/session-options.ts";
import { invalidOption } from "../options/checks.ts";
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

/** The instances that registered the plugin, and the guard of each. Instances below inherit it. */
const GUARD = Symbol("@breezeway/verify");

type GuardedInstance = FastifyInstance & { [GUARD]?: SessionGuard };

function checkInstance(instance: GuardedInstance, source: string): void {
  if (Object.hasOwn(instance, GUARD)) {
    throw invalidOption(
      source,
      "this Fastify instance has registered it already. For other options, register it in a nested " +
        "instance, app.register(async (routes) => …), or set config.session of a route",
    );
  }
  if (instance[GUARD] === undefined && instance.hasRequestDecorator("session")) {
    throw invalidOption(
      source,
      "another plugin, such as @fastify/session, has decorated requests with session. Register the " +
        "two in separate instances",
    );
  }
}

const plugin: FastifyPluginAsync<SessionOptions> = async (fastify, given: RegisteredOptions) => {
  const source = "verifySession";
  // Fastify's own names, which it passes on to the plugin.
  const { prefix, logLevel, logSerializers, ...options } = given;
  const instance: GuardedInstance = fastify;
  checkInstance(instance, source);
  const guard = openSessionGuard(parseSessionOptions(options, source), source);
  // The decorator of an outer instance holds for this one, too.
  if (instance[GUARD] === undefined) fastify.decorateRequest("session", undefined);
  instance[GUARD] = guard;
  fastify.addHook("onRoute", ({ config }) => {
    if (config?.session !== false) guard.checkRoute(config?.session);
  });
  fastify.addHook("onRequest", async (request, reply) => {
    // The hooks of outer instances run, too, but only the nearest guard decides.
    if ((request.server as GuardedInstance)[GUARD] !== guard) return;
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
 * with problem+json. A route sets its own options in `config.session`. A context below may register the
 * plugin again: its options then replace those of the context above.
 *
 * @throws {BridgeError} CONFIG_INVALID, naming the option, when the plugin or the route is registered
 */
export const verifySession: FastifyPluginAsync<SessionOptions> = Object.assign(plugin, {
  // As fastify-plugin does: the hooks apply to the context that registers the plugin, instead of a new
  // one.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "@breezeway/verify",
});
