/** A client that keeps the latest cookie of an issuer, as a browser does. */
import type { Issuer } from "../src/index.ts";
import { call, cookieOf } from "./test-issuer.ts";

export interface Browser {
  cookie: string;
  mint(issuer?: Issuer): Promise<Response>;
  refresh(issuer?: Issuer): Promise<Response>;
  session(issuer?: Issuer): Promise<Response>;
}

export async function openBrowser(issuer: Issuer, userId = "alice"): Promise<Browser> {
  const { setCookie } = await issuer.sessions.create({
    userId,
    tenantId: "acme",
    scopes: ["orders:read"],
  });
  const browser: Browser = {
    cookie: setCookie.split(";", 1)[0] ?? "",
    mint: (at = issuer) =>
      call(at, "/session/token", {
        method: "POST",
        body: { appId: "orders" },
        cookie: browser.cookie,
      }),
    session: (at = issuer) => call(at, "/session", { cookie: browser.cookie }),
    async refresh(at = issuer) {
      const { cookie } = browser;
      const response = await call(at, "/session/refresh", { method: "POST", cookie });
      if (response.ok) browser.cookie = cookieOf(response);
      return response;
    },
  };
  return browser;
}
