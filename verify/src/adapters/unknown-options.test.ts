/** Every adapter and factory refuses a misspelt option at start: ignoring it could open a route. */
import "reflect-metadata";
import { server as createHapi } from "@hapi/hapi";
import type { BridgeError } from "@breezeway/shared";
import createFastify from "fastify";
import { describe, expect, it } from "vitest";
import {
  createProofVerifier,
  createRevocationFeed,
  createSessionGuard,
  createSessionVerifier,
} from "../index.ts";
import { verifyLifecycle } from "../lifecycle.ts";
import { createSigner } from "@breezeway/test-support/signer";
import { verifySession as verifyExpress } from "./express.ts";
import { verifySession as verifyFastify } from "./fastify.ts";
import { verifySession as verifyFetch } from "./fetch.ts";
import { verifySession as verifyHapi } from "./hapi.ts";
import { verifySession as verifyHono } from "./hono.ts";
import { verifySession as verifyKoa } from "./koa.ts";
import { verifySession as verifyLambda } from "./lambda.ts";
import { verifySession as verifyLoopback } from "./loopback.ts";
import { SessionModule, SessionRules } from "./nest.ts";
import { verifySession as verifyNext } from "./next.ts";

const trusted = {
  issuer: "https://shell.example/auth",
  audience: "orders",
  jwks: [createSigner().publicJwk],
};
const misspelt = { ...trusted, scoeps: ["orders:read"] };
/** Misspelt route options. TypeScript would reject them; JavaScript does not. */
const route: object = { scoeps: ["orders:read"] };
const handle = (): never => {
  throw new Error("A handler ran.");
};

/** Starts an application that never listens. */
type Start = () => unknown;

const adapters: readonly (readonly [string, Start])[] = [
  ["express", () => verifyExpress(misspelt)],
  ["koa", () => verifyKoa(misspelt)],
  ["hono", () => verifyHono(misspelt)],
  ["loopback", () => verifyLoopback(misspelt)],
  ["fetch", () => verifyFetch(misspelt)],
  ["lambda", () => verifyLambda(misspelt)],
  ["next", () => verifyNext(misspelt)],
  ["nest", () => SessionModule.forRoot(misspelt)],
  ["fastify", async () => createFastify().register(verifyFastify, misspelt)],
  ["hapi", async () => createHapi().register({ plugin: verifyHapi, options: misspelt })],
  ["createSessionGuard", () => createSessionGuard(misspelt)],
];

const routes: readonly (readonly [string, Start])[] = [
  ["express", () => verifyExpress(trusted).with(route)],
  ["koa", () => verifyKoa(trusted).with(route)],
  ["hono", () => verifyHono(trusted).with(route)],
  ["loopback", () => verifyLoopback(trusted).with(route)],
  ["fetch", () => verifyFetch(trusted).handler(handle, route)],
  ["lambda", () => verifyLambda(trusted).handler(handle, route)],
  ["next, route handler", () => verifyNext(trusted).route(handle, route)],
  ["next, API route", () => verifyNext(trusted).page(handle, route)],
  ["next, proxy", () => verifyNext(trusted).proxy(route)],
  ["nest", () => SessionRules(route)],
  [
    "fastify",
    async () => {
      const app = createFastify();
      await app.register(verifyFastify, trusted);
      app.get("/", { config: { session: route } }, handle);
    },
  ],
  [
    "hapi",
    async () => {
      const server = createHapi();
      await server.register({ plugin: verifyHapi, options: trusted });
      const options = { plugins: { breezeway: route } };
      server.route({ method: "GET", path: "/", options, handler: handle });
      await server.initialize();
    },
  ],
  ["createSessionGuard", () => createSessionGuard(trusted).checkRoute(route)],
];

interface Factory {
  readonly name: string;
  readonly start: Start;
  readonly message: string;
}

const factories: readonly Factory[] = [
  {
    name: "createSessionVerifier",
    start: () => createSessionVerifier({ ...trusted, algorithm: ["ES256"] } as never),
    message: 'createSessionVerifier: algorithm: unknown option. Did you mean "algorithms"?',
  },
  {
    name: "an additional issuer",
    start: () =>
      createSessionVerifier({ ...trusted, additionalIssuers: [{ ...trusted, key: 1 }] } as never),
    message: "createSessionVerifier: additionalIssuers[0].key: unknown option",
  },
  {
    name: "the cache",
    start: () => createSessionVerifier({ ...trusted, cache: { maxEntrys: 9 } } as never),
    message: 'createSessionVerifier: cache.maxEntrys: unknown option. Did you mean "maxEntries"?',
  },
  {
    name: "a clock, which only tests may replace",
    start: () => createSessionVerifier({ ...trusted, clock: Date.now } as never),
    message: "createSessionVerifier: clock: unknown option",
  },
  {
    name: "createRevocationFeed",
    start: () =>
      createRevocationFeed({ url: `${trusted.issuer}/revocations`, maxSilence: 9 } as never),
    message: 'createRevocationFeed: maxSilence: unknown option. Did you mean "maxSilenceMs"?',
  },
  {
    name: "createProofVerifier",
    start: () => createProofVerifier({ publicUrl: "https://api.example" } as never),
    message: 'publicUrl: unknown option. Did you mean "publicUrls"?',
  },
  {
    name: "the proof of an adapter",
    start: () =>
      verifyExpress({ ...trusted, proof: { publicUrl: "https://api.example" } } as never),
    message: 'proof.publicUrl: unknown option. Did you mean "publicUrls"?',
  },
  {
    name: "verifyLifecycle",
    start: () => verifyLifecycle({ ...trusted, audiences: "orders" } as never),
    message: 'verifyLifecycle: audiences: unknown option. Did you mean "audience"?',
  },
  {
    name: "a session of handlers, which only a route may make optional",
    start: () => verifyFetch({ ...trusted, required: false } as never),
    message: "verifySession: required: unknown option",
  },
];

async function errorOf(start: Start): Promise<BridgeError> {
  try {
    await start();
  } catch (error) {
    return error as BridgeError;
  }
  throw new Error("It started.");
}

describe("a misspelt option is refused at start, and the error suggests the nearest name", () => {
  it.each(adapters)("in the options of the adapter %s", async (_name, start) => {
    const { code, message } = await errorOf(start);
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain('scoeps: unknown option. Did you mean "scopes"?');
  });

  it.each(routes)("in the options of a route: %s", async (_name, start) => {
    const { code, message } = await errorOf(start);
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain('scoeps: unknown option. Did you mean "scopes"?');
  });

  it.each(factories)("for $name", async ({ start, message: expected }) => {
    const { code, message } = await errorOf(start);
    expect(code).toBe("CONFIG_INVALID");
    expect(message).toContain(expected);
  });
});

describe("options of the wrong type are refused at start", () => {
  it.each([
    ["scopes as one string", { scopes: "orders:read" }, "scopes: must be of type array"],
    ["required as a string", { required: "no" }, "required: must be of type boolean"],
    [
      "a claim validator that is not a function",
      { claims: { role: "admin" } },
      "claims.role: must be a function",
    ],
    [
      "a revocation feed that is a URL",
      { revocationFeed: "https://x.example" },
      "must be a revocation feed",
    ],
    [
      "checkRevocation as a number",
      { checkRevocation: 1 },
      "checkRevocation: must be of type boolean",
    ],
  ])("%s", async (_name, options, expected) => {
    const { message } = await errorOf(() => verifyExpress({ ...trusted, ...options } as never));
    expect(message).toContain(`verifySession: `);
    expect(message).toContain(expected);
  });
});
