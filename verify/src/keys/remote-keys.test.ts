import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "@breezeway/shared";
import { clockAt } from "../../test-support/clock-at.ts";
import { createJwksServer, type JwksServer } from "@breezeway/test-support/jwks-server";
import { ISSUER, NOW_SECONDS, claimsAt, createSigner } from "@breezeway/test-support/signer";
import type { SessionVerifierOptions } from "../verifier/options.ts";
import {
  createSessionVerifierForTesting,
  type SessionVerifier,
} from "../verifier/session-verifier.ts";

const first = createSigner("key-1");
const second = createSigner("key-2");

let server: JwksServer;
let nowSeconds: number;
/** How far the wall clock was set, which a monotonic clock does not follow. */
let setSeconds: number;
let errors: unknown[];
let verifier: SessionVerifier;

beforeEach(async () => {
  server = await createJwksServer(first.publicJwk);
  nowSeconds = NOW_SECONDS;
  setSeconds = 0;
  errors = [];
  verifier = create();
});

afterEach(async () => {
  verifier.close();
  await server[Symbol.asyncDispose]();
});

function create(overrides: Partial<SessionVerifierOptions> = {}): SessionVerifier {
  const options = {
    issuer: ISSUER,
    audience: "orders",
    jwks: server.url,
    onKeysError: (error: unknown) => errors.push(error),
    ...overrides,
  };
  const clock: Clock = {
    ...clockAt(() => nowSeconds * 1_000),
    monotonic: () => (nowSeconds - setSeconds) * 1_000,
  };
  return createSessionVerifierForTesting(options, { clock });
}

const pass = (seconds: number): void => {
  nowSeconds += seconds;
};

const setWallClock = (bySeconds: number): void => {
  nowSeconds += bySeconds;
  setSeconds += bySeconds;
};

let serial = 0;
function fresh(signer = first): string {
  serial += 1;
  return signer.sign(claimsAt(nowSeconds, { jti: `token-${serial}` }));
}

const down = (): void => {
  server.answer((_request, response) => response.writeHead(500).end());
};

