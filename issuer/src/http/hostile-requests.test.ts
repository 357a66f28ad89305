import { get, type IncomingMessage } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Issuer } from "../index.ts";
import { serveIssuer } from "../node.ts";
import { call, reasonOf, signIn, testIssuer } from "../../test-support/test-issuer.ts";

let issuer: Issuer;
let cookie: string;
let errors: unknown[];

beforeEach(async () => {
  errors = [];
  issuer = testIssuer({
    trustedOrigins: ["https://shell.example"],
    onError: (error) => errors.push(error),
  });
  cookie = await signIn(issuer);
});

afterEach(() => issuer.close());

describe("the issuer", () => {
  it("ignores a cookie whose name only resembles that of the session cookie", async () => {
    // Browsers let a subdomain set a no-break space followed by the name, even by `__Host-`.
    for (const lookalike of ["\u00a0", "\u00a0 ", "x", "a=b; \u00a0"]) {
      const response = await call(issuer, "/session", { cookie: lookalike + cookie });
      expect(await reasonOf(response)).toBe("401 session-missing");
    }
    for (const real of [` ${cookie}`, `a=b;\t${cookie} `, `a=b;${cookie}`]) {
      expect((await call(issuer, "/session", { cookie: real })).status).toBe(200);
    }
  });

  it("refuses an invalid request URL without an error for the operator", async () => {
    const server = await serveIssuer(issuer, { port: 0 });
    const port = Number(new URL(server.url).port);
    const answer = await new Promise<IncomingMessage>((resolve) => {
      get({ port, path: "/auth/session", headers: { host: "x:99999" }, agent: false }, resolve);
    });
    expect(answer.statusCode).toBe(400);
    expect(errors).toEqual([]);
    answer.resume();
    await server.close();
  });

  it.each(["/session", "/session/events"])(
    "refuses %s to pages of other origins, which could infer a session from status and timing",
    async (path) => {
      const ask = async (headers: Record<string, string>): Promise<number> => {
        const response = await call(issuer, path, { cookie, headers });
        await response.body?.cancel();
        return response.status;
      };
      for (const site of ["same-site", "cross-site"]) {
        expect(await ask({ "sec-fetch-site": site })).toBe(403);
        expect(await ask({ "sec-fetch-site": site, origin: "https://evil.example" })).toBe(403);
        expect(await ask({ "sec-fetch-site": site, origin: "https://shell.example" })).toBe(200);
      }
      for (const site of ["same-origin", "none"]) {
        expect(await ask({ "sec-fetch-site": site })).toBe(200);
      }
    },
  );
});
