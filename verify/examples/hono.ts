import { Hono } from "hono";
import { sessionOf, verifySession, type SessionOptions } from "@breezeway/verify/hono";

export function createApp(options: SessionOptions): Hono {
  const app = new Hono();
  const session = verifySession(options);
  app.get("/", session.with({ required: false }), (context) =>
    context.json({ user: context.var.session?.userId ?? null }),
  );
  app.all("/orders", session.with({ scopes: ["orders:read"] }), (context) => {
    if (!context.var.session) return context.body(null, 204); // a CORS preflight
    const { userId, tenantId } = sessionOf(context.var);
    return context.json({ user: userId, tenant: tenantId });
  });
  return app;
}
