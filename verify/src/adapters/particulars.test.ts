/** Features of single frameworks. The conformance table tests what all frameworks share. */
import { server as createHapi } from "@hapi/hapi";
import { Context, InterceptedInvocationContext } from "@loopback/core";
import express from "express";
import { getRequestListener } from "@hono/node-server";
import createFastify from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { describe, expect, it } from "vitest";
import { serve } from "../../test-support/beds/bed.ts";
import { send } from "@breezeway/test-support/http-client";
import { PUBLIC_URL, createProver } from "@breezeway/test-support/prover";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import { verifySession as verifyExpress } from "./express.ts";
import { verifySession as verifyFastify } from "./fastify.ts";
import { verifySession as verifyHapi } from "./hapi.ts";
import { verifySession as verifyHono } from "./hono.ts";
import { verifySession as verifyKoa } from "./koa.ts";
import { verifySession as verifyLoopback } from "./loopback.ts";

const signer = createSigner();
const options = {
  issuer: ISSUER,
  audience: "orders",
  jwks: [signer.publicJwk],
};
const headers = {
  authorization: `Bearer ${signer.sign(claimsAt(Math.floor(Date.now() / 1_000)))}`,
};

describe("express", () => {
  it("guards everything after app.use", async () => {
    const app = express();
    app.get("/open", (_request, response) => void response.json("open"));
    app.use(verifyExpress(options));
    app.get("/guarded", (request, response) => void response.json(request.session?.userId));
    const running = await serve(app);
    const { url } = running;
    expect((await send(`${url}/open`)).body).toBe('"open"');
    expect((await send(`${url}/guarded`)).status).toBe(401);
    expect((await send(`${url}/guarded`, { headers })).body).toBe('"alice"');
    await running.close();
  });
});

describe("fastify", () => {
  it("leaves a route with session: false unguarded", async () => {
    const app = createFastify();
    await app.register(verifyFastify, options);
    app.get("/open", { config: { session: false } }, () => "open");
    app.get("/guarded", () => "guarded");
    expect((await app.inject("/open")).body).toBe("open");
    expect((await app.inject("/guarded")).statusCode).toBe(401);
    expect((await app.inject({ url: "/guarded", headers })).body).toBe("guarded");
    await app.close();
  });

  it("guards the instance that registers it, and not its siblings", async () => {
    const app = createFastify();
    await app.register(async (guarded) => {
      await guarded.register(verifyFastify, options);
      guarded.get("/guarded", () => "guarded");
    });
    app.get("/beside", () => "beside");
    expect((await app.inject("/guarded")).statusCode).toBe(401);
    expect((await app.inject("/beside")).statusCode).toBe(200);
    await app.close();
  });

  const other = `Bearer ${signer.sign(
    claimsAt(Math.floor(Date.now() / 1_000), { aud: "inspector" }),
  )}`;

  it("guards a nested instance with the options that it registers", async () => {
    const app = createFastify();
    await app.register(verifyFastify, options);
    app.get("/outer", (request) => request.session?.appId);
    await app.register(async (nested) => {
      await nested.register(verifyFastify, { ...options, audience: "inspector" });
      nested.get("/inner", (request) => request.session?.appId);
      await nested.register(async (deeper) => {
        deeper.get("/deeper", (request) => request.session?.appId);
      });
    });
    await app.register(async (beside) => {
      beside.get("/beside", (request) => request.session?.appId);
    });
    const answers = async (authorization: string): Promise<string[]> =>
      Promise.all(
        ["/outer", "/beside", "/inner", "/deeper"].map(async (url) => {
          const { statusCode, body } = await app.inject({ url, headers: { authorization } });
          return statusCode === 200 ? body : String(statusCode);
        }),
      );
    expect(await answers(headers.authorization)).toEqual(["orders", "orders", "401", "401"]);
    expect(await answers(other)).toEqual(["401", "401", "inspector", "inspector"]);
    expect(await answers("")).toEqual(["401", "401", "401", "401"]);
    await app.close();
  });

  it("says what to do when one instance registers the plugin twice", async () => {
    const app = createFastify();
    await app.register(verifyFastify, options);
    await expect(app.register(verifyFastify, options)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("register it in a nested instance") as string,
    });
  });

  it("says what to do when another plugin has decorated the request", async () => {
    const app = createFastify();
    app.decorateRequest("session", undefined);
    await expect(app.register(verifyFastify, options)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("Register the two in separate instances") as string,
    });
  });

  it("names a wrong option at registration", async () => {
    const app = createFastify();
    await expect(app.register(verifyFastify, { ...options, audience: "" })).rejects.toThrow(
      /audience/,
    );
  });
});

