/** Sessions by handle for backends in other languages: two routes of the host's own server. */
import { createHash, timingSafeEqual } from "node:crypto";
import { BridgeError, type Issuer, type SessionInfo } from "@breezeway/issuer";
import express, { type NextFunction, type Request, type Response, type Router } from "express";

/**
 * Mount it below a path that only your own network reaches. `secret` has at least 32 random characters
 * and is for these routes alone.
 */
export function sessionRoutes(issuer: Pick<Issuer, "sessions">, secret: string): Router {
  if (secret.length < 32)
    throw new Error("sessionRoutes: secret: must have at least 32 characters.");
  const router = express.Router();
  router.use((request, response, next) => {
    if (isSame(request.get("authorization") ?? "", `Bearer ${secret}`)) return next();
    response.status(401).set("www-authenticate", "Bearer").end();
  });
  router.get("/sessions", (request, response) => {
    const { userId, tenantId } = request.query;
    if (typeof userId !== "string" || !(tenantId === undefined || typeof tenantId === "string")) {
      return void response
        .status(400)
        .json({ error: "Name userId once, and tenantId at most once." });
    }
    const filter = tenantId === undefined ? {} : { tenantId };
    // Express passes a rejection on to the error handler.
    return issuer.sessions.listForUser(userId, filter).then((sessions) => {
      response.json({ sessions: sessions.map(publicPart) });
    });
  });
  router.get("/sessions/:handle", (request, response) =>
    issuer.sessions.get(request.params.handle).then((session) => {
      if (session) response.json(publicPart(session));
      else response.status(404).json({ error: "No live session." });
    }),
  );
  router.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (!BridgeError.is(error) || error.code !== "REQUEST_MALFORMED") return next(error);
    response.status(400).json({ error: error.message });
  });
  return router;
}

/** Lists the members, so that a later one is not published by accident. */
function publicPart(session: SessionInfo): object {
  const { handle, userId, tenantId, scopes, claims, createdAtSeconds, lastActiveAtSeconds } =
    session;
  return { handle, userId, tenantId, scopes, claims, createdAtSeconds, lastActiveAtSeconds };
}

/** Compares in constant time. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
