/**
 * [TM-103] A registered guest claims to be another app.
 * [TM-104] A registered guest requests another app's token.
 */
import { decodeJwt } from "jose";
import { signIn } from "../support/http.ts";
import { expect, frameAt, test, type Fixtures } from "./support.ts";
import type { Frame } from "@playwright/test";

const LIES = {
  appId: "orders",
  app: { id: "orders" },
  aud: "orders",
  origin: "http://127.0.0.1:4010",
};

interface Welcome {
  readonly appId: string;
  readonly capabilities: readonly string[];
  readonly token: { readonly token: string };
}

test("the host's registry decides the identity of a guest, even when its hello claims another app", async ({
  page,
  platform,
  usurp,
}) => {
  const frame = await openMalicious({ page, platform, usurp });
  const welcome = (await frame.evaluate((lies) => window.attack.hello?.(lies), LIES)) as Welcome;
  expect(welcome.appId).toBe("inspector");
  expect(welcome.capabilities).not.toContain("orders:announce");
  expect(decodeJwt(welcome.token.token)).toMatchObject({
    aud: "inspector",
    azp: platform.addresses.inspector.origin,
    scope: "",
  });
});

test("every request for a token returns a token of the guest's own app or an error", async ({
  page,
  platform,
  usurp,
}) => {
  const frame = await openMalicious({ page, platform, usurp });
  await frame.evaluate((lies) => window.attack.hello?.(lies), LIES);
  for (const method of ["getSessionToken", "getAppToken", "bridge.token"]) {
    for (const args of [["orders"], [{ appId: "orders" }], ["orders", "orders"]]) {
      const answer = await frame.evaluate(([name, given]) => window.attack.call?.(name, given), [
        method,
        args,
      ] as const);
      const tokens = JSON.stringify(answer).match(/ey[\w-]+\.[\w-]+\.[\w-]+/g) ?? [];
      for (const token of tokens) expect(decodeJwt(token).aud, method).toBe("inspector");
      if (tokens.length === 0) expect(answer, method).toContain("error");
    }
  }
});

test("a guest cannot publish or call with another app's capabilities", async ({
  page,
  platform,
  usurp,
}) => {
  const frame = await openMalicious({ page, platform, usurp });
  await frame.evaluate((lies) => window.attack.hello?.(lies), LIES);
  await frame.evaluate(() =>
    window.attack.post?.([
      "event",
      "order:announced",
      { orderId: "9999", customerId: "c-101", status: "forged" },
    ]),
  );
  const refusal = await frame.evaluate(() => window.attack.call?.("openCustomer", ["c-101"]));
  expect(refusal).toMatchObject(["error", expect.any(Number), { code: "CAPABILITY_MISSING" }]);
  const hostProperty = await frame.evaluate(() => window.attack.call?.("constructor", []));
  expect(hostProperty).toMatchObject([
    "error",
    expect.any(Number),
    { code: "CALL_METHOD_UNKNOWN" },
  ]);
  // The event was sent before both calls, so the host has handled it by now.
  await expect(page.getByText("#9999")).toHaveCount(0);
});

test("the issuer refuses token requests from a page of another origin", async ({
  expectedMessages,
  page,
  platform,
  usurp,
}) => {
  const frame = await openMalicious({ page, platform, usurp });
  expectedMessages.push(/blocked by CORS policy/);
  const url = `${platform.url}/auth/session/token`;
  const outcome = await frame.evaluate(async (target) => {
    const body = JSON.stringify({ appId: "orders" });
    const send = (init: RequestInit) =>
      fetch(target, { method: "POST", credentials: "include", body, ...init }).then(
        (response) => response.type,
        () => "failed",
      );
    const json = { "content-type": "application/json", "x-breezeway-request": "1" };
    return [await send({ headers: json }), await send({ mode: "no-cors" })];
  }, url);
  // The browser sent the second request, but the page cannot read the response.
  expect(outcome).toEqual(["failed", "opaque"]);

  const session = await signIn(platform, { userId: "alice", tenantId: "acme" });
  const { origin } = platform.addresses.inspector;
  expect(await session.askForToken("orders", { origin })).toMatchObject({
    status: 403,
    body: { reason: "csrf-rejected" },
  });
});

async function openMalicious({
  page,
  platform,
  usurp,
}: Pick<Fixtures, "page" | "platform" | "usurp">): Promise<Frame> {
  await usurp("inspector", { page: "raw-guest" });
  return frameAt(page, platform.addresses.inspector.origin);
}
