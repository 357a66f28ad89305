import Koa from "koa";
import { sessionOf, verifySession, type SessionOptions } from "@breezeway/verify/koa";

export function createApp(options: SessionOptions): Koa {
  const app = new Koa();
  const session = verifySession(options);
  const home = session.with({ required: false });
  const orders = session.with({ scopes: ["orders:read"] });
  app.use(async (context) => {
    if (context.path === "/") {
      await home(context, async () => {
        context.body = { user: context.state.session?.userId ?? null };
      });
    } else {
      await orders(context, async () => {
        if (!context.state.session) return void (context.status = 204); // a CORS preflight
        const { userId, tenantId } = sessionOf(context.state);
        context.body = { user: userId, tenant: tenantId };
      });
    }
  });
  return app;
}
