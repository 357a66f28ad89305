import { server as createServer, type Server } from "@hapi/hapi";
import { sessionOf, verifySession, type SessionOptions } from "@breezeway/verify/hapi";

export async function createApp(options: SessionOptions): Promise<Server> {
  const server = createServer({ host: "127.0.0.1", port: 0 });
  await server.register({ plugin: verifySession, options });
  server.route({
    method: "GET",
    path: "/",
    options: { auth: { mode: "optional" } },
    handler: ({ auth }) => ({ user: auth.credentials?.session?.userId ?? null }),
  });
  server.route({
    method: ["GET", "OPTIONS"],
    path: "/orders",
    options: { plugins: { breezeway: { scopes: ["orders:read"] } } },
    handler: ({ auth }) => {
      const { userId, tenantId } = sessionOf(auth.credentials);
      return { user: userId, tenant: tenantId };
    },
  });
  return server;
}
