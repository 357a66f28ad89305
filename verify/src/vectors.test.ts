/** Checks the public API against the golden files of `docs/vectors`, shared by all implementations. */
import { readFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { clockAt } from "../test-support/clock-at.ts";
import type {
  JwkSet,
  RevocationFeed,
  SessionAlgorithm,
  SessionVerifierOptions,
  VerifyRequest,
} from "./index.ts";
import {
  createProofVerifierForTesting,
  createRevocationFeedForTesting,
  createSessionVerifierForTesting,
  verifyLifecycleForTesting,
  type VerifyTestHooks,
} from "./testing.ts";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";

const at = (nowSeconds: number): VerifyTestHooks => ({
  clock: clockAt(() => nowSeconds * 1_000),
});

interface Vectors {
  readonly issuer: string;
  readonly audience: string;
  readonly nowSeconds: number;
  readonly jwks: JwkSet;
}

interface TokenCase {
  readonly name: string;
  readonly token: string;
  readonly algorithms?: readonly SessionAlgorithm[];
  readonly request?: VerifyRequest;
  readonly session?: object;
  readonly reason?: string;
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

interface LifecycleCase {
  readonly name: string;
  readonly authorization?: string;
  readonly body: string;
  readonly event?: object;
  readonly reason?: string;
}

interface FeedVectors {
  readonly stream: string;
  readonly events: readonly { readonly id: string; readonly data: object }[];
  readonly judgements: readonly {
    readonly name: string;
    readonly entry: object;
    readonly token: { readonly kid: string; readonly sub: string } & Record<string, unknown>;
    readonly revoked: boolean;
  }[];
}

function read(name: string): unknown {
  const file = new URL(`../../docs/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8"));
}

const tokens = read("tokens") as Vectors & { readonly cases: readonly TokenCase[] };
const proofs = read("proofs") as ProofVectors;
const lifecycle = read("lifecycle") as Vectors & { readonly cases: readonly LifecycleCase[] };
const feed = read("feed") as FeedVectors;

const reasonOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (error: { reason?: string }) => error.reason,
  );

describe("a session verifier judges the token vector", () => {
  it.each(tokens.cases)("$name", async ({ token, algorithms, request, session, reason }) => {
    const { issuer, audience, nowSeconds, jwks } = tokens;
    const options = { issuer, audience, jwks, ...(algorithms ? { algorithms } : {}) };
    const verifier = createSessionVerifierForTesting(options, at(nowSeconds));
    const verified = verifier.verify(token, request);
    if (reason === undefined) expect(await verified).toMatchObject(session ?? {});
    else expect(await reasonOf(verified)).toBe(reason);
  });
});

describe("a proof verifier judges the proof vector", () => {
  it.each(proofs.cases)("$name", ({ proof, target, accepted }) => {
    const { publicUrl, nowSeconds, token, method, thumbprint } = proofs;
    const verifier = createProofVerifierForTesting({ publicUrls: publicUrl }, at(nowSeconds));
    const judge = (): boolean => {
      const asked = { proof, token, method, target: target ?? proofs.target };
      try {
        return verifier.verify(asked).keyThumbprint === thumbprint;
      } catch {
        return false;
      }
    };
    expect(judge()).toBe(accepted);
  });
});

describe("a lifecycle verifier judges the lifecycle vector", () => {
  it.each(lifecycle.cases)("$name", async ({ authorization, body, event, reason }) => {
    const { issuer, audience, nowSeconds, jwks } = lifecycle;
    const verifier = verifyLifecycleForTesting({ issuer, audience, jwks }, at(nowSeconds));
    const headers = authorization === undefined ? {} : { authorization };
    const verified = verifier.verify({ headers, rawBody: body });
    if (reason === undefined) expect(await verified).toMatchObject(event ?? {});
    else expect(await reasonOf(verified)).toBe(reason);
  });
});

describe("a revocation feed", () => {
  const follow = async (stream: string): Promise<RevocationFeed> => {
    const nowSeconds = 1_795_298_400;
    const headers = { "content-type": "text/event-stream" };
    const options = {
      url: `${ISSUER}/revocations`,
      fetch: () => Promise.resolve(new Response(stream, { headers })),
    };
    const followed = createRevocationFeedForTesting(options, at(nowSeconds));
    onTestFinished(() => followed.close());
    await followed.ready();
    return followed;
  };

  it("reads the vectors' event stream to its last event", async () => {
    const followed = await follow(feed.stream);
    await expect.poll(() => followed.status).toMatchObject({ seq: feed.events.at(-1)?.id });
    expect(followed.isKeyRemoved("key-0")).toBe(true);
  });

  it.each(feed.judgements)("judges the entry and the token: $name", async (judgement) => {
    const data = JSON.stringify({ seq: 1, revocations: [judgement.entry] });
    const followed = await follow(`id: 1\nevent: snapshot\ndata: ${data}\n\n`);
    const { kid, ...claims } = judgement.token;
    const iat = Number(claims["iat"]);
    const signer = createSigner(kid);
    const options: SessionVerifierOptions = {
      issuer: ISSUER,
      audience: "orders",
      jwks: [signer.publicJwk],
      isRevoked: (of) => followed.isRevoked(of),
      isKeyRemoved: (id) => followed.isKeyRemoved(id),
    };
    const verifier = createSessionVerifierForTesting(options, at(iat));
    const token = signer.sign(claimsAt(iat, { ...claims, userId: claims.sub }));
    const reason = await reasonOf(verifier.verify(token));
    expect(["session-revoked", "key-unknown"].includes(String(reason))).toBe(judgement.revoked);
  });
});
