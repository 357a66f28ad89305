import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOidcProvider, type TestProvider } from "@breezeway/test-support/oidc-provider";
import { ISSUER_URL } from "@breezeway/test-support/issuer-fixture";
import type { AuditEvent, Issuer, OidcIdentity, OidcOptions } from "../index.ts";
import { call, reasonOf, testClock, testIssuer } from "../../test-support/test-issuer.ts";

const CALLBACK = `${ISSUER_URL}/login/callback`;

let provider: TestProvider;
let issuer: Issuer;
let events: AuditEvent[];
let errors: unknown[];
const clock = testClock(Date.now());

const mapUser: OidcOptions["mapUser"] = (identity: OidcIdentity) => {
  const groups = identity["groups"];
  if (!Array.isArray(groups) || groups.length === 0) return undefined;
  return {
    userId: identity.sub,
    tenantId: String(groups[0]),
    tenants: Object.fromEntries(
      groups.map((group) => [String(group), { scopes: ["orders:read"] }]),
    ),
    claims: { name: identity["name"] },
  };
};

async function start(options: Partial<OidcOptions> = {}, clientSecret?: string): Promise<void> {
  provider = await startOidcProvider({
    redirectUri: CALLBACK,
    ...(clientSecret === undefined ? {} : { clientSecret }),
  });
  issuer = testIssuer({
    clock,
    audit: (event) => events.push(event),
    onError: (error) => errors.push(error),
    oidc: {
      provider: provider.url,
      clientId: "breezeway",
      scope: "openid profile",
      mapUser,
      ...(clientSecret === undefined ? {} : { clientSecret }),
      ...options,
    },
  });
}

beforeEach(() => {
  events = [];
  errors = [];
});

afterEach(async () => {
  await issuer.close();
  await provider.close();
});

interface Begun {
  readonly location: string;
  readonly cookie: string;
}

async function begin(query = ""): Promise<Begun> {
  const response = await call(issuer, `/login${query}`);
  expect(response.status).toBe(303);
  return { location: response.headers.get("location") ?? "", cookie: cookies(response)[0] ?? "" };
}

function cookies(response: Response): string[] {
  return response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0] ?? "");
}

function callback(url: string, cookie?: string): Promise<Response> {
  return call(issuer, url.slice(ISSUER_URL.length), { cookie });
}

describe("a sign-in at the provider", () => {
  it.each([
    ["a public client", undefined],
    ["a client with a secret", "client-secret"],
  ])("opens a session as %s and redirects to returnTo", async (_case, secret) => {
    await start({}, secret);
    const { location, cookie } = await begin("?returnTo=/app/orders?open=7");
    const sent = new URL(location).searchParams;
    expect(sent.get("code_challenge_method")).toBe("S256");
    expect(sent.get("state")).toBeTruthy();
    expect(sent.get("nonce")).toBeTruthy();
    const response = await callback(await provider.signIn(location, "alice"), cookie);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/app/orders?open=7");
    const [session, cleared] = cookies(response);
    expect(cleared).toBe("breezeway-login=");
    const summary = await (await call(issuer, "/session", { cookie: session })).json();
    expect(summary).toMatchObject({
      userId: "alice",
      tenantId: "acme",
      claims: { name: "Name of alice" },
    });
    expect(events.map(({ event }) => event)).toContain("login.succeeded");
  });

  it("keeps the device of the browser that comes back", async () => {
    await start();
    const { location, cookie } = await begin();
    const url = await provider.signIn(location, "alice");
    const userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    await call(issuer, url.slice(ISSUER_URL.length), {
      cookie,
      headers: { "user-agent": userAgent },
      address: "198.51.100.7",
    });
    expect(await issuer.sessions.listForUser("alice")).toMatchObject([
      { device: "Firefox on Linux", network: "198.51.100.0/24" },
    ]);
  });

  it("requests the userinfo endpoint when userInfo is set", async () => {
    const seen: OidcIdentity[] = [];
    await start({
      userInfo: true,
      mapUser: (identity) => {
        seen.push(identity);
        return { userId: identity.sub, tenantId: "t" };
      },
    });
    const { location, cookie } = await begin();
    expect((await callback(await provider.signIn(location, "bob"), cookie)).status).toBe(303);
    expect(seen[0]).toMatchObject({ sub: "bob", name: "Name of bob" });
  });

  it("is limited by address at its start and at its end", async () => {
    await start();
    const ask = (path: string): Promise<Response> => call(issuer, path, { address: "192.0.2.1" });
    for (let count = 0; count < 300; count += 1) expect((await ask("/login")).status).toBe(303);
    expect(await reasonOf(await ask("/login"))).toBe("429 rate-limited");
    expect(await reasonOf(await ask("/login/callback?code=x"))).toBe("429 rate-limited");
    const elsewhere = await call(issuer, "/login", { address: "192.0.2.2" });
    expect(elsewhere.status).toBe(303);
  });

  it.each([
    ["accepts an ID token of a provider whose clock is 50 s ahead", -50_000, undefined],
    ["refuses an ID token from the future", -70_000, "401 login-failed"],
  ])("%s", async (_case, offsetMs, refused) => {
    await start();
    const { location, cookie } = await begin();
    const back = await provider.signIn(location, "alice");
    const nowMs = clock.nowMs;
    clock.nowMs = Date.now() + offsetMs;
    const response = await callback(back, cookie);
    clock.nowMs = nowMs;
    expect(response.status).toBe(refused === undefined ? 303 : 401);
    if (refused !== undefined) expect(await reasonOf(response)).toBe(refused);
  });

  it("works once", async () => {
    await start();
    const { location, cookie } = await begin();
    const back = await provider.signIn(location, "alice");
    expect((await callback(back, cookie)).status).toBe(303);
    expect(await reasonOf(await callback(back, cookie))).toBe("401 login-failed");
  });

  it("ends the session that the browser had before", async () => {
    await start();
    const { session, setCookie } = await issuer.sessions.create({ userId: "u", tenantId: "t" });
    const { location, cookie } = await begin();
    await callback(
      await provider.signIn(location, "alice"),
      `${cookie}; ${setCookie.split(";", 1)[0]}`,
    );
    expect(await issuer.sessions.get(session.handle)).toBeUndefined();
  });
});

