/**
 * The example programs in other languages, run for real: each is started as a process of its own
 * and
 * must answer one table of requests as this repository's own servers do.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BridgeError, toProblem, type HttpCode } from "@breezeway/shared";
import { freePort } from "@breezeway/test-support/free-port";
import { send, type HeaderList } from "@breezeway/test-support/http-client";
import type { JwksServer } from "@breezeway/test-support/jwks-server";
import type { RunningProgram } from "@breezeway/test-support/processes";
import { claimsNow, createSigner } from "@breezeway/test-support/signer";
import { createCaseKeys } from "./test-support/case-keys.ts";
import { CASES } from "./test-support/cases.ts";
import { BAD_KEY_PATHS, startKeyServer } from "./test-support/key-server.ts";
import { goExample } from "./test-support/go-example.ts";
import type { Program } from "./test-support/program.ts";
import { pythonExamples } from "./test-support/python-examples.ts";
import { startRealIssuer, type RealIssuer } from "./test-support/real-issuer.ts";

// Go compiles its standard library where it has not done so before.
const BUILD_TIMEOUT_MS = 240_000;
const keys = createCaseKeys();
const programs: readonly Program[] = [goExample(), ...pythonExamples()];
const runnable = programs.filter(({ missing }) => missing === undefined);
// The Python programs share the code that fetches keys, so they share the bad endpoints.
const outages = programs.flatMap((program, index) => {
  const isShared = program.language === "Python";
  const paths = isShared ? BAD_KEY_PATHS.filter((_, at) => at % 3 === index - 1) : BAD_KEY_PATHS;
  return paths.map((path) => ({ program, path }));
});

interface Running {
  readonly port: number;
  readonly program: RunningProgram;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
}

const opened = new AsyncDisposableStack();
const running = new Map<string, Running>();
let issuer: RealIssuer;
let keyServer: JwksServer;
let startedAtMs: number;

const runKey = ({ name }: Program, path: string): string => `${name} ${path}`;
const goodPath = ({ name }: Program): string => `/keys/${encodeURIComponent(name)}`;

function portOf(program: Program, path: string): number {
  const found = running.get(runKey(program, path));
  if (found === undefined) throw new Error(`${program.name} is not running`);
  return found.port;
}

beforeAll(async () => {
  issuer = opened.use(await startRealIssuer());
  keyServer = opened.use(await startKeyServer(keys, issuer.publishedKeys));
  const wanted = [
    ...runnable.map((program) => ({ program, path: goodPath(program) })),
    ...outages.filter(({ program }) => program.missing === undefined),
  ];
  const firstPort = await freePort(wanted.length - 1);
  startedAtMs = performance.now();
  const prepared = new Map(runnable.map((program) => [program, program.prepare()]));
  const starts = await Promise.allSettled(
    wanted.map(async ({ program, path }, index) => {
      await prepared.get(program);
      const port = firstPort + index;
      const started = await program.start(keyServer.urlOf(path), port);
      // Flask's and Django's own servers take long to end on SIGTERM.
      opened.defer(() => started.stop("SIGKILL"));
      running.set(runKey(program, path), { port, program: started });
    }),
  );
  // Throw only when no program is still starting, so that the programs that started are ended.
  for (const start of starts) if (start.status === "rejected") throw start.reason;
}, BUILD_TIMEOUT_MS);

afterAll(() => opened.disposeAsync());

const leftOut = programs.filter(({ missing }) => missing !== undefined);
for (const { name, missing } of leftOut) test.skip(`${name}, left out: ${missing}`, () => {});

// The programs of a language share the code that their own tests cover.
const languages = runnable.filter(
  ({ language }, index) => runnable.findIndex((other) => other.language === language) === index,
);
test.each(languages)(
  "$language: the key cache keeps its times by the test's clock",
  (program) => program.runUnitTests(),
  BUILD_TIMEOUT_MS,
);

describe.each(runnable)("$name", (program) => {
  describe.each(program.routes)("%s", (route) => {
    test.each(CASES)("$name", async ({ headers, refusal }) => {
      const answer = await get(portOf(program, goodPath(program)), route, headers(keys));

      if (refusal === undefined) expectSession(answer);
      else expectProblem(answer, refusal);
    });
  });

  test.each(program.routes)("%s accepts a token that the issuer made", async (route) => {
    const headers = [["authorization", `Bearer ${await issuer.mint()}`]] as const;
    const answer = await get(portOf(program, goodPath(program)), route, headers);

    expect(answer.body).toMatchObject({ userId: "alice", tenantId: "acme" });
    expect(answer.status).toBe(200);
  });

  test.each(program.routes.map((route) => route.replace("orders", "getJWT")))(
    "%s returns the token of the request, and refuses a request without one",
    async (route) => {
      const port = portOf(program, goodPath(program));
      const token = await issuer.mint();
      const answer = await get(port, route, [["authorization", `Bearer ${token}`]]);

      expect(answer.body).toEqual({ token });
      expectProblem(await get(port, route, []), "TOKEN_MISSING");
    },
  );

  test("fetches keys once in 5 s, however many key ids strangers invent", async () => {
    const port = portOf(program, goodPath(program));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const forged = createSigner(`invented-${index}`).sign(claimsNow());
        return get(port, program.routes[0] ?? "", [["authorization", `Bearer ${forged}`]]);
      }),
    );

    for (const answer of answers) expectProblem(answer, "KEY_UNKNOWN");
    const seconds = (performance.now() - startedAtMs) / 1_000;
    expect(keyServer.hits(goodPath(program))).toBeLessThanOrEqual(1 + Math.floor(seconds / 5));
  });

  test.each(outages.filter((outage) => outage.program === program))(
    "answers keys-unavailable when the key set is $path",
    async ({ path }) => {
      const headers = [["authorization", `Bearer ${keys.published.sign(claimsNow())}`]] as const;
      const port = portOf(program, path);
      const [route = ""] = program.routes;
      const answers = [await get(port, route, headers), await get(port, route, headers)];

      for (const answer of answers) expectProblem(answer, "KEYS_UNAVAILABLE");
      expect(keyServer.hits(path)).toBeGreaterThan(0);
      expect(keyServer.hits("/good"), "requests that followed the redirect").toBe(0);
    },
  );

  test("writes no part of a token to its log", () => {
    const { program: started } = running.get(runKey(program, goodPath(program))) ?? {};
    expect(started?.output()).not.toMatch(/eyJ/u);
  });
});

async function get(port: number, path: string, headers: HeaderList): Promise<Answer> {
  const { body, ...answer } = await send(`http://127.0.0.1:${port}${path}`, {
    headerList: headers,
  });
  return { ...answer, body: JSON.parse(body) as Record<string, unknown> };
}

function expectSession({ status, body }: Answer): void {
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toEqual({
    userId: "alice",
    tenantId: "acme",
    handle: "session-1",
    scopes: ["orders:read", "orders:write"],
  });
}

function expectProblem(answer: Answer, code: HttpCode): void {
  const details = code === "SCOPE_MISSING" ? { scopes: ["orders:read"] } : {};
  const error = new BridgeError(code, "", { details });
  const { requestId } = answer.body;
  const { status, headers, problem } = toProblem(error, { requestId: String(requestId) });
  const { detail: _, ...members } = problem;

  expect(answer.body).toEqual(members);
  expect(answer.status).toBe(status);
  expect(requestId).toMatch(/^[\w-]{16,}$/u);
  for (const name of ["content-type", "cache-control", "www-authenticate", "retry-after"]) {
    expect(answer.headers[name], name).toBe(headers[name]);
  }
}
