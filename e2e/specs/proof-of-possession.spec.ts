/** [TM-500] Tests tokens that are bound to a key of the guest's page, with a real issuer and gateway. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Frame, Page } from "@playwright/test";
import type * as guest from "@breezeway/guest";
import type * as guestProof from "@breezeway/guest/proof";
import { serveGateway } from "@breezeway/gateway/node";
import { createIssuer, sqliteStore } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import { decodeSessionToken } from "@breezeway/shared";
import { expect, test as base } from "../support/bridge.ts";
import { startPlatform } from "../fixtures/bridge/platform.ts";
import { readyFrameOf, waitInFrame } from "../support/frames.ts";
import { freeBasePort } from "../support/free-ports.ts";
import { scriptTagBuild } from "../support/script-tag-build.ts";

interface Scene {
  readonly gatewayUrl: string;
  /** Headers of each request that the gateway forwarded. */
  readonly upstreamHeaders: Record<string, unknown>[];
  /** Mounts the app in another frame. */
  open(): Promise<Frame>;
}

const test = base.extend<{ scene: Scene }>({
  async scene({ page }, use) {
    const platform = await startPlatform();
    const upstreamHeaders: Record<string, unknown>[] = [];
    const upstream = createServer((request, response) => {
      upstreamHeaders.push(request.headers);
      response.end("[]");
    });
    await new Promise<void>((listening) => upstream.listen(0, "127.0.0.1", listening));
    const port = await freeBasePort();
    const gatewayUrl = `http://127.0.0.1:${port}`;
    const issuerUrl = `${platform.hostOrigin}/auth`;
    const app = {
      id: "orders",
      name: "Orders",
      version: "1.0.0",
      url: `${platform.guestOrigin}/orders?wait=never`,
      proofRequired: true,
    };
    const store = sqliteStore({ file: ":memory:" });
    const issuer = createIssuer({ issuer: issuerUrl, apps: [app], store });
    const handler = toNodeHandler(issuer);
    platform.answerAuth = async (request, response) => handler(request, response);
    const gateway = await serveGateway(
      {
        issuer: issuerUrl,
        apps: [app],
        routes: [
          {
            prefix: "/orders",
            upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            proofRequired: true,
          },
        ],
        proof: { publicUrls: gatewayUrl },
      },
      { port },
    );
    await openHost(page, { origin: platform.hostOrigin, app, gatewayUrl, issuer });
    await use({ gatewayUrl, upstreamHeaders, open: () => openFrame(page) });
    await gateway.close();
    await issuer.close();
    upstream.closeAllConnections();
    await new Promise((closed) => upstream.close(closed));
    await platform.close();
  },
});

/** Globals of the scripts for pages without a build step. */
interface Scripts {
  readonly Breezeway: typeof guest;
  readonly BreezewayProof: typeof guestProof;
}

interface HostParts {
  readonly origin: string;
  readonly app: { readonly id: string; name: string; version: string; url: string };
  readonly gatewayUrl: string;
  readonly issuer: ReturnType<typeof createIssuer>;
}

async function openHost(page: Page, { origin, app, gatewayUrl, issuer }: HostParts): Promise<void> {
  const { setCookie } = await issuer.sessions.create({
    userId: "alice",
    tenantId: "acme",
    tenants: { acme: { scopes: [] }, globex: { scopes: [] } },
  });
  const [name = "", value = ""] = setCookie.split(";", 1)[0]?.split("=") ?? [];
  await page.context().addCookies([{ name, value, url: origin }]);
  await page.goto(origin);
  await page.waitForFunction(() => "breezeway" in window);
  await page.evaluate(
    ({ manifest, gateway }) => {
      window.host = window.breezeway.createHost({
        issuerUrl: "/auth",
        gatewayUrl: gateway,
        apps: [manifest],
      });
    },
    { manifest: app, gateway: gatewayUrl },
  );
}

async function openFrame(page: Page): Promise<Frame> {
  await page.evaluate(() => {
    window.mount = window.host.mount("orders", { container: document.body });
  });
  return readyFrameOf(page);
}

/** Connects with a new key, and returns the status of a request and the token that it used. */
function connectAndFetch(frame: Frame): Promise<{ status: number; token: string }> {
  return frame.evaluate(async () => {
    const { createAppBridge, createProof } = window.breezeway;
    window.bridge = createAppBridge({ proof: await createProof() });
    const bridge = await window.bridge;
    const { status } = await bridge.fetch("/orders/7?x=1");
    return { status, token: await bridge.getSessionToken() };
  });
}

const keyOf = (token: string): unknown => decodeSessionToken(token).claims["cnf"];

async function reasonOf(response: Response): Promise<unknown> {
  return [response.status, ((await response.json()) as { reason: string }).reason];
}

