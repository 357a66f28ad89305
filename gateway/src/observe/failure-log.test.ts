import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startGateway } from "../test-support/start.ts";
import { startUpstream } from "../test-support/upstream.ts";
import { createFailureLog } from "./failure-log.ts";

describe("failures that nobody listens for", () => {
  let lines: string[];
  beforeEach(() => {
    lines = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
  });
  afterEach(() => vi.useRealTimers());

  it("are told on standard error, with the address that does not answer", async () => {
    const gone = await startUpstream();
    await gone[Symbol.asyncDispose]();
    const jwks = `${gone.url}/jwks.json`;
    await using gateway = await startGateway({
      gateway: { jwks: `${jwks}?secret=CANARY`, onError: undefined },
    });
    await gateway.server.gateway.ready;
    expect(lines).toEqual([
      `breezeway gateway: the issuer's keys cannot be fetched from ${jwks}: ECONNREFUSED\n`,
    ]);
  });

  it("are told once a minute while they last, and at once when they change", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const report = createFailureLog(undefined);
    report("the feed", new Error("404"));
    report("the feed", new Error("404"));
    report("the feed", new Error("500"));
    vi.advanceTimersByTime(59_000);
    report("the feed", new Error("500"));
    vi.advanceTimersByTime(1_000);
    report("the feed", new Error("500"));
    expect(lines.map((line) => line.slice(-4, -1))).toEqual(["404", "500", "500"]);
  });

  it("are told without what other libraries quote", () => {
    const report = createFailureLog(undefined);
    // As database clients do it: a class of its own, the name and no code inherited.
    class ErrorReply extends Error {}
    report("the limits", new ErrorReply("ERR unknown command, with args beginning with: 'CANARY'"));
    report("the feed", new TypeError('"Bearer CANARY\\n" is an invalid header value.'));
    report("the store", { CANARY: true });
    expect(lines.join("")).toBe(
      "breezeway gateway: the limits: ErrorReply\n" +
        "breezeway gateway: the feed: TypeError\nbreezeway gateway: the store: unknown failure\n",
    );
  });
});
