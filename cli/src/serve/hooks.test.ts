import { mkdtempDisposableSync, writeFileSync, type DisposableTempDir } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadHooks, type Hooks } from "./hooks.ts";

const TIMEOUT_MS = 5_000;

let folder: DisposableTempDir;

beforeEach(() => {
  folder = mkdtempDisposableSync(join(tmpdir(), "cli-hooks-"));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
  folder.remove();
});

async function hooksOf(text: string): Promise<Required<Hooks>> {
  const file = join(folder.path, "breezeway.json");
  writeFileSync(join(folder.path, "hooks.mjs"), text);
  const hooks = await loadHooks({ file, path: "hooks.mjs", timeoutMs: TIMEOUT_MS });
  const { mapUser, claims, mayManage } = hooks;
  if (!mapUser || !claims || !mayManage) throw new Error("a hook is missing");
  return { mapUser, claims, mayManage };
}

const ALL = ["mapUser", "claims", "mayManage"] as const;

/** Calls the hook of this name and resolves to its result. */
async function call(hooks: Required<Hooks>, name: (typeof ALL)[number]): Promise<unknown> {
  const hook: (argument: never) => unknown = hooks[name];
  return await hook({} as never);
}

const all = (body: string): string =>
  ALL.map((name) => `export const ${name} = ${body};`).join("\n");

describe("a call to a hook", () => {
  it.each([
    ...ALL.map((name) => [name, "() => new Promise(() => {})"] as const),
    // Queries of database clients are such thenables.
    ["claims", "() => ({ then() {} })"] as const,
  ])("to %s is abandoned when it has not settled in time", async (name, body) => {
    const hooks = await hooksOf(all(body));
    const given = call(hooks, name);
    let isSettled = false;
    given.catch(() => (isSettled = true));
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
    expect(isSettled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await expect(given).rejects.toMatchObject({
      code: "UPSTREAM_TIMEOUT",
      message: `issuer.hooks: ${name} did not settle within 5000 ms.`,
    });
  });

  it.each([
    ["to an async hook", "async () => ({ org: 'a' })"],
    ["to a hook that returns a thenable", "() => ({ then: (done) => done({ org: 'a' }) })"],
  ])("%s resolves to the hook's result, and leaves no timer", async (_what, body) => {
    const hooks = await hooksOf(all(body));
    expect(await call(hooks, "claims")).toEqual({ org: "a" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("to a synchronous hook returns its result directly, so that a mint stays synchronous", async () => {
    const { claims } = await hooksOf(all("() => ({ org: 'a' })"));
    expect(claims({} as never)).toEqual({ org: "a" });
  });

  it.each(["() => { throw new RangeError('x'); }", "async () => { throw new RangeError('x'); }"])(
    "to %s fails with the hook's own error",
    async (body) => {
      const hooks = await hooksOf(all(body));
      await expect(call(hooks, "claims")).rejects.toThrow(RangeError);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("causes no unhandled rejection when it fails after it was abandoned", async () => {
    const hooks = await hooksOf(
      all("() => new Promise((_, fail) => setTimeout(() => fail(new Error('late')), 60_000))"),
    );
    const given = call(hooks, "claims");
    given.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await expect(given).rejects.toMatchObject({ code: "UPSTREAM_TIMEOUT" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