describe("hapi", () => {
  it("makes sessions optional with required: false, and ignores routes with auth: false", async () => {
    const server = createHapi();
    await server.register({ plugin: verifyHapi, options: { ...options, required: false } });
    server.route({
      method: "GET",
      path: "/",
      handler: ({ auth }) => ({
        isAuthenticated: auth.isAuthenticated,
        user: auth.credentials?.session?.userId ?? null,
      }),
    });
    server.route({ method: "GET", path: "/open", options: { auth: false }, handler: () => "open" });
    expect((await server.inject("/")).result).toEqual({ isAuthenticated: false, user: null });
    const signedIn = await server.inject({ url: "/", headers });
    expect(signedIn.result).toEqual({ isAuthenticated: true, user: "alice" });
    const bad = await server.inject({ url: "/open", headers: { authorization: "Bearer x" } });
    expect(bad.result).toBe("open");
    await server.stop();
  });

  it("refuses a bad token in mode try", async () => {
    const server = createHapi();
    await server.register({ plugin: verifyHapi, options });
    server.route({
      method: "GET",
      path: "/",
      options: { auth: { mode: "try" } },
      handler: () => "in",
    });
    expect((await server.inject("/")).result).toBe("in");
    const bad = await server.inject({ url: "/", headers: { authorization: "Bearer x" } });
    expect(bad.statusCode).toBe(401);
    await server.stop();
  });

  it("says what to do when one server registers the plugin twice", async () => {
    const server = createHapi();
    await server.register({ plugin: verifyHapi, options });
    const again = { plugin: verifyHapi, options: { ...options, audience: "inspector" } };
    await expect(server.register(again)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("list all their ids in audience") as string,
    });
  });

  it("passes the scopes of the session to hapi", async () => {
    const server = createHapi();
    await server.register({ plugin: verifyHapi, options });
    for (const scope of ["orders:read", "orders:delete"]) {
      server.route({
        method: "GET",
        path: `/${scope}`,
        options: { auth: { scope } },
        handler: () => "in",
      });
    }
    expect((await server.inject({ url: "/orders:read", headers })).statusCode).toBe(200);
    expect((await server.inject({ url: "/orders:delete", headers })).statusCode).toBe(403);
    await server.stop();
  });
});

describe("hono", () => {
  it("guards everything after app.use", async () => {
    const app = new Hono();
    app.get("/open", (context) => context.text("open"));
    app.use(verifyHono(options));
    app.get("/guarded", (context) => context.text(context.var.session?.userId ?? ""));
    expect(await (await app.request("/open")).text()).toBe("open");
    expect((await app.request("/guarded")).status).toBe(401);
    expect(await (await app.request("/guarded", { headers })).text()).toBe("alice");
  });
});

describe("a proof of possession behind two guards, of the application and of its route", () => {
  const prover = createProver();
  const proven = { ...options, proof: { publicUrls: PUBLIC_URL } };
  const token = (): string =>
    signer.sign(claimsAt(Math.floor(Date.now() / 1_000), { ...prover.bound }));

  it.each<[string, () => Parameters<typeof serve>[0]]>([
    [
      "express",
      () => {
        const session = verifyExpress(proven);
        const route = session.with({ scopes: ["orders:read"] });
        return express()
          .use(session)
          .get("/orders", route, (_request, response) => void response.json("in"));
      },
    ],
    [
      "koa",
      () => {
        const session = verifyKoa(proven);
        const route = session.with({ scopes: ["orders:read"] });
        return new Koa()
          .use(session)
          .use(route)
          .use((context) => void (context.body = "in"))
          .callback();
      },
    ],
    [
      "hono",
      () => {
        const session = verifyHono(proven);
        const route = session.with({ scopes: ["orders:read"] });
        const app = new Hono().use(session).get("/orders", route, (context) => context.text("in"));
        return getRequestListener(app.fetch);
      },
    ],
  ])("counts as used once per request in %s", async (_name, createListener) => {
    const running = await serve(createListener());
    const sent = { headers: prover.headers(token(), "/orders") };
    const statuses = [
      (await send(`${running.url}/orders`, sent)).status,
      (await send(`${running.url}/orders`, sent)).status,
    ];
    await running.close();
    expect(statuses).toEqual([200, 401]);
  });
});

describe("loopback", () => {
  it("lets an invocation without an HTTP request through", async () => {
    const context = new Context();
    const target = { run: (): string => "ran" };
    const invocation = new InterceptedInvocationContext(context, target, "run", []);
    expect(await verifyLoopback(options)(invocation, () => target.run())).toBe("ran");
  });
});
