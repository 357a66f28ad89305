import { decodeProtectedHeader } from "jose";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createKeyManager, type Issuer } from "./index.ts";
import { createLocalVault } from "./keys/local-vault.ts";
import { openBrowser } from "../test-support/client.ts";
import { readEvents } from "../test-support/event-source.ts";
import { describeStores } from "../test-support/stores.ts";
import {
  call,
  cookieOf,
  reasonOf,
  testClock,
  testIssuer,
  shiftedClock,
} from "../test-support/test-issuer.ts";

describeStores("two issuers on one $name", (place, fixture) => {
  let a: Issuer;
  let b: Issuer;

  beforeEach(async () => {
    [a, b] = [testIssuer({ store: place().store() }), testIssuer({ store: place().store() })];
    await Promise.all([a.ready, b.ready]);
  });
  afterEach(() => Promise.all([a.close(), b.close()]));

  it("agree on one key when they start on an empty store at once", async () => {
    expect(await a.keys.jwks()).toEqual(await b.keys.jwks());
    expect((await a.keys.jwks()).keys).toHaveLength(1);
  });

  it("refuse within a second a session that the other one revoked, although it was in memory", async () => {
    const browser = await openBrowser(a);
    expect((await browser.mint(b)).status).toBe(200);
    await a.sessions.revoke((await a.sessions.listForUser("alice"))[0]!.handle);
    const revokedAt = performance.now();
    let lastGrantedAt = revokedAt;
    const mint = async (): Promise<string> => {
      const askedAt = performance.now();
      const response = await browser.mint(b);
      if (response.ok) lastGrantedAt = askedAt;
      return response.ok ? "granted" : reasonOf(response);
    };
    await expect.poll(mint, { interval: 20 }).toBe("401 session-revoked");
    // Measured from the request, not from the answer, so that a busy machine does not matter.
    expect(lastGrantedAt - revokedAt).toBeLessThan(1_000);
  });

  it("return the current session to a page, whichever of them has changed it", async () => {
    const browser = await openBrowser(a);
    const [session] = await a.sessions.listForUser("alice");
    for (let round = 1; round <= 5; round += 1) {
      // The other issuer has it in memory.
      expect((await browser.session(b)).status).toBe(200);
      await a.sessions.updateClaims(session!.handle, { round });
      expect(await (await browser.session(b)).json()).toMatchObject({ claims: { round } });
    }
  });

  it("send revocations of the other one on the feed", async () => {
    await openBrowser(a);
    const [session] = await a.sessions.listForUser("alice");
    const response = await call(b, "/revocations", { headers: { accept: "text/event-stream" } });
    const stream = readEvents(response);
    expect(await stream.next()).toMatchObject({ event: "snapshot" });
    await a.sessions.revoke(session!.handle);
    expect(await stream.next()).toMatchObject({ event: "revoked", data: { id: session!.handle } });
    await stream.cancel();
  });

  it("send a page the events of its session at the other one", async () => {
    const browser = await openBrowser(a);
    const [session] = await a.sessions.listForUser("alice");
    const stream = readEvents(await call(b, "/session/events", { cookie: browser.cookie }));
    await a.sessions.updateClaims(session!.handle, { x: 1 });
    expect(await stream.next()).toMatchObject({ event: "claims-changed" });
    await a.sessions.revoke(session!.handle);
    expect(await stream.next()).toMatchObject({ event: "revoked" });
  });

  it("serve a browser that alternates between them while its secret rotates", async () => {
    const browser = await openBrowser(a);
    for (let round = 0; round < 6; round += 1) {
      const [here, there] = round % 2 === 0 ? [a, b] : [b, a];
      expect((await browser.mint(there)).status).toBe(200);
      expect((await browser.refresh(here)).status).toBe(200);
      expect((await browser.mint(there)).status).toBe(200);
      expect((await browser.session(here)).status).toBe(200);
    }
  });

  it("answer many concurrent refreshes, and keep the first secret that is used after grace", async () => {
    const browser = await openBrowser(a);
    const { cookie } = browser;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        call(index % 2 === 0 ? a : b, "/session/refresh", { method: "POST", cookie }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    // An issuer without memory.
    let offsetMs = 0;
    const c = testIssuer({ store: place().store(), clock: shiftedClock(() => offsetMs) });
    const use = async (answer: Response | undefined): Promise<number> =>
      (await call(c, "/session", { cookie: cookieOf(answer!) })).status;
    for (const answer of answers) expect(await use(answer)).toBe(200);
    offsetMs = 31_000;
    expect(await use(answers[3])).toBe(200);
    expect(await use(answers[3])).toBe(200);
    expect(await use(answers[7])).toBe(401);
    await c.close();
  });

  it("accept a rotated secret for its grace only, whatever is in memory", async () => {
    const clock = testClock();
    const again = await fixture.place();
    const [c, d] = [
      testIssuer({ store: again.store(), clock }),
      testIssuer({ store: again.store(), clock }),
    ];
    const browser = await openBrowser(c);
    expect((await browser.mint(d)).status).toBe(200);
    const old = browser.cookie;
    await browser.refresh(c);
    clock.advance(30_000);
    expect((await call(d, "/session", { cookie: old })).status).toBe(200);
    clock.advance(1);
    expect(await reasonOf(await call(d, "/session", { cookie: old }))).toBe("401 refresh-reused");
    await Promise.all([c.close(), d.close()]);
  });

  it("follow a key that an operator removes in an emergency", async () => {
    const browser = await openBrowser(a);
    const [{ kid } = { kid: "" }] = await a.keys.list();
    const manager = await createKeyManager({ store: place().store() });
    await manager.remove(kid);
    await manager.close();
    for (const issuer of [a, b]) {
      await expect
        .poll(async () => (await issuer.keys.jwks()).keys.map((key) => key.kid))
        .not.toContain(kid);
      const { token } = (await (await browser.mint(issuer)).json()) as { token: string };
      expect(decodeProtectedHeader(token).kid).not.toBe(kid);
    }
  });

  it("stop signing with a removed key even when the next key cannot be opened yet", async () => {
    const vault = createLocalVault();
    const [{ kid: first } = { kid: "" }] = await a.keys.list();
    let isLocked = false;
    const c = testIssuer({
      store: place().store(),
      keys: {
        vault: {
          create: (alg) => vault.create(alg),
          open: (key, alg) =>
            isLocked ? Promise.reject(new Error("locked")) : vault.open(key, alg),
        },
      },
    });
    const browser = await openBrowser(a);
    expect((await browser.mint(c)).status).toBe(200);
    isLocked = true;
    await a.keys.remove(first);
    await expect
      .poll(() => browser.mint(c).then(reasonOf), { interval: 5 })
      .toBe("503 keys-unavailable");
    expect((await c.keys.jwks()).keys.map(({ kid }) => kid)).not.toContain(first);
    isLocked = false;
    await expect.poll(async () => (await browser.mint(c)).status).toBe(200);
    await c.close();
  });
});
