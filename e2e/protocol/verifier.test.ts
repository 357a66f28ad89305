/** The backend that was written from `docs/protocol.md`, against the vectors and a real issuer. */
import { readFile, glob } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { serveIssuer, type IssuerServer } from "@breezeway/issuer/node";
import { freePort } from "@breezeway/test-support/free-port";
import {
  credentialOf,
  decodeHeader,
  proofKeyOf,
  readStream,
  Revocations,
  type Entry,
} from "./requests.ts";
import { Verifier, type Asked } from "./verifier.ts";

interface Outcome {
  readonly name: string;
  readonly reason?: string;
}

interface KeyVectors {
  readonly issuer: string;
  readonly audience: string;
  readonly nowSeconds: number;
  readonly jwks: object;
}

interface TokenVectors extends KeyVectors {
  readonly cases: readonly (Outcome & {
    readonly token: string;
    readonly algorithms?: readonly string[];
    readonly request?: Asked;
    readonly session?: object;
  })[];
}

interface LifecycleVectors extends KeyVectors {
  readonly cases: readonly (Outcome & {
    readonly authorization?: string;
    readonly body: string;
    readonly event?: object;
  })[];
}

interface ProofVectors {
  readonly publicUrl: string;
  readonly nowSeconds: number;
  readonly thumbprint: string;
  readonly token: string;
  readonly method: string;
  readonly target: string;
  readonly cases: readonly {
    readonly name: string;
    readonly proof: string;
    readonly target?: string;
    readonly accepted: boolean;
  }[];
}

interface FeedVectors {
  readonly stream: string;
  readonly events: readonly {
    readonly id: string;
    readonly event: string;
    readonly data: object;
  }[];
  readonly judgements: readonly {
    readonly name: string;
    readonly entry: Entry;
    readonly token: { readonly kid: string };
    readonly revoked: boolean;
  }[];
}

interface HeaderVectors {
  readonly encoding: readonly { readonly value: string; readonly header: string }[];
  readonly notEncoded: readonly string[];
  readonly credentials: readonly (Outcome & { readonly authorization: readonly string[] })[];
}

const folder = new URL("../../docs/vectors/", import.meta.url);
const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`${name}.json`, folder), "utf8"));

const tokens = (await read("tokens")) as TokenVectors;
const lifecycle = (await read("lifecycle")) as LifecycleVectors;
const proofs = (await read("proofs")) as ProofVectors;
const feed = (await read("feed")) as FeedVectors;
const headers = (await read("headers")) as HeaderVectors;

/** What came of it: the value, or the reason of the rejection. */
async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return (error as { reason?: string }).reason ?? error;
  }
}

describe("the programs that were written from the page", () => {
  it("import nothing of ours", async () => {
    const here = new URL(".", import.meta.url).pathname;
    for await (const file of glob("*.ts", { cwd: here })) {
      if (file.endsWith(".test.ts")) continue;
      const source = await readFile(new URL(file, import.meta.url), "utf8");
      const imports = Array.from(source.matchAll(/from "([^"]+)"/gu), ([, name = ""]) => name);
      expect(imports.filter((name) => !/^(?:node:crypto|\.\/[a-z]+\.ts)$/u.test(name))).toEqual([]);
    }
  });
});

describe("a verifier that was written from the page", () => {
  const verifierOf = (vectors: KeyVectors, algorithms?: readonly string[]): Verifier =>
    new Verifier({
      ...vectors,
      now: () => vectors.nowSeconds,
      ...(algorithms ? { algorithms } : {}),
    });

  it.each(tokens.cases)("judges the token: $name", async ({ token, algorithms, ...wanted }) => {
    const verifier = verifierOf(tokens, algorithms);
    const outcome = await outcomeOf(() => verifier.verify(token, wanted.request));
    expect(outcome).toEqual(wanted.reason ?? wanted.session);
  });

  it.each(lifecycle.cases)("judges the call: $name", async ({ authorization, body, ...wanted }) => {
    const verifier = verifierOf(lifecycle);
    const outcome = await outcomeOf(() => verifier.verifyCall(authorization, body));
    expect(outcome).toEqual(wanted.reason ?? wanted.event);
  });

  it.each(proofs.cases)("judges the proof: $name", async ({ proof, accepted, ...changed }) => {
    const request = { ...proofs, ...changed, proof };
    const key = await outcomeOf(() => proofKeyOf(request, proofs.publicUrl, proofs.nowSeconds));
    expect(key === proofs.thumbprint).toBe(accepted);
  });

  it.each(headers.credentials)("reads the credential: $name", async (wanted) => {
    const token = "a.b.c";
    const sent = wanted.authorization.map((value) => value.replaceAll("<token>", token));
    const outcome = await outcomeOf(() => credentialOf(sent).token);
    expect(outcome).toBe(wanted.reason ?? token);
  });

  it.each(headers.encoding.filter(({ header }) => !header.includes("%u")))(
    "reads the identity header $header",
    ({ value, header }) => {
      expect(decodeHeader(header)).toBe(value);
    },
  );

  it.each(headers.notEncoded)("refuses the identity header %s", (header) => {
    expect(decodeHeader(header)).toBeUndefined();
  });

  it.each(feed.judgements)("judges the entry: $name", ({ entry, token, revoked }) => {
    const revocations = new Revocations();
    revocations.take({ id: "1", event: "revoked", data: JSON.stringify(entry) });
    const isRejected = revocations.rejects({ ...token }) || revocations.isKeyRemoved(token.kid);
    expect(isRejected).toBe(revoked);
  });

  it("reads the stream of the feed", async () => {
    const events: unknown[] = [];
    for await (const event of readStream(new Blob([feed.stream]).stream())) {
      events.push({ ...event, data: JSON.parse(event.data) as unknown });
    }
    expect(events).toEqual(feed.events);
  });
});

