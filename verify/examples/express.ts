import express, { type Express } from "express";
import { sessionOf, verifySession, type SessionOptions } from "@breezeway/verify/express";

export function createApp(options: SessionOptions): Express {
  const app = express();
  const session = verifySession(options);
  app.get("/", session.with({ required: false }), (request, response) => {
    response.json({ user: request.session?.userId ?? null });
  });
  app.all("/orders", session.with({ scopes: ["orders:read"] }), (request, response) => {
    if (!request.session) return void response.status(204).end(); // a CORS preflight
    const { userId, tenantId } = sessionOf(request);
    response.json({ user: userId, tenant: tenantId });
  });
  return app;
}
