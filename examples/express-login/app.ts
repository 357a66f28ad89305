/** An Express app with a login of its own that opens Breezeway sessions for its users. */
import { scryptSync, timingSafeEqual } from "node:crypto";
import express, { type Express } from "express";
import type { Issuer, TenantAccess } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";

export interface Account {
  readonly userId: string;
  readonly salt: string;
  /** scrypt of the password, base64. */
  readonly passwordHash: string;
  readonly tenants: Readonly<Record<string, TenantAccess>>;
}

export function createApp(issuer: Issuer, accounts: ReadonlyMap<string, Account>): Express {
  const app = express();

  // Everything below the issuer's path: session, tokens, keys, sign-out. All else goes on to the
  // app.
  app.use(toNodeHandler(issuer));

  app.post("/sign-in", express.json({ limit: "1kb" }), async (request, response) => {
    // The app's own login, whatever it is. A form of another site cannot send this header.
    if (request.get("x-breezeway-request") !== "1") {
      response.status(403).json({ error: "forbidden" });
      return;
    }
    const { name, password } = request.body as { name?: unknown; password?: unknown };
    const account = accounts.get(String(name));
    if (!account || !isPassword(account, String(password))) {
      response.status(401).json({ error: "wrong name or password" });
      return;
    }

    // From here on Breezeway keeps the session.
    const { session, setCookie } = await issuer.sessions.create({
      userId: account.userId,
      tenantId: Object.keys(account.tenants)[0] ?? "",
      tenants: account.tenants,
    });
    response.setHeader("set-cookie", setCookie);
    response.json({ userId: session.userId, tenantId: session.tenantId });
  });

  app.post("/sign-out", async (request, response) => {
    if (request.get("x-breezeway-request") !== "1") {
      response.status(403).json({ error: "forbidden" });
      return;
    }
    // Ends the session in all tabs, guests and gateways.
    const session = await issuer.sessions.fromCookie(request.get("cookie"));
    if (session) await issuer.sessions.revoke(session.handle);
    // Whatever the app's own login keeps ends in the same request.
    response.clearCookie("remember-me");
    response.status(204).end();
  });

  // The app's own pages ask who is there.
  app.get("/hello", async (request, response) => {
    const session = await issuer.sessions.fromCookie(request.get("cookie"));
    if (session) response.send(`hello ${session.userId}`);
    else response.status(401).send("sign in first");
  });

  return app;
}

export function hashPassword(password: string, salt: string): string {
  return scryptSync(password, salt, 32).toString("base64");
}

function isPassword({ salt, passwordHash }: Account, password: string): boolean {
  return timingSafeEqual(
    Buffer.from(hashPassword(password, salt), "base64"),
    Buffer.from(passwordHash, "base64"),
  );
}