test("a guest's requests prove its key, and copied requests are rejected", async ({
  page,
  scene,
}) => {
  const sent: Record<string, string>[] = [];
  page.on("request", (request) => {
    const headers = request.headers();
    if (headers["dpop"] !== undefined) sent.push(headers);
  });
  const frame = await scene.open();
  const { status, token } = await connectAndFetch(frame);
  expect(status).toBe(200);
  expect(scene.upstreamHeaders[0]).toMatchObject({ "x-breezeway-user": "alice" });
  expect(scene.upstreamHeaders[0]).not.toHaveProperty("dpop");
  const url = `${scene.gatewayUrl}/orders/7`;
  const plain = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  expect(await reasonOf(plain)).toEqual([401, "proof-invalid"]);
  const { authorization = "", dpop = "" } = sent[0] ?? {};
  expect(authorization).toBe(`DPoP ${token}`);
  const replayed = await fetch(url, { headers: { authorization, dpop } });
  expect(await reasonOf(replayed)).toEqual([401, "proof-invalid"]);
  const elsewhere = await fetch(`${url}/items`, { headers: { authorization, dpop } });
  expect(await reasonOf(elsewhere)).toEqual([401, "proof-invalid"]);
});

test("a page without a build step proves its key with a second script, in either order", async ({
  scene,
}) => {
  const names = ["script-tag", "script-tag-proof"] as const;
  for (const order of [names, names.toReversed()]) {
    const frame = await scene.open();
    for (const name of order) await frame.addScriptTag({ content: await scriptTagBuild(name) });
    const { status, token } = await frame.evaluate(async () => {
      const { Breezeway, BreezewayProof } = window as unknown as Scripts;
      const proof = await BreezewayProof.createProof();
      const bridge = await Breezeway.createAppBridge({ proof });
      return {
        status: (await bridge.fetch("/orders")).status,
        token: await bridge.getSessionToken(),
      };
    });
    expect(status).toBe(200);
    expect(keyOf(token)).toEqual({ jkt: expect.stringMatching(/^[\w-]{43}$/) });
  }
});

test("each frame and each of its documents has its own key", async ({ page, scene }) => {
  const first = await scene.open();
  const one = await connectAndFetch(first);
  const two = await connectAndFetch(await scene.open());
  await page.evaluate(() => window.host.mounts[0]?.reload());
  await waitInFrame(first, () => "breezeway" in window && !("bridge" in window));
  const three = await connectAndFetch(first);
  expect([one.status, two.status, three.status]).toEqual([200, 200, 200]);
  const keys = [one, two, three].map(({ token }) => JSON.stringify(keyOf(token)));
  expect(new Set(keys).size).toBe(3);
});

test("proofs continue after a reconnect and a tenant switch, and end with the session", async ({
  page,
  scene,
}) => {
  const frame = await scene.open();
  const { token } = await connectAndFetch(frame);
  const again = await frame.evaluate(async () => {
    const bridge = await window.bridge;
    const isBack = new Promise<void>((resolve) => {
      let isLost = false;
      bridge.subscribeState((state) => {
        if (state === "lost") isLost = true;
        else if (isLost && state === "connected") resolve();
      });
    });
    // A page restored from the back/forward cache may have a dead port.
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: false }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    await isBack;
    return {
      status: (await bridge.fetch("/orders")).status,
      token: await bridge.getSessionToken(),
    };
  });
  expect(again.status).toBe(200);
  expect(keyOf(again.token)).toEqual(keyOf(token));
  const switched = frame.evaluate(async () => {
    const bridge = await window.bridge;
    await new Promise<void>((resolve) => {
      bridge.session.subscribe((session) => session?.tenantId === "globex" && resolve());
    });
    const { status } = await bridge.fetch("/orders");
    return { status, token: await bridge.getSessionToken() };
  });
  await page.evaluate(() => window.host.session.switchTenant("globex"));
  const after = await switched;
  expect(after.status).toBe(200);
  expect(keyOf(after.token)).toEqual(keyOf(token));
  expect(scene.upstreamHeaders.at(-1)).toMatchObject({ "x-breezeway-tenant": "globex" });
  await page.evaluate(() => window.host.session.signOut());
  const code = await frame.evaluate(async () =>
    (await window.bridge).fetch("/orders").then(
      () => "answered",
      (error: { code: string }) => error.code,
    ),
  );
  expect(code).toBe("SIGNED_OUT");
});

test("an app that requires proofs denies tokens and host requests to a page without a key", async ({
  scene,
}) => {
  const frame = await scene.open();
  const codes = await frame.evaluate(async () => {
    const bridge = await window.breezeway.createAppBridge();
    const codeOf = (attempt: Promise<unknown>): Promise<string> =>
      attempt.then(
        () => "done",
        (error: { code: string }) => error.code,
      );
    return [
      await codeOf(bridge.getSessionToken()),
      await codeOf(bridge.fetch("/orders")),
      await codeOf(bridge.fetch("/orders", { via: "host" })),
    ];
  });
  expect(codes).toEqual(["DENIED", "DENIED", "DENIED"]);
});
