/** Features of the adapter for NestJS. The conformance table tests what all frameworks share. */
import "reflect-metadata";
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type DynamicModule,
  type INestApplication,
  type Type,
} from "@nestjs/common";
import { ExternalContextCreator, NestFactory } from "@nestjs/core";
import { describe, expect, it } from "vitest";
import { send } from "@breezeway/test-support/http-client";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import {
  Session,
  SessionGuard,
  SessionModule,
  SessionRules,
  type NestSessionOptions,
  type VerifiedSession,
} from "./nest.ts";

const signer = createSigner();
const options = { issuer: ISSUER, audience: "orders", jwks: [signer.publicJwk] };
const authorization = `Bearer ${signer.sign(claimsAt(Math.floor(Date.now() / 1_000)))}`;
const headers = { authorization };

// Decorators are called as functions here: only the examples are compiled with decorator syntax.
class Routes {
  strict(): string {
    return "in";
  }
  own(): string {
    return "in";
  }
}
Controller()(Routes);
SessionRules({ scopes: ["orders:delete"] })(Routes);
decorate(Routes.prototype, "strict", Get("strict"));
decorate(Routes.prototype, "own", Get("own"), SessionRules({ scopes: ["orders:read"] }));

class SomeGuarded {
  open(): string {
    return "in";
  }
  guarded(): string {
    return "in";
  }
}
Controller("some")(SomeGuarded);
decorate(SomeGuarded.prototype, "open", Get("open"));
decorate(SomeGuarded.prototype, "guarded", Get("guarded"), UseGuards(SessionGuard));

class Users {
  user(session?: VerifiedSession): string {
    return session?.userId ?? "nobody";
  }
}
Controller()(Users);
Session()(Users.prototype, "user", 0);
decorate(Users.prototype, "user", Get("user"));

function decorate(prototype: object, name: string, ...decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  if (!descriptor) throw new Error(`There is no method ${name}.`);
  for (const decorator of decorators) decorator(prototype, name, descriptor);
}

/** Runs `use` with an application that has these routes. */
async function withApp<T>(
  imports: readonly (DynamicModule | Type)[],
  use: (app: INestApplication) => Promise<T>,
  controller: Type = Users,
): Promise<T> {
  class App {
    readonly controllers = [controller];
  }
  Module({ imports: [...imports], controllers: [controller] })(App);
  const app = await NestFactory.create(App, { logger: false, abortOnError: false });
  try {
    await app.listen(0, "127.0.0.1");
    return await use(app);
  } finally {
    await app.close();
  }
}

async function answerOf(app: INestApplication, path: string, sent = headers as object) {
  return send(`${await app.getUrl()}${path}`, { headers: { ...sent } });
}

describe("the guard", () => {
  it("applies the rules of a method instead of those of its controller", () =>
    withApp(
      [SessionModule.forRoot(options)],
      async (app) => {
        expect((await answerOf(app, "/strict")).status).toBe(403);
        expect((await answerOf(app, "/own")).status).toBe(200);
      },
      Routes,
    ));

  it("guards only routes with UseGuards when everyRoute is false", () =>
    withApp(
      [SessionModule.forRoot({ ...options, audience: "inspector", everyRoute: false })],
      async (app) => {
        expect((await answerOf(app, "/some/open")).status).toBe(200);
        expect((await answerOf(app, "/some/guarded")).status).toBe(401);
      },
      SomeGuarded,
    ));
});

describe("SessionModule.forRootAsync", () => {
  class Settings {
    readonly audience: string = "orders";
  }
  Injectable()(Settings);
  const moduleWith = (
    useFactory: (settings: Settings) => NestSessionOptions | Promise<NestSessionOptions>,
    everyRoute = true,
  ): DynamicModule =>
    SessionModule.forRootAsync({
      imports: [{ module: Settings, providers: [Settings], exports: [Settings] }],
      inject: [Settings],
      useFactory,
      everyRoute,
    });

  it("guards every route with the options of the factory", () =>
    withApp([moduleWith(async ({ audience }) => ({ ...options, audience }))], async (app) => {
      expect((await answerOf(app, "/user")).body).toBe("alice");
      expect((await answerOf(app, "/user", {})).status).toBe(401);
    }));

  it("guards only routes with UseGuards when everyRoute is false", () =>
    withApp(
      [moduleWith(({ audience }) => ({ ...options, audience }), false)],
      async (app) => {
        expect((await answerOf(app, "/some/open", {})).status).toBe(200);
        expect((await answerOf(app, "/some/guarded", {})).status).toBe(401);
        expect((await answerOf(app, "/some/guarded")).status).toBe(200);
      },
      SomeGuarded,
    ));

  it("fails the start with the name of a wrong option of the factory", async () => {
    const wrong = moduleWith(() => ({ ...options, scoeps: [] }));
    await expect(withApp([wrong], async () => {})).rejects.toThrow(
      'SessionModule.forRootAsync: scoeps: unknown option. Did you mean "scopes"?',
    );
  });

  it("refuses a misspelt option of its own", () => {
    const misspelt = { useFactory: () => options, injct: [] } as never;
    expect(() => SessionModule.forRootAsync(misspelt)).toThrow(
      'SessionModule.forRootAsync: injct: unknown option. Did you mean "inject"?',
    );
  });
});

