import fastify, { type FastifyInstance } from "fastify";
import { sessionOf, verifySession, type SessionOptions } from "@breezeway/verify/fastify";

export function createApp(options: SessionOptions): FastifyInstance {
  const app = fastify();
  app.register(verifySession, options);
  app.register((routes, _options, done) => {
    routes.get("/", { config: { session: { required: false } } }, (request) => ({
      user: request.session?.userId ?? null,
    }));
    const config = { session: { scopes: ["orders:read"] } };
    routes.get("/orders", { config }, (request) => {
      const { userId, tenantId } = sessionOf(request);
      return { user: userId, tenant: tenantId };
    });
    routes.options("/orders", (_request, reply) => reply.code(204).send());
    done();
  });
  return app;
}
