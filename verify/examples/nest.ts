import "reflect-metadata";
import { Controller, Get, HttpCode, Module, Options, type Type } from "@nestjs/common";
import {
  Session,
  SessionModule,
  SessionRules,
  type SessionOptions,
  type VerifiedSession,
} from "@breezeway/verify/nest";

@Controller()
class OrdersController {
  @Get()
  @SessionRules({ required: false })
  home(@Session() session?: VerifiedSession): object {
    return { user: session?.userId ?? null };
  }

  @Get("orders")
  @SessionRules({ scopes: ["orders:read"] })
  orders(@Session() session: VerifiedSession): object {
    return { user: session.userId, tenant: session.tenantId };
  }

  @Options("orders")
  @HttpCode(204)
  preflight(): void {}
}

export function createModule(options: SessionOptions): Type {
  @Module({ imports: [SessionModule.forRoot(options)], controllers: [OrdersController] })
  class AppModule {}
  return AppModule;
}
