/** What the adapters promise to the compiler. Checked by `tsc -b`; never run. */
import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, Context } from "aws-lambda";
import type { Request as ExpressRequest } from "express";
import type { FastifyRequest } from "fastify";
import type { Context as HonoContext } from "hono";
import type { DefaultState } from "koa";
import type { NextApiRequest, NextApiResponse } from "next";
import type { NextRequest } from "next/server.js";
import { expectTypeOf } from "vitest";
import "./express.ts";
import { verifySession as verifyFetch, type VerifiedSession } from "./fetch.ts";
import "./fastify.ts";
import "./hono.ts";
import "./koa.ts";
import { verifySession as verifyLambda } from "./lambda.ts";
import { verifySession as verifyNext } from "./next.ts";

// Middleware: the framework's own request has the session, if there is one.
type Optional = VerifiedSession | undefined;
expectTypeOf<ExpressRequest["session"]>().toEqualTypeOf<Optional>();
expectTypeOf<FastifyRequest["session"]>().toEqualTypeOf<Optional>();
expectTypeOf<HonoContext["var"]["session"]>().toEqualTypeOf<Optional>();
expectTypeOf<DefaultState["session"]>().toEqualTypeOf<Optional>();

// Wrappers: a session for sure, unless the route says that it need not be there.
const options = { issuer: "https://shell.example/auth", audience: "orders" };
const web = verifyFetch(options);
web.handler((_request, session) => {
  expectTypeOf(session).toEqualTypeOf<VerifiedSession>();
  return new Response();
});
web.handler(
  (_request, session) => {
    expectTypeOf(session).toEqualTypeOf<VerifiedSession>();
    return new Response();
  },
  { required: true, scopes: ["orders:read"] },
);
web.handler(
  (_request, session) => {
    expectTypeOf(session).toEqualTypeOf<Optional>();
    return new Response();
  },
  { required: false },
);
declare const required: boolean;
web.handler(
  (_request, session) => {
    expectTypeOf(session).toEqualTypeOf<Optional>();
    return new Response();
  },
  { required },
);

const lambda = verifyLambda(options);
lambda.handler(async (event: APIGatewayProxyEventV2, session, context: Context) => {
  expectTypeOf(session).toEqualTypeOf<VerifiedSession>();
  return { statusCode: 200, body: event.rawPath + context.awsRequestId };
});
lambda.handler(
  async (event: APIGatewayProxyEvent, session, _context: Context) => {
    expectTypeOf(session).toEqualTypeOf<Optional>();
    return { statusCode: 200, body: event.path };
  },
  { required: false },
);

const next = verifyNext(options);
next.route((request: NextRequest, session, context: { params: Promise<{ id: string }> }) => {
  expectTypeOf(session).toEqualTypeOf<VerifiedSession>();
  return Response.json([request.nextUrl.pathname, context]);
});
next.page((request: NextApiRequest, response: NextApiResponse, session) => {
  expectTypeOf(session).toEqualTypeOf<VerifiedSession>();
  response.json(request.query);
});
