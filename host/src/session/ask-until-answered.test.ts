import { describe, expect, it } from "vitest";
import type { Host } from "../index.ts";
import {
  createHostForTesting,
  createTestGuest,
  createTestIssuer,
  type TestGuest,
  type TestIssuer,
} from "../testing.ts";

const orders = { id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.test/" };

interface World extends Disposable {
  readonly host: Host;
  readonly guest: TestGuest;
}

/** A host whose app is mounted before the session is known. */
function open(issuer: TestIssuer): World {
  const host = createHostForTesting({ ...issuer.hostOptions, apps: [orders] }, issuer.hooks);
  const guest = createTestGuest({ clock: issuer.clock });
  host.mount("orders", { place: guest.place });
  return { host, guest, [Symbol.dispose]: () => host.close() };
}

describe("a host that starts with nobody signed in", () => {
  it("pushes session and token after a sign-in, even to a guest that was just refused a token", async () => {
    const issuer = createTestIssuer({ session: null });
    using world = open(issuer);
    const { host, guest } = world;
    await guest.connect();
    await expect(guest.callWith("getSessionToken", [])).rejects.toMatchObject({
      code: "SIGNED_OUT",
    });
    issuer.signIn({ userId: "bob" });
    await host.session.reload();
    await guest.settled();
    expect(guest.state.session?.userId).toBe("bob");
    expect(guest.state.token).not.toBeNull();
    await expect(guest.callWith("getSessionToken", [])).resolves.toBe(guest.state.token?.token);
  });

  it("notifies listeners once, and lets `answer` distinguish an unanswered question", async () => {
    using world = open(createTestIssuer({ session: null }));
    const { session } = world.host;
    const sessions: unknown[] = [];
    const answers: unknown[] = [];
    session.subscribe((current) => sessions.push(current));
    session.answer.subscribe((answer) => answers.push(answer));
    await session.ready;
    expect([sessions, answers]).toEqual([[null], [undefined, null]]);
  });
});

describe("a host that starts while its issuer is unreachable", () => {
  it("retries by itself, and sends its guests the session", async () => {
    const issuer = createTestIssuer();
    issuer.offline();
    using world = open(issuer);
    const { host, guest } = world;
    await guest.connect();
    expect([host.session.answer.current, guest.state.session]).toEqual([undefined, null]);
    await issuer.advance(2_000);
    expect(host.session.answer.current).toBeUndefined();
    issuer.offline(false);
    await issuer.advance(4_000);
    await guest.settled();
    expect(host.session.current?.userId).toBe("alice");
    expect(guest.state.session?.userId).toBe("alice");
  });

  it("does not sign the user in again after a sign-out that did not reach the issuer", async () => {
    const issuer = createTestIssuer();
    issuer.offline();
    using world = open(issuer);
    const { session } = world.host;
    await session.ready;
    await expect(session.signOut()).rejects.toMatchObject({ code: "OFFLINE" });
    issuer.offline(false);
    await issuer.advance(2_000);
    expect(session.current).toBeNull();
  });

  it("stops retrying when it is closed during a request", async () => {
    const issuer = createTestIssuer();
    const answers: ((response: Response) => void)[] = [];
    const ask = (): Promise<Response> => new Promise((resolve) => answers.push(resolve));
    const host = createHostForTesting(
      { ...issuer.hostOptions, apps: [], fetch: ask },
      issuer.hooks,
    );
    host.close();
    answers[0]?.(new Response(null, { status: 503 }));
    await host.session.ready;
    await issuer.advance(60_000);
    expect([answers.length, issuer.clock.timers]).toEqual([1, 0]);
  });

  it("retries with a backoff of up to 30 s, and stops when it is closed", async () => {
    const issuer = createTestIssuer();
    let questions = 0;
    const away = async (): Promise<Response> => {
      questions += 1;
      return new Response(null, { status: 503 });
    };
    const host = createHostForTesting(
      { ...issuer.hostOptions, apps: [], fetch: away },
      issuer.hooks,
    );
    await host.session.ready;
    for (const pauseMs of [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = questions;
      await issuer.advance(pauseMs - 1);
      expect(questions).toBe(before);
      await issuer.advance(1);
      expect(questions).toBe(before + 1);
    }
    host.close();
    expect(issuer.clock.timers).toBe(0);
  });
});