describe("getRequest", () => {
  it("replaces the request that carries the token, and @Session() finds its session", () =>
    withApp(
      [
        SessionModule.forRoot({
          ...options,
          getRequest: (context) => {
            const request = context.switchToHttp().getRequest<{ headers: NodeJS.Dict<string> }>();
            return { headers: { authorization: request.headers["x-token"] } };
          },
        }),
      ],
      async (app) => {
        expect((await answerOf(app, "/user", { "x-token": authorization })).body).toBe("alice");
        expect((await answerOf(app, "/user")).status).toBe(401);
      },
    ));
});

describe("a context other than HTTP", () => {
  const request = { method: "POST", url: "/", headers };
  const withoutToken = (args: readonly unknown[]): unknown[] =>
    JSON.parse(JSON.stringify(args).replaceAll(authorization, "Basic YTpi")) as unknown[];

  interface Kind {
    readonly name: string;
    readonly type: string;
    /** The arguments that Nest passes in such a context. */
    readonly args: readonly unknown[];
    readonly getRequest?: NestSessionOptions["getRequest"];
  }

  /** Calls a handler as Nest's adapters for GraphQL, sockets and messages do. */
  const call = ({ type, args, getRequest }: Kind): Promise<unknown> =>
    withApp([SessionModule.forRoot({ ...options, ...(getRequest && { getRequest }) })], (app) => {
      const users = app.get(Users);
      const nothing = undefined as never;
      const creator = app.get(ExternalContextCreator, { strict: false });
      const handler = creator.create(
        ...([users, () => users.user(), "user", nothing, nothing, nothing, nothing] as const),
        ...([{ guards: true, filters: false, interceptors: false }, type] as const),
      );
      return Promise.resolve(handler(...args));
    });

  it.each<Kind>([
    { name: "Apollo", type: "graphql", args: [{}, {}, { req: request }, {}] },
    {
      name: "Apollo on Fastify",
      type: "graphql",
      args: [{}, {}, { req: { raw: request, headers } }],
    },
    {
      name: "Mercurius",
      type: "graphql",
      args: [{}, {}, { reply: { request: { raw: request, headers } } }],
    },
    { name: "Yoga", type: "graphql", args: [{}, {}, { request }, {}] },
    {
      name: "a socket with getRequest",
      type: "ws",
      args: [{ handshake: { headers } }, "data"],
      getRequest: (context) => context.switchToWs().getClient<{ handshake: object }>().handshake,
    },
    {
      name: "a message with getRequest",
      type: "rpc",
      args: [{ headers }],
      getRequest: (context) => context.switchToRpc().getData<object>(),
    },
  ])("passes with the token of $name", async (kind) => {
    expect(await call(kind)).toBe("nobody");
    await expect(call({ ...kind, args: withoutToken(kind.args) })).rejects.toMatchObject({
      problem: { status: 401 },
    });
  });

  it.each<Kind>([
    { name: "a socket", type: "ws", args: [{ handshake: { headers } }, "data"] },
    { name: "a message", type: "rpc", args: [{ headers }] },
    {
      name: "a GraphQL subscription",
      type: "graphql",
      args: [{}, {}, { req: { extra: { request } } }],
    },
    { name: "a GraphQL context without a request", type: "graphql", args: [{}, {}, {}] },
    {
      name: "a getRequest without a result",
      type: "http",
      args: [request],
      getRequest: () => undefined,
    },
  ])("is refused with a hint at getRequest for $name", async (kind) => {
    await expect(call(kind)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(
        `getRequest: the guard finds no request in a context of type ${kind.type}.`,
      ) as string,
    });
  });
});
