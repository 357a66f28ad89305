/** Cloudflare Workers end the work of a request with the request, here in their own runtime. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startIssuer, type TestIssuer } from "@breezeway/test-support/issuer";
import { claimsAt, createSigner } from "@breezeway/test-support/signer";
import type { RunningBed } from "../../test-support/beds/bed.ts";
import { startWorker } from "../../test-support/runtimes/runtimes.ts";

const signer = createSigner();
const jwks = { keys: [signer.publicJwk] };

let issuer: TestIssuer;
let worker: RunningBed;

beforeEach(async () => {
  issuer = await startIssuer({ jwks });
  worker = await startWorker(issuer.url);
});

afterEach(async () => {
  await worker.close();
  await issuer[Symbol.asyncDispose]();
});

function ask(signal?: AbortSignal): Promise<Response> {
  const token = signer.sign(claimsAt(Math.floor(Date.now() / 1_000), { iss: issuer.url }));
  const headers = { authorization: `Bearer ${token}` };
  return fetch(`${worker.url}/orders`, { headers, ...(signal && { signal }) });
}

/** Holds the answers of the issuer. Resolves with the first request for the keys. */
function holdKeys(held: ServerResponse[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  issuer.keys = (response) => {
    held.push(response);
    resolve();
  };
  return promise;
}

it("a request gets its answer although the one that fetched the keys was cancelled", async () => {
  const serve = issuer.keys;
  const held: ServerResponse[] = [];
  const asked = holdKeys(held);
  const leaving = new AbortController();
  const cancelled = ask(leaving.signal);
  await asked;
  issuer.keys = serve;
  leaving.abort();
  await expect(cancelled).rejects.toThrow();

  expect((await ask()).status).toBe(200);
  for (const response of held) response.end();
});

it("requests that need the keys at the same time all get their answers", async () => {
  const serve = issuer.keys;
  const held: ServerResponse[] = [];
  const asked = holdKeys(held);
  const first = ask();
  await asked;
  issuer.keys = serve;
  const others = await Promise.all([ask(), ask()]);
  expect(others.map(({ status }) => status)).toEqual([200, 200]);
  for (const response of held) serve(response);
  expect((await first).status).toBe(200);
});
