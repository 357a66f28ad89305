import { getRequestListener } from "@hono/node-server";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { createApp as createExpress } from "../../examples/express.ts";
import { createApp as createFastify } from "../../examples/fastify.ts";
import { createHandler } from "../../examples/fetch.ts";
import { createApp as createHapi } from "../../examples/hapi.ts";
import { createApp as createHono } from "../../examples/hono.ts";
import { createApp as createKoa } from "../../examples/koa.ts";
import { createApp as createLoopback } from "../../examples/loopback.ts";
import { createModule } from "../../examples/nest.ts";
import { serve, type Bed } from "./bed.ts";

export const frameworkBeds: readonly Bed[] = [
  { name: "express", start: ({ options }) => serve(createExpress(options)) },
  { name: "koa", start: ({ options }) => serve(createKoa(options).callback()) },
  { name: "hono", start: ({ options }) => serve(getRequestListener(createHono(options).fetch)) },
  { name: "fetch", start: ({ options }) => serve(getRequestListener(createHandler(options))) },
  {
    name: "fastify",
    start: async ({ options }) => {
      const app = createFastify(options);
      const url = await app.listen({ host: "127.0.0.1", port: 0 });
      return { url, close: () => app.close() };
    },
  },
  {
    name: "hapi",
    start: async ({ options }) => {
      const server = await createHapi(options);
      await server.start();
      return { url: server.info.uri, close: () => server.stop({ timeout: 0 }) };
    },
  },
  {
    name: "loopback",
    start: async ({ options }) => {
      const app = createLoopback(options);
      await app.start();
      return { url: String(app.restServer.url), close: () => app.stop() };
    },
  },
  {
    name: "nest on express",
    start: async ({ options }) => {
      const app = await NestFactory.create(createModule(options), { logger: false });
      await app.listen(0, "127.0.0.1");
      return { url: await app.getUrl(), close: () => app.close() };
    },
  },
  {
    name: "nest on fastify",
    start: async ({ options }) => {
      const adapter = new FastifyAdapter();
      const app = await NestFactory.create(createModule(options), adapter, { logger: false });
      await app.listen(0, "127.0.0.1");
      return { url: await app.getUrl(), close: () => app.close() };
    },
  },
];