describe("keys behind a URL", () => {
  it("[JWKS-8] are fetched at once, but once, for a new key after a removal was heard", async () => {
    const removed = new Set<string>();
    const following = create({ isKeyRemoved: (kid) => removed.has(kid) });
    await following.verify(fresh());
    await expect(following.verify(fresh(second))).rejects.toMatchObject({ reason: "key-unknown" });
    expect(server.hits()).toBe(1);
    removed.add("key-1");
    server.serve(second.publicJwk);
    await Promise.all([following.verify(fresh(second)), following.verify(fresh(second))]);
    expect(server.hits()).toBe(2);
    const stranger = createSigner("key-3");
    await expect(following.verify(fresh(stranger))).rejects.toMatchObject({
      reason: "key-unknown",
    });
    expect(server.hits()).toBe(2);
    following.close();
  });

  it("[JWKS-8] are fetched once for a removal, also while the issuer still publishes the key or fails", async () => {
    const removed = new Set(["key-1"]);
    const following = create({ isKeyRemoved: (kid) => removed.has(kid) });
    const stranger = createSigner("key-3");
    await following.verify(fresh(stranger)).catch(() => undefined);
    const hits = server.hits();
    for (let count = 0; count < 3; count += 1) {
      await expect(following.verify(fresh(stranger))).rejects.toMatchObject({
        reason: "key-unknown",
      });
    }
    expect(server.hits()).toBe(hits);
    server.serve(first.publicJwk, second.publicJwk);
    pass(6);
    await following.verify(fresh(second));
    down();
    removed.add("key-2");
    for (let count = 0; count < 3; count += 1) {
      await following.verify(fresh(stranger)).catch(() => undefined);
    }
    expect(server.hits()).toBe(hits + 2);
    following.close();
  });

  it("[JWKS-1] are fetched on first use and used for 300 seconds", async () => {
    expect(server.hits()).toBe(0);
    await verifier.verify(fresh());
    nowSeconds += 239;
    await verifier.verify(fresh());
    expect(server.hits()).toBe(1);
    nowSeconds += 61;
    expect(verifier.verifySync(fresh())).toBeUndefined();
    await verifier.verify(fresh());
    expect(server.hits()).toBe(2);
  });

  it("verify tokens synchronously once they have been fetched", async () => {
    const token = fresh();
    expect(verifier.verifySync(token)).toBeUndefined();
    await verifier.ready();
    expect(verifier.verifySync(token)?.userId).toBe("alice");
  });

  it.each([
    ["an hour back", -3_600, 0],
    ["a day back", -86_400, 0],
    ["20 seconds back", -20, 0],
    ["right again, a day after they were fetched ahead of time", 0, 86_400],
    ["right again, an hour after they were fetched ahead of time", 0, 3_600],
  ])(
    "[JWKS-7] follow a rotation and grow old although the wall clock was set %s",
    async (_name, stepSeconds, aheadSeconds) => {
      nowSeconds += aheadSeconds;
      await verifier.verify(fresh());
      setWallClock(stepSeconds - aheadSeconds);
      // Time passes as before.
      pass(5);
      server.serve(second.publicJwk);
      expect((await verifier.verify(fresh(second))).userId).toBe("alice");
      pass(300);
      const hits = server.hits();
      await verifier.verify(fresh(second));
      expect(server.hits()).toBe(hits + 1);
    },
  );

  it("[JWKS-2] stay in use for up to 3600 seconds of an outage, and are unavailable after it", async () => {
    await verifier.verify(fresh());
    down();
    nowSeconds += 301;
    expect((await verifier.verify(fresh())).userId).toBe("alice");
    expect(errors).toHaveLength(1);
    nowSeconds += 3_298;
    expect((await verifier.verify(fresh())).userId).toBe("alice");
    nowSeconds += 1;
    await expect(verifier.verify(fresh())).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
  });

  it("[JWKS-2] are used without a wait during a known outage, and are refreshed after it", async () => {
    await verifier.verify(fresh());
    down();
    nowSeconds += 301;
    await verifier.verify(fresh());
    nowSeconds += 5;
    // This verification starts an attempt in the background.
    expect(verifier.verifySync(fresh())?.userId).toBe("alice");
    server.serve(first.publicJwk, second.publicJwk);
    const token = fresh(second);
    await until(() => isAccepted(token));
    expect(server.hits()).toBe(3);
  });

  it("[JWKS-2] are unavailable when no fetch has succeeded, and are fetched again after a second", async () => {
    down();
    await expect(verifier.verify(fresh())).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    await expect(verifier.ready()).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    const hits = server.hits();
    await expect(verifier.verify(fresh())).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect(server.hits()).toBe(hits);
    server.serve(first.publicJwk);
    nowSeconds += 1;
    expect((await verifier.verify(fresh())).userId).toBe("alice");
  });

  it("[JWKS-3] are fetched once for many concurrent requests", async () => {
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(fresh())));
    expect(server.hits()).toBe(1);
  });

  it("[JWKS-4] are fetched again for an unknown key id, at most once every 5 seconds", async () => {
    await verifier.verify(fresh());
    server.serve(first.publicJwk, second.publicJwk);
    await expect(verifier.verify(fresh(second))).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
    expect(server.hits()).toBe(1);
    nowSeconds += 5;
    expect((await verifier.verify(fresh(second))).userId).toBe("alice");
    for (let n = 0; n < 20; n += 1) {
      const stranger = createSigner(`stranger-${n}`);
      await expect(verifier.verify(fresh(stranger))).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
    }
    expect(server.hits()).toBe(2);
  });

  it("[JWKS-4] are reported as unavailable for an unknown key id during an outage", async () => {
    await verifier.verify(fresh());
    down();
    nowSeconds += 10;
    const unknown = verifier.verify(fresh(second));
    await expect(unknown).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect((await verifier.verify(fresh(first))).userId).toBe("alice");
  });

  it("[JWKS-5] drop their cached tokens when they are removed", async () => {
    server.serve(first.publicJwk, second.publicJwk);
    const [kept, lost] = [fresh(second), fresh(first)];
    await verifier.verify(kept);
    await verifier.verify(lost);
    server.serve(second.publicJwk);
    nowSeconds += 5;
    await expect(verifier.verify(fresh(createSigner("nobody")))).rejects.toThrow();
    expect(verifier.verifyCached(kept)).toBeDefined();
    expect(verifier.verifyCached(lost)).toBeUndefined();
    await expect(verifier.verify(lost)).rejects.toMatchObject({ code: "KEY_UNKNOWN" });
  });

  it("[JWKS-5] drop their cached tokens when their id gets another key", async () => {
    const token = fresh();
    await verifier.verify(token);
    server.serve(createSigner("key-1").publicJwk);
    nowSeconds += 5;
    await expect(verifier.verify(fresh(createSigner("nobody")))).rejects.toThrow();
    expect(verifier.verifyCached(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "TOKEN_SIGNATURE" });
  });

  it("[JWKS-6] are fetched in the background after 240 seconds, so that no request waits at 300", async () => {
    await verifier.verify(fresh());
    nowSeconds += 240;
    expect(verifier.verifySync(fresh())).toBeDefined();
    nowSeconds += 70;
    const token = fresh();
    await until(() => isAccepted(token));
    expect(server.hits()).toBe(2);
  });

  it("are not fetched after close", async () => {
    verifier.close();
    await expect(verifier.verify(fresh())).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    await expect(verifier.ready()).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect(server.hits()).toBe(0);
  });

  it("abort a pending fetch on close", async () => {
    server.answer(() => {});
    const pending = verifier.verify(fresh());
    await until(() => server.hits() === 1);
    verifier.close();
    await expect(pending).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect(errors).toEqual([]);
  });
});

