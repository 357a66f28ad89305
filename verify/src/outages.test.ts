/** Key set and revocation feed of an issuer that is away: at the start, later, and again and again. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createFeedServer,
  revokedEvent,
  type FeedServer,
} from "@breezeway/test-support/feed-server";
import { ISSUER, NOW_SECONDS, claimsAt, createSigner } from "@breezeway/test-support/signer";
import type { SessionClaims } from "@breezeway/shared/schemas";
import { clockAt } from "../test-support/clock-at.ts";
import type { RevocationFeed } from "./index.ts";
import { createRevocationFeedForTesting, createSessionVerifierForTesting } from "./testing.ts";

type Fault = (init: RequestInit) => Promise<Response>;

const FAULTS: readonly [string, Fault][] = [
  ["cannot be reached", () => Promise.reject(new TypeError("fetch failed"))],
  [
    "does not answer",
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
      }),
  ],
  ["answers 503", () => Promise.resolve(new Response("{}", { status: 503 }))],
  [
    "answers with a page",
    () => Promise.resolve(new Response("<html>", { headers: { "content-type": "text/html" } })),
  ],
  [
    "ends in the middle of its answer",
    () => {
      const body = new ReadableStream({
        pull: (controller) => {
          controller.enqueue(new TextEncoder().encode('{"keys":['));
          controller.error(new TypeError("terminated"));
        },
      });
      return Promise.resolve(
        new Response(body, { headers: { "content-type": "text/event-stream" } }),
      );
    },
  ],
];

/** The fault of the moment. */
let fault: Fault | undefined;
const faulty = (url: string, init: RequestInit): Promise<Response> =>
  fault ? fault(init) : fetch(url, init);

beforeEach(() => {
  fault = undefined;
});

describe.each(FAULTS)("the keys of an issuer that %s", (_name, given) => {
  const signer = createSigner("key-1");
  let nowSeconds: number;
  let fetches: number;
  let serial = 0;

  beforeEach(() => {
    nowSeconds = NOW_SECONDS;
    fetches = 0;
  });

  const open = () =>
    createSessionVerifierForTesting(
      {
        issuer: ISSUER,
        audience: "orders",
        jwks: `${ISSUER}/.well-known/jwks.json`,
        jwksTimeoutMs: 500,
        fetch: (_url, init) => {
          fetches += 1;
          return fault ? fault(init) : Promise.resolve(Response.json({ keys: [signer.publicJwk] }));
        },
        onKeysError: () => {},
      },
      { clock: clockAt(() => nowSeconds * 1_000) },
    );

  /** A token that is verified for the first time. */
  const fresh = (): string => {
    serial += 1;
    return signer.sign(claimsAt(nowSeconds, { jti: `token-${serial}` }));
  };

  it("are fetched 5 s after an outage at the start", async () => {
    const verifier = open();
    fault = given;
    for (let asked = 0; asked < 3; asked += 1) {
      await expect(verifier.verify(fresh())).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
      nowSeconds += 5;
    }
    fault = undefined;
    await expect(verifier.verify(fresh())).resolves.toMatchObject({ appId: "orders" });
    verifier.close();
  });

  it("stay in use during outages later, and are fetched again after each", async () => {
    const verifier = open();
    await verifier.verify(fresh());
    for (let outage = 0; outage < 2; outage += 1) {
      fault = given;
      nowSeconds += 400;
      await expect(verifier.verify(fresh())).resolves.toMatchObject({ appId: "orders" });
      fault = undefined;
      nowSeconds += 30;
      const before = fetches;
      await expect(verifier.verify(fresh())).resolves.toMatchObject({ appId: "orders" });
      await verifier.ready();
      expect(fetches).toBe(before + 1);
    }
    verifier.close();
  });
});

describe.each(FAULTS)("the revocation feed of an issuer that %s", (_name, given) => {
  let server: FeedServer;
  let feed: RevocationFeed;

  beforeEach(async () => {
    server = await createFeedServer();
  });
  afterEach(async () => {
    feed.close();
    await server[Symbol.asyncDispose]();
  });

  const open = (): RevocationFeed => {
    feed = createRevocationFeedForTesting(
      { url: server.url, maxRetryMs: 10, maxSilenceMs: 300, fetch: faulty },
      { clock: clockAt(() => NOW_SECONDS * 1_000) },
    );
    return feed;
  };
  const untilState = (state: string): Promise<void> =>
    expect.poll(() => feed.status.state, { interval: 5 }).toBe(state);
  const revokes = (sid: string): boolean =>
    feed.isRevoked(claimsAt(NOW_SECONDS, { sid }) as unknown as SessionClaims);

  it("is connecting during an outage at the start, and live afterwards", async () => {
    let attempts = 0;
    fault = (init) => {
      attempts += 1;
      return given(init);
    };
    open();
    await expect.poll(() => attempts, { interval: 5 }).toBeGreaterThan(3);
    expect(feed.status.state).toBe("connecting");
    fault = undefined;
    await feed.ready();
    await untilState("live");
  });

  it("keeps what it knows during outages later, and learns what it missed after each", async () => {
    await open().ready();
    for (let outage = 1; outage <= 3; outage += 1) {
      await untilState("live");
      server.send(
        revokedEvent(outage, { kind: "session", id: `s${outage}`, atSeconds: NOW_SECONDS }),
      );
      await expect.poll(() => revokes(`s${outage}`), { interval: 5 }).toBe(true);
      let attempts = 0;
      fault = (init) => {
        attempts += 1;
        return given(init);
      };
      server.drop();
      await expect.poll(() => attempts, { interval: 5 }).toBeGreaterThan(1);
      expect(revokes(`s${outage}`)).toBe(true);
      server.greet((response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(
          revokedEvent(outage + 1, {
            kind: "session",
            id: `missed${outage}`,
            atSeconds: NOW_SECONDS,
          }),
        );
      });
      fault = undefined;
      await expect.poll(() => revokes(`missed${outage}`), { interval: 5 }).toBe(true);
    }
  });
});
