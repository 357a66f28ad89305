import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startOidcProvider, type TestProvider } from "@breezeway/test-support/oidc-provider";
import {
  addressesIn,
  ORDERS,
  send,
  tokenFor,
  type Config,
  type LogLine,
} from "../../test-support/serve-place.ts";
import { SECRET, useServe } from "../../test-support/use-serve.ts";

const fixture = useServe();

const CALLBACK = "https://shell.example/auth/login/callback";

const guide = readFileSync(new URL("../../../docs/guides/serve.md", import.meta.url), "utf8");
const [, inProduction = ""] = guide.split("\n## In production\n");
const [production = "", hooks = ""] = [...inProduction.matchAll(/```(?:json|js)\n(.*?)```/gs)].map(
  ([, code = ""]) => code,
);

let provider: TestProvider;

beforeEach(async () => {
  provider = await startOidcProvider({
    redirectUri: CALLBACK,
    clientId: "shell",
    clientSecret: SECRET,
  });
  vi.stubEnv("NODE_ENV", "production");
  fixture.env = { OIDC_CLIENT_SECRET: SECRET };
  const { folder } = fixture.place;
  writeFileSync(join(folder, "key-secret"), SECRET);
  writeFileSync(join(folder, "hooks.mjs"), hooks);
  mkdirSync(join(folder, "apps"));
  for (const id of ["orders", "customer-pane"]) {
    writeFileSync(join(folder, "apps", `${id}.json`), JSON.stringify({ ...ORDERS, id }));
  }
});

afterEach(() => provider.close());

/** The guide's production configuration with the test's addresses and folders. */
function configuration(issuer: object = {}): object {
  const config = JSON.parse(production) as Config & { readonly issuer: { readonly oidc: object } };
  const [local] = (fixture.place.config.gateway as { routes: { upstream: string }[] }).routes;
  const { routes } = config.gateway as { routes: object[] };
  return {
    ...config,
    issuer: {
      ...config.issuer,
      port: 0,
      store: { kind: "sqlite", file: "issuer.sqlite" },
      keys: { encryptionSecret: { file: "key-secret" } },
      oidc: { ...config.issuer.oidc, provider: provider.url },
      ...issuer,
    },
    gateway: {
      ...config.gateway,
      port: 0,
      operationsPort: 0,
      routes: routes.map((route) => ({ ...route, upstream: local?.upstream })),
      audit: { file: "audit.jsonl" },
    },
    shutdown: { drainDelayMs: 0, graceMs: 0 },
  };
}

/** Stands for the reverse proxy: requests for the issuer's name go to its port. */
function behindReverseProxy(
  issuerUrl: string,
): (url: string, cookie?: string) => Promise<Response> {
  return (url, cookie = "") =>
    fetch(url.replace("https://shell.example", issuerUrl), {
      redirect: "manual",
      headers: { cookie, "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" },
    });
}

function cookiesOf(response: Response): string[] {
  return response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0] ?? "");
}

interface SignedIn {
  readonly response: Response;
  /** The first cookie that the callback set. */
  readonly cookie: string;
}

/** Signs in, from the host page's link to the answer of the callback. */
async function signInAs(person: string, lines: readonly LogLine[]): Promise<SignedIn> {
  const open = behindReverseProxy(addressesIn(lines)["issuer"] ?? "");
  const begun = await open("https://shell.example/auth/login?returnTo=/orders");
  const [attempt = ""] = cookiesOf(begun);
  const callback = await provider.signIn(begun.headers.get("location") ?? "", person);
  const response = await open(callback, attempt);
  return { response, cookie: cookiesOf(response)[0] ?? "" };
}

describe("sign-in at an OpenID provider with the guide's configuration", () => {
  it("yields a session whose token the gateway accepts, and writes no secret to answers or logs", async () => {
    fixture.place.write(configuration());
    const readOnly = hooks.replace(', "orders:write"', "");
    writeFileSync(join(fixture.place.folder, "hooks.mjs"), readOnly);
    const secrets: string[] = [SECRET];
    const { code, out, err } = await fixture.serve([], async (lines) => {
      const { response, cookie } = await signInAs("alice", lines);
      expect(response.status).toBe(303);
      expect(response.headers.get("location")).toBe("/orders");
      expect(response.headers.getSetCookie()[0]).toMatch(
        /^__Host-breezeway=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=\d+$/,
      );
      const { issuer = "", gateway = "" } = addressesIn(lines);
      const token = (await tokenFor(issuer, cookie)) ?? "";
      secrets.push(cookie.split("=")[1] ?? "", token.split(".")[2] ?? "");
      const answer = await send(`${gateway}/orders`, token);
      expect(answer.status).toBe(200);
      const change = { method: "POST", headers: { authorization: `Bearer ${token}` } };
      // The hook grants orders:read only.
      expect((await fetch(`${gateway}/orders`, change)).status).toBe(403);
    });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const audit = readFileSync(join(fixture.place.folder, "audit.jsonl"), "utf8");
    expect(audit).toContain('"alice"');
    for (const secret of secrets) {
      expect(secret).not.toBe("");
      expect(out.join() + audit).not.toContain(secret);
    }
    expect(out.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ event: "login.succeeded", sub: "alice", tenant: "acme" }),
    );
  });

  it("redirects a user whom the hook rejects to the failure page, without a session", async () => {
    fixture.place.write(configuration());
    await fixture.serve([], async (lines) => {
      const { response, cookie } = await signInAs("mallory", lines);
      expect(response.headers.get("location")).toBe("/sign-in?reason=login-failed");
      expect(await tokenFor(addressesIn(lines)["issuer"] ?? "", cookie)).toBeUndefined();
    });
  });

  it("redirects to the failure page while the provider has another secret, and logs the failure", async () => {
    fixture.env = { OIDC_CLIENT_SECRET: "another" };
    fixture.place.write(configuration());
    await fixture.serve([], async (lines) => {
      const { response } = await signInAs("alice", lines);
      expect(response.headers.get("location")).toBe("/sign-in?reason=login-failed");
      expect(lines).toContainEqual(expect.objectContaining({ event: "login.failed" }));
    });
  });

  it("abandons a hook that does not settle, and logs its name", async () => {
    const { folder } = fixture.place;
    writeFileSync(join(folder, "hooks.mjs"), "export const mapUser = () => new Promise(() => {});");
    fixture.place.write(configuration({ hookTimeoutMs: 50 }));
    await fixture.serve([], async (lines) => {
      const { response } = await signInAs("alice", lines);
      expect(response.headers.get("location")).toBe("/sign-in?reason=upstream-timeout");
      expect(lines).toContainEqual(
        expect.objectContaining({
          event: "failure",
          why: "issuer.hooks: mapUser did not settle within 50 ms.",
        }),
      );
    });
  });
});