describe("keys behind a URL, in Cloudflare Workers", () => {
  beforeEach(() => vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" }));
  afterEach(() => vi.unstubAllGlobals());

  it("[JWKS-3] are fetched by each request that needs them, and shared once they are there", async () => {
    const workers = create();
    await Promise.all(Array.from({ length: 3 }, () => workers.verify(fresh())));
    expect(server.hits()).toBe(3);
    await workers.verify(fresh());
    expect(server.hits()).toBe(3);
    workers.close();
  });

  it("[JWKS-6] are not fetched in the background: a request waits for them after 300 seconds", async () => {
    const workers = create();
    await workers.verify(fresh());
    nowSeconds += 299;
    expect(workers.verifySync(fresh())).toBeDefined();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(server.hits()).toBe(1);
    nowSeconds += 1;
    await workers.verify(fresh());
    expect(server.hits()).toBe(2);
    workers.close();
  });

  it("abort every pending fetch on close", async () => {
    server.answer(() => {});
    const workers = create();
    const pending = [workers.verify(fresh()), workers.verify(fresh())];
    await until(() => server.hits() === 2);
    workers.close();
    for (const one of pending)
      await expect(one).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect(errors).toEqual([]);
  });
});

describe("a response of the JWKS endpoint is rejected", () => {
  const jwk = first.publicJwk;
  const text = JSON.stringify({ keys: [jwk] });
  const privateJwk = first.privateKey.export({ format: "jwk" });
  const bad: Record<string, (server: JwksServer) => void> = {
    "when it is a redirect": (to) =>
      to.answer((request, response) => {
        if (request.url === "/other") response.end(text);
        else response.writeHead(302, { location: "/other" }).end();
      }),
    "when its status is not 200": (to) =>
      to.answer((_request, response) => response.writeHead(203).end(text)),
    "when it is not JSON": (to) => to.answer((_request, response) => response.end("<html>")),
    "when it has a duplicate name": (to) =>
      to.answer((_request, response) => response.end(text.replace("{", '{"keys":[],'))),
    "when it is a list": (to) =>
      to.answer((_request, response) => response.end(JSON.stringify([jwk]))),
    "when it is larger than 64 kB": (to) =>
      to.answer((_request, response) => response.end(text + " ".repeat(65_536))),
    "when it holds a private key": (to) => to.serve({ ...jwk, ...privateJwk }),
    "when it holds a symmetric key": (to) => to.serve(jwk, { kty: "oct", kid: "s", k: "c2VjcmV0" }),
    "when two keys have the same id": (to) => to.serve(jwk, { ...second.publicJwk, kid: "key-1" }),
    "when a key has no id": (to) => to.serve(jwk, { ...second.publicJwk, kid: undefined }),
    "when a key does not import": (to) => to.serve({ ...jwk, x: "AAAA" }),
    "when it holds more than 64 keys": (to) =>
      to.serve(jwk, ...Array.from({ length: 64 }, () => ({ kty: "RSA" }))),
    "when none of its keys can verify session tokens": (to) =>
      to.serve({ kty: "RSA", kid: "key-1", n: "AQAB", e: "AQAB" }),
    "when its key is for encryption": (to) => to.serve({ ...jwk, use: "enc" }),
    "when its key may not verify": (to) => to.serve({ ...jwk, key_ops: ["sign"] }),
    "when its key is for another algorithm": (to) => to.serve({ ...jwk, alg: "ES256" }),
    "when it does not arrive in time": (to) => to.answer(() => {}),
    "when its body does not arrive in time": (to) =>
      to.answer((_request, response) => response.write("{")),
  };

  it.each(Object.keys(bad))("%s", async (name) => {
    const impatient = create({ jwksTimeoutMs: 200 });
    bad[name]!(server);
    await expect(impatient.verify(fresh())).rejects.toMatchObject({ code: "KEYS_UNAVAILABLE" });
    expect(errors).toHaveLength(1);
    impatient.close();
  });

  it("unless keys of other types are its only fault, which are skipped", async () => {
    server.serve({ kty: "RSA", n: "AQAB", e: "AQAB" }, { kty: "OKP", crv: "X25519", x: "" }, jwk);
    expect((await verifier.verify(fresh())).userId).toBe("alice");
  });
});

function isAccepted(token: string): boolean {
  try {
    return verifier.verifySync(token) !== undefined;
  } catch {
    return false;
  }
}

/** Polls on each turn of the event loop; the test's time limit bounds the wait. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
