import { inject, intercept } from "@loopback/core";
import { RestApplication, get, operation } from "@loopback/rest";
import {
  SESSION,
  verifySession,
  type SessionOptions,
  type VerifiedSession,
} from "@breezeway/verify/loopback";

export function createApp(options: SessionOptions): RestApplication {
  const session = verifySession(options);

  class OrdersController {
    @intercept(session.with({ required: false }))
    @get("/")
    home(@inject(SESSION, { optional: true }) caller?: VerifiedSession): object {
      return { user: caller?.userId ?? null };
    }

    @intercept(session.with({ scopes: ["orders:read"] }))
    @get("/orders")
    orders(@inject(SESSION) caller: VerifiedSession): object {
      return { user: caller.userId, tenant: caller.tenantId };
    }

    @intercept(session)
    @operation("options", "/orders")
    preflight(): void {}
  }

  // LoopBack's own CORS answers every OPTIONS request, a preflight or not.
  const app = new RestApplication({
    rest: { host: "127.0.0.1", port: 0, cors: { origin: false } },
  });
  app.controller(OrdersController);
  return app;
}