describe("a sign-in is refused", () => {
  const refusal = async (response: Promise<Response>): Promise<string> => {
    const answer = await response;
    expect(answer.headers.getSetCookie()).toEqual([]);
    return reasonOf(answer);
  };

  it("in another browser than the one that started it", async () => {
    await start();
    const { location } = await begin();
    const back = await provider.signIn(location, "alice");
    expect(await refusal(callback(back))).toBe("401 login-failed");
    const other = await begin();
    expect(await refusal(callback(back, other.cookie))).toBe("401 login-failed");
  });

  it("with another state", async () => {
    await start();
    const { location, cookie } = await begin();
    const back = new URL(await provider.signIn(location, "alice"));
    back.searchParams.set("state", "forged");
    expect(await refusal(callback(back.href, cookie))).toBe("401 login-failed");
  });

  it("with another code", async () => {
    await start();
    const { location, cookie } = await begin();
    const back = new URL(await provider.signIn(location, "alice"));
    back.searchParams.set("code", "forged");
    expect(await refusal(callback(back.href, cookie))).toBe("401 login-failed");
  });

  it("with a code of another attempt, since the PKCE verifier differs", async () => {
    await start();
    const [victim, attacker] = [await begin(), await begin()];
    const stolen = new URL(await provider.signIn(victim.location, "alice"));
    const own = new URL(await provider.signIn(attacker.location, "alice"));
    own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    expect(await refusal(callback(own.href, attacker.cookie))).toBe("401 login-failed");
  });

  it("when the user refuses at the provider", async () => {
    await start();
    const { location, cookie } = await begin();
    const back = await provider.cancel(location);
    expect(new URL(back).searchParams.get("error")).toBe("access_denied");
    expect(await refusal(callback(back, cookie))).toBe("401 login-failed");
  });

  it("when it took longer than ten minutes", async () => {
    await start();
    const { location, cookie } = await begin();
    const back = await provider.signIn(location, "alice");
    clock.advance(600_000);
    expect(await refusal(callback(back, cookie))).toBe("401 login-failed");
    clock.advance(-600_000);
  });

  it("when mapUser returns undefined, with a redirect to the failure page", async () => {
    await start({ failurePath: "/sign-in?from=oidc" });
    const { location, cookie } = await begin();
    const response = await callback(await provider.signIn(location, "nobody"), cookie);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe("/sign-in?from=oidc&reason=login-failed");
    expect(cookies(response)).toEqual(["breezeway-login="]);
    expect(events).toContainEqual(
      expect.objectContaining({ event: "login.failed", reason: "login-failed" }),
    );
  });

  it("when mapUser throws, reporting the error to the operator only", async () => {
    const broken = new Error("the directory is down");
    await start({ failurePath: "/sign-in", mapUser: () => Promise.reject(broken) });
    const { location, cookie } = await begin();
    const response = await callback(await provider.signIn(location, "alice"), cookie);
    expect(response.headers.get("location")).toBe("/sign-in?reason=internal-error");
    await callback(`${CALLBACK}?code=x&state=y`, cookie);
    expect(errors).toEqual([broken]);
  });

  it("when opened as an image, a frame or a script", async () => {
    await start();
    for (const destination of ["image", "iframe", "empty"]) {
      const headers = { "sec-fetch-dest": destination, "sec-fetch-site": "cross-site" };
      const response = await call(issuer, "/login", { headers });
      expect(await reasonOf(response)).toBe("403 csrf-rejected");
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    const page = await call(issuer, "/login", { headers: { "sec-fetch-dest": "document" } });
    expect(page.status).toBe(303);
  });

  it("while the provider is down, and succeeds once it is up", async () => {
    await start();
    const { url } = provider;
    await issuer.close();
    await provider.close();
    issuer = testIssuer({
      oidc: { provider: url, clientId: "breezeway", mapUser },
      onError: () => undefined,
    });
    const response = await call(issuer, "/login");
    expect(response.headers.get("retry-after")).toBeNull();
    expect(await reasonOf(response)).toBe("502 upstream-unreachable");
    await start();
    expect((await begin()).location).toContain(provider.url);
  });
});
