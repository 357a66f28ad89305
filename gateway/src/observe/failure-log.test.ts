import { BridgeError } from "@breezeway/shared";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startIssuer } from "@breezeway/test-support/issuer";
import { createSigner } from "@breezeway/test-support/signer";
import { startUpstream } from "@breezeway/test-support/upstream";
import { startGateway } from "../../test-support/start.ts";
import { createFailureLog } from "./failure-log.ts";

describe("failures without onError", () => {
  let lines: string[];
  beforeEach(() => {
    lines = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  });
  afterEach(() => vi.useRealTimers());

  it("are written to standard error, with the address that does not answer", async () => {
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    const jwks = `${gone.url}/jwks.json`;
    const feed = `${gone.url}/revocations`;
    await using _gateway = await startGateway({
      gateway: {
        jwks: `${jwks}?secret=CANARY`,
        revocations: { url: `${feed}?secret=CANARY`, maxRetryMs: 10_000 },
        onError: undefined,
      },
    });
    await expect.poll(() => lines).toHaveLength(2);
    expect(lines.toSorted()).toEqual([
      `breezeway gateway: cannot fetch the issuer's keys from ${jwks}: ECONNREFUSED\n`,
      `breezeway gateway: cannot follow the revocation feed at ${feed}: ECONNREFUSED\n`,
    ]);
  });

  it("are written with the status when the issuer gives a wrong answer", async () => {
    const issuer = await startIssuer(createSigner());
    issuer.keys = (response) => void response.writeHead(418).end("CANARY");
    await using gateway = await startGateway({
      gateway: {
        issuer: issuer.url,
        jwks: undefined,
        revocations: { url: `${issuer.url}/.well-known/jwks.json`, maxRetryMs: 10_000 },
        onError: undefined,
      },
    });
    await gateway.server.gateway.ready;
    await expect.poll(() => lines).toHaveLength(2);
    await issuer[Symbol.asyncDispose]();
    const jwks = `${issuer.url}/.well-known/jwks.json`;
    expect(lines.toSorted()).toEqual([
      `breezeway gateway: cannot fetch the issuer's keys from ${jwks}: The JWKS endpoint answered with status 418, expected 200.\n`,
      `breezeway gateway: cannot follow the revocation feed at ${jwks}: The revocation feed answered with status 418 and not with an event stream.\n`,
    ]);
  });

  it("are written once a minute while they last, and at once when they change", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const report = createFailureLog(undefined);
    const failure = (status: string): BridgeError => new BridgeError("STORE_UNAVAILABLE", status);
    report("the feed", failure("404"));
    report("the feed", failure("404"));
    report("the feed", failure("500"));
    vi.advanceTimersByTime(59_000);
    report("the feed", failure("500"));
    vi.advanceTimersByTime(1_000);
    report("the feed", failure("500"));
    expect(lines.map((line) => line.slice(-4, -1))).toEqual(["404", "500", "500"]);
  });

  it("are written without text that other libraries quote", () => {
    const report = createFailureLog(undefined);
    // Like errors of database clients: their own class, an inherited name, no code.
    class ErrorReply extends Error {}
    report("the limits", new ErrorReply("ERR unknown command, with args beginning with: 'CANARY'"));
    report("the feed", new TypeError('"Bearer CANARY\\n" is an invalid header value.'));
    report("the store", { CANARY: true });
    report("the worker", new Error("postgres://gateway:CANARY@db refused the connection"));
    report("the disk", Object.assign(new Error("CANARY"), { code: "postgres://CANARY" }));
    report("the log", Object.assign(new Error("CANARY"), { code: "C".repeat(65) }));
    report(
      "the keys",
      new Error("CANARY", { cause: Object.assign(new Error(), { code: "EPIPE" }) }),
    );
    expect(lines.map((line) => line.replace("breezeway gateway: ", "").trim())).toEqual([
      "the limits: ErrorReply",
      "the feed: TypeError",
      "the store: unknown failure",
      "the worker: Error",
      "the disk: Error",
      "the log: Error",
      "the keys: EPIPE",
    ]);
  });
});
