/**
 * A JavaScript runtime that has what React Native with Hermes has, and nothing of a page or of newer
 * runtimes.
 */
import { createContext, runInContext } from "node:vm";
import { transform } from "@swc/core";
import { build } from "esbuild";
import type { TestClock } from "@breezeway/shared/testing";
import type * as App from "./app.ts";

/** What Hermes lacks in some version of React Native 0.7x, and the runtime here must lack too. */
const MISSING = [
  ...["document", "window", "Request", "ReadableStream", "localStorage", "crypto", "Intl"],
  ...["URL", "URLSearchParams", "TextDecoder", "TextEncoder", "atob", "btoa", "structuredClone"],
  ...["AbortSignal.any", "AbortSignal.timeout", "Promise.withResolvers", "Promise.any"],
  ...["Promise.try", "Array.fromAsync", "Map.groupBy", "Object.groupBy", "RegExp.escape"],
  ...["Array.prototype.at", "String.prototype.at", "Array.prototype.findLast"],
  ...["Array.prototype.toSorted", "Array.prototype.toReversed", "Array.prototype.with"],
  ...["Set.prototype.union", "Iterator", "WeakRef", "FinalizationRegistry"],
] as const;

/**
 * Forms of regular expressions that Hermes refuses when it loads a script: flags `d` and `v`, named groups,
 * Unicode properties.
 */
const REFUSED_PATTERNS = /\(\?<[a-z_$]|\\p\{/i;

/** Bundles the app as Metro does: one script, without classes, generators and asynchronous functions. */
export async function bundleApp(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/app.ts`],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "app",
    target: "es2022",
    conditions: ["@breezeway/source"],
  });
  const { code } = await transform(outputFiles[0]?.text ?? "", { jsc: { target: "es5" } });
  return code;
}

/** The forms in the script that Hermes refuses. */
export function refusedPatterns(script: string): readonly string[] {
  return script.split("\n").filter((line) => REFUSED_PATTERNS.test(line));
}

/** Starts the app in a runtime of its own, as the phone does. */
export function launch(script: string, clock: TestClock, send: typeof fetch): typeof App {
  const context = createContext({
    fetch: (input: Parameters<typeof fetch>[0], init?: RequestInit) =>
      send(withoutCache(input, init), init),
    Headers,
    Response,
    AbortController,
    queueMicrotask,
    performance: { now: () => clock.monotonic() },
    setTimeout: (callback: () => void, ms: number) => clock.setTimer(callback, ms),
    clearTimeout: (timer: unknown) => clock.clearTimer(timer),
    wallClock: () => clock.now(),
  });
  runInContext("Date.now = wallClock;", context);
  for (const name of MISSING) {
    runInContext(`try { delete ${name} } catch {}`, context);
    if (runInContext(`try { typeof ${name} } catch { "undefined" }`, context) !== "undefined") {
      throw new Error(`${name} exists`);
    }
  }
  return runInContext(`${script}; app`, context) as typeof App;
}

/** React Native's `fetch` asks for another URL where a cache must not answer. */
function withoutCache(input: Parameters<typeof fetch>[0], init?: RequestInit): typeof input {
  const isCached = init?.cache !== "no-store" || (init.method ?? "GET") !== "GET";
  return isCached || typeof input !== "string" ? input : `${input}?_=${Date.now()}`;
}
