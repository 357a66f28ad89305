import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  problem,
  startAppBackend,
  status,
  type Answer,
  type AppBackend,
} from "../../test-support/app-backend.ts";
import { callBackend } from "./backend-call.ts";

let backend: AppBackend;
beforeAll(async () => {
  backend = await startAppBackend();
});
afterAll(() => backend.close());
beforeEach(() => {
  backend.answer = status(204);
});

function call(
  url = `${backend.origin}/connect`,
  { timeoutMs = 5_000, signal = never(), fetch = globalThis.fetch } = {},
) {
  return callBackend(
    { url, body: '{"event":"connect"}', token: "the-token" },
    { fetch, timeoutMs, signal },
  );
}

const never = (): AbortSignal => new AbortController().signal;
const REFUSED = { kind: "refused", reason: "refused" };

describe("an answer of an app's backend", () => {
  const html = { "content-type": "text/html" };
  const words = (detail: unknown): Answer => problem(422, { title: "Sorry", detail });
  it.each<readonly [string, Answer, object]>([
    ["200 with any text is a success", status(200, html, "<p>ok"), { kind: "done" }],
    ["204 is a success", status(204), { kind: "done" }],
    [
      "422 with a detail is a refusal with the detail",
      words("No such plan."),
      { ...REFUSED, detail: "No such plan." },
    ],
    [
      "422 with only a title is a refusal with the title",
      words(undefined),
      { ...REFUSED, detail: "Sorry" },
    ],
    [
      "422 with a detail that is not a string is a refusal with the title",
      words({ a: 1 }),
      { ...REFUSED, detail: "Sorry" },
    ],
    [
      "422 with invisible characters is a refusal without them",
      words("a\u0000b\u202ec\u2028\n d\u2066"),
      { ...REFUSED, detail: "a b c d" },
    ],
    [
      "422 with half of a surrogate pair is a refusal with a replacement character",
      words("a\ud800"),
      { ...REFUSED, detail: "a\ufffd" },
    ],
    ["422 with a blank detail is a refusal without text", words(" \n "), REFUSED],
    [
      "422 with an HTML page is a refusal without text",
      status(422, html, "<script>alert(1)</script>"),
      REFUSED,
    ],
    [
      "403 with malformed JSON is a refusal without text",
      status(403, { "content-type": "application/problem+json" }, "{"),
      REFUSED,
    ],
    [
      "400 with a JSON array is a refusal without text",
      status(400, { "content-type": "application/problem+json" }, "[]"),
      REFUSED,
    ],
    ["404 is a refusal", status(404), REFUSED],
    ["500 is an outage", status(500), { kind: "unavailable", reason: "server-error" }],
    [
      "503 with Retry-After in seconds is an outage with that wait",
      status(503, { "retry-after": "7" }),
      { kind: "unavailable", reason: "server-error", retryAfterMs: 7_000 },
    ],
    [
      "429 with a Retry-After that is too large is an outage without a wait",
      status(429, { "retry-after": "9".repeat(400) }),
      { kind: "unavailable", reason: "server-error" },
    ],
    [
      "429 with a date in Retry-After is an outage without a wait",
      status(429, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }),
      { kind: "unavailable", reason: "server-error" },
    ],
  ])("%s", async (_name, answer, outcome) => {
    backend.answer = answer;
    expect(await call()).toEqual(outcome);
  });

  it("is cut to 300 characters", async () => {
    backend.answer = words("\u{1f600}".repeat(1_000));
    const outcome = await call();
    const detail = "detail" in outcome ? outcome.detail : "";
    expect(detail?.length).toBeLessThanOrEqual(300);
    expect(detail?.isWellFormed()).toBe(true);
    expect(detail).toMatch(/…$/);
  });

  it("is read up to its size limit", async () => {
    let sent = 0;
    const endless = function* (): Generator<Buffer> {
      for (const chunk = Buffer.alloc(65_536, " "); sent < 500_000_000; sent += chunk.length) {
        yield chunk;
      }
    };
    backend.answer = async (response) => {
      response.writeHead(422, { "content-type": "application/problem+json" });
      await pipeline(Readable.from(endless()), response).catch(() => undefined);
    };
    expect(await call()).toEqual(REFUSED);
    expect(sent).toBeLessThan(50_000_000);
  });

  it.each([301, 302, 303, 307, 308])(
    "with status %i is not followed as a redirect",
    async (code) => {
      const before = backend.calls.length;
      backend.answer = status(code, { location: `${backend.origin}/elsewhere` });
      expect(await call()).toEqual({ kind: "refused", reason: "redirected" });
      expect(backend.calls.slice(before).map(({ path }) => path)).toEqual(["POST /connect"]);
    },
  );
});

describe("a call without a valid answer", () => {
  it("is a timeout when head or body arrives late", async () => {
    backend.answer = () => undefined;
    const timeout = { kind: "unavailable", reason: "timeout" };
    expect(await call(undefined, { timeoutMs: 150 })).toEqual(timeout);
    backend.answer = (response) => {
      response.writeHead(422, { "content-type": "application/problem+json" }).write("{");
    };
    expect(await call(undefined, { timeoutMs: 150 })).toEqual(timeout);
  });

  it("is a timeout even when the host's own fetch ignores its signal", async () => {
    const closing = new AbortController();
    const fetch = (): Promise<Response> => new Promise(() => undefined);
    const timeout = { kind: "unavailable", reason: "timeout" };
    expect(await call(undefined, { fetch, timeoutMs: 100 })).toEqual(timeout);
    const waiting = call(undefined, { fetch, signal: closing.signal });
    closing.abort();
    expect(await waiting).toEqual({ kind: "interrupted" });
    expect(await call(undefined, { fetch, signal: closing.signal })).toEqual({
      kind: "interrupted",
    });
  });

  it.each<readonly [string, Answer]>([
    ["the connection is closed", (_response, request) => void request.socket.destroy()],
    [
      "the answer is not HTTP",
      (_response, request) => void request.socket.end("SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    ],
  ])("is an outage when %s", async (_name, answer) => {
    backend.answer = answer;
    expect(await call()).toEqual({ kind: "unavailable", reason: "unreachable" });
  });

  it("is an outage when nothing listens on the port", async () => {
    const gone = await startAppBackend();
    await gone.close();
    expect(await call(`${gone.origin}/connect`)).toEqual({
      kind: "unavailable",
      reason: "unreachable",
    });
  });

  it("is not an outage when the process closes during the call", async () => {
    const closing = new AbortController();
    backend.answer = () => closing.abort();
    expect(await call(undefined, { signal: closing.signal })).toEqual({ kind: "interrupted" });
  });
});

it("sends the token in the header only, and no cookie", async () => {
  let seen = "";
  backend.answer = (response, request) => {
    seen = JSON.stringify(request.headers) + String(request.url);
    response.end();
  };
  await call();
  expect(JSON.parse(seen.slice(0, seen.lastIndexOf("}") + 1))).toMatchObject({
    authorization: "Bearer the-token",
    "content-type": "application/json",
    connection: "close",
  });
  expect(seen.split("the-token")).toHaveLength(2);
  expect(seen).not.toContain("cookie");
});