describe("a verifier that was written from the page, with a real issuer", () => {
  let issuer: Issuer;
  let server: IssuerServer;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}/auth`;
    issuer = createIssuer({
      issuer: url,
      store: sqliteStore({ file: ":memory:" }),
      devLogin: {
        users: [{ id: "alice", name: "Alice", tenants: { acme: { scopes: ["orders:read"] } } }],
      },
      apps: [
        {
          id: "orders",
          name: "Orders",
          version: "1.0.0",
          url: "https://orders.example/",
          scopes: ["orders:read"],
        },
      ],
    });
    server = await serveIssuer(issuer, { port });
  });

  afterAll(async () => {
    await server.close();
    await issuer.close();
  });

  /** Sections 11.2, 11.4 and 12, over HTTP. */
  async function post(path: string, body: object, cookie?: string): Promise<Response> {
    const headersOf = { "X-Breezeway-Request": "1", "Content-Type": "application/json" };
    return fetch(url + path, {
      method: "POST",
      headers: { ...headersOf, ...(cookie === undefined ? {} : { Cookie: cookie }) },
      body: JSON.stringify(body),
    });
  }

  async function signIn(): Promise<string> {
    const answer = await post("/login/dev", { userId: "alice", tenantId: "acme" });
    return answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  }

  async function mint(cookie: string): Promise<string> {
    const answer = await post("/session/token", { appId: "orders" }, cookie);
    return ((await answer.json()) as { token: string }).token;
  }

  const kidOf = (token: string): string => {
    const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
    return (JSON.parse(header) as { kid: string }).kid;
  };

  it("accepts its tokens before and after a rotation of its keys", async () => {
    let seconds = Date.now() / 1_000;
    const settings = { issuer: url, audience: "orders", now: () => seconds };
    const verifier = new Verifier({ ...settings, jwks: `${url}/.well-known/jwks.json` });
    const request = { origin: "https://orders.example", scopes: ["orders:read"] };
    const cookie = await signIn();
    const before = await mint(cookie);
    expect(await verifier.verify(before, request)).toMatchObject({ userId: "alice" });

    // A successor is announced, and takes over at once when its predecessor is removed.
    const { kid: announced } = await issuer.keys.rotate();
    expect(kidOf(await mint(cookie))).toBe(kidOf(before));
    await issuer.keys.remove(kidOf(before));
    const after = await mint(cookie);
    expect(kidOf(after)).toBe(announced);
    // Within the 5 s in which a key set is not fetched again.
    expect(await outcomeOf(() => verifier.verify(after, request))).toBe("key-unknown");
    seconds += 5;
    expect(await verifier.verify(after, request)).toMatchObject({ userId: "alice" });
    expect(await outcomeOf(() => verifier.verify(before, request))).toBe("key-unknown");
  });

  it("rejects a token once the feed says that its session has ended", async () => {
    const verifier = new Verifier({
      issuer: url,
      audience: "orders",
      now: () => Date.now() / 1_000,
      jwks: `${url}/.well-known/jwks.json`,
    });
    const [alice, other] = [await mint(await signIn()), await mint(await signIn())];
    const { handle } = await verifier.verify(alice);
    const closing = new AbortController();
    const answer = await fetch(`${url}/revocations`, {
      headers: { Accept: "text/event-stream" },
      signal: closing.signal,
    });
    const events = readStream(answer.body as AsyncIterable<Uint8Array>);
    const next = async (): Promise<void> => {
      const { value } = await events.next();
      if (value) verifier.revocations.take(value);
    };
    await next();
    expect(await verifier.verify(alice)).toMatchObject({ handle });
    await issuer.sessions.revoke(handle);
    await next();
    expect(await outcomeOf(() => verifier.verify(alice))).toBe("session-revoked");
    expect(await verifier.verify(other)).toMatchObject({ userId: "alice" });

    // A reader that comes back starts where it was.
    const { lastId = "" } = verifier.revocations;
    const poll = await fetch(`${url}/revocations?after=${lastId}`);
    expect(await poll.json()).toEqual({ seq: Number(lastId), revocations: [] });
    closing.abort();
  });
});
