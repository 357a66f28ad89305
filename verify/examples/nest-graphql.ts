import "reflect-metadata";
import { ApolloDriver, type ApolloDriverConfig } from "@nestjs/apollo";
import { Module, type Type } from "@nestjs/common";
import { GraphQLModule, Query, Resolver } from "@nestjs/graphql";
import {
  Session,
  SessionModule,
  SessionRules,
  type SessionOptions,
  type VerifiedSession,
} from "@breezeway/verify/nest";

@Resolver()
class OrdersResolver {
  @Query(() => String, { nullable: true })
  @SessionRules({ required: false })
  user(@Session() session?: VerifiedSession): string | null {
    return session?.userId ?? null;
  }

  @Query(() => String)
  @SessionRules({ scopes: ["orders:read"] })
  tenant(@Session() session: VerifiedSession): string {
    return session.tenantId;
  }
}

export function createGraphqlModule(options: SessionOptions): Type {
  @Module({
    imports: [
      SessionModule.forRoot(options),
      GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
    ],
    providers: [OrdersResolver],
  })
  class AppModule {}
  return AppModule;
}
