/** An option that is `undefined` was not given: it removes nothing that the adapter's options require. */
import "reflect-metadata";
import { server as createHapi } from "@hapi/hapi";
import { intercept } from "@loopback/core";
import { get, RestApplication } from "@loopback/rest";
import { Controller, Get, Module, type Type } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import createExpress from "express";
import createFastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { describe, expect, it } from "vitest";
import { send } from "@breezeway/test-support/http-client";
import { createSigner, ISSUER } from "@breezeway/test-support/signer";
import { serve, type RunningBed } from "../../test-support/beds/bed.ts";
import type { RouteOptions } from "../guard/session-options.ts";
import { createSessionGuard } from "../index.ts";
import { verifySession as verifyExpress } from "./express.ts";
import { verifySession as verifyFastify } from "./fastify.ts";
import { verifySession as verifyFetch } from "./fetch.ts";
import { verifySession as verifyHapi } from "./hapi.ts";
import { verifySession as verifyHono } from "./hono.ts";
import { verifySession as verifyKoa } from "./koa.ts";
import { verifySession as verifyLambda } from "./lambda.ts";
import { verifySession as verifyLoopback } from "./loopback.ts";
import { SessionModule, SessionRules } from "./nest.ts";
import { verifySession as verifyNext } from "./next.ts";

const signer = createSigner();
const options = {
  issuer: ISSUER,
  audience: "orders",
  jwks: [signer.publicJwk],
  scopes: ["orders:delete"],
};
const NOTHING: RouteOptions = {
  required: undefined,
  scopes: undefined,
  claims: undefined,
  checkRevocation: undefined,
};
const url = "https://api.example/";
const headers = (): Record<string, string> => ({ authorization: `Bearer ${signer.token()}` });

type Status = number;
const statusAt = async (running: RunningBed): Promise<Status> => {
  const { status } = await send(`${running.url}/`, { headers: headers() });
  await running.close();
  return status;
};

/** As the decorators of TypeScript's `experimentalDecorators` would be applied to the method `home`. */
function decorateMethod(
  { prototype }: { readonly prototype: object },
  decorators: readonly ((target: object, name: string, method: PropertyDescriptor) => unknown)[],
): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, "home");
  if (descriptor === undefined) throw new Error("The class has no method home.");
  for (const decorate of decorators.toReversed()) decorate(prototype, "home", descriptor);
}

/** Answers with the status of a request whose token lacks the scope. */
const adapters: Readonly<Record<string, () => Promise<Status>>> = {
  express: async () => {
    const app = createExpress();
    app.get("/", verifyExpress(options).with(NOTHING), (_request, response) => response.end());
    return statusAt(await serve(app));
  },
  koa: async () => {
    const app = new Koa();
    app.use(verifyKoa(options).with(NOTHING));
    return statusAt(await serve(app.callback()));
  },
  hono: async () => {
    const app = new Hono();
    app.get("/", verifyHono(options).with(NOTHING), (context) => context.text("in"));
    return (await app.request("/", { headers: headers() })).status;
  },
  fastify: async () => {
    const app = createFastify();
    await app.register(verifyFastify, options);
    app.get("/", { config: { session: NOTHING } }, () => "in");
    return (await app.inject({ url: "/", headers: headers() })).statusCode;
  },
  hapi: async () => {
    const server = createHapi();
    await server.register({ plugin: verifyHapi, options });
    const { required: _, ...breezeway } = NOTHING;
    server.route({
      method: "GET",
      path: "/",
      options: { plugins: { breezeway } },
      handler: () => "in",
    });
    return (await server.inject({ url: "/", headers: headers() })).statusCode;
  },
  fetch: async () => {
    const handle = verifyFetch(options).handler(() => new Response("in"), NOTHING);
    return (await handle(new Request(url, { headers: headers() }))).status;
  },
  "next, route handler": async () => {
    const handle = verifyNext(options).route(() => new Response("in"), NOTHING);
    return (await handle(new Request(url, { headers: headers() }))).status;
  },
  lambda: async () => {
    const handle = verifyLambda(options).handler(() => ({ statusCode: 200 }), NOTHING);
    return (await handle({ httpMethod: "GET", path: "/", headers: headers() }, {})).statusCode;
  },
  loopback: async () => {
    const session = verifyLoopback(options);
    class Routes {
      home(): string {
        return "in";
      }
    }
    decorateMethod(Routes, [intercept(session.with(NOTHING)), get("/")]);
    const app = new RestApplication({ rest: { host: "127.0.0.1", port: 0 } });
    app.controller(Routes);
    await app.start();
    return statusAt({ url: String(app.restServer.url), close: () => app.stop() });
  },
  "nest, method over controller": async () => {
    class Routes {
      home(): string {
        return "in";
      }
    }
    decorateMethod(Routes, [Get(), SessionRules(NOTHING)]);
    Controller()(Routes);
    SessionRules({ scopes: ["orders:delete"] })(Routes);
    const { scopes: _, ...general } = options;
    class App {
      readonly name = "app";
    }
    Module({ imports: [SessionModule.forRoot(general)], controllers: [Routes] })(App);
    const app = await NestFactory.create(App as Type, { logger: false });
    await app.listen(0, "127.0.0.1");
    return statusAt({ url: await app.getUrl(), close: () => app.close() });
  },
};

describe("an option of a route that is undefined leaves the adapter's own in place", () => {
  it.each(Object.entries(adapters))("%s", async (_name, ask) => {
    expect(await ask()).toBe(403);
  });

  const request = (token: string | undefined) => ({
    method: "GET",
    header: (name: string) => (name === "authorization" ? token && `Bearer ${token}` : undefined),
  });
  it.each([
    ["required", { required: false }, undefined, "anonymous"],
    ["scopes", { scopes: ["orders:delete"] }, {}, "scope-missing"],
    ["claims", { claims: { role: () => false } }, {}, "claim-rejected"],
    ["checkRevocation", { checkRevocation: true }, {}, "store-unavailable"],
  ])("%s", async (name, given, claims, expected) => {
    const { scopes: _, ...base } = options;
    const guard = createSessionGuard({
      ...base,
      fetch: () => Promise.reject(new Error("no network")),
      ...given,
    });
    const token = claims && signer.token(claims);
    const { kind, problem } = {
      problem: undefined,
      ...(await guard.admit(request(token), { [name]: undefined })),
    };
    guard.close();
    expect(problem?.problem.reason ?? kind).toBe(expected);
  });
});
