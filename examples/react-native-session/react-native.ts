/** A JavaScript runtime that has what React Native has, and nothing of a page. */
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import type { TestClock } from "@breezeway/shared/testing";
import type * as App from "./app.ts";

const MISSING = [
  "document",
  "window",
  "Request",
  "ReadableStream",
  "localStorage",
  "crypto",
] as const;

/** Bundles the app as Metro does: one script for one runtime. */
export async function bundleApp(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/app.ts`],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "app",
    target: "es2020",
    conditions: ["@breezeway/source"],
  });
  return outputFiles[0]?.text ?? "";
}

/** Starts the app in a runtime of its own, as the phone does. */
export function launch(script: string, clock: TestClock, send: typeof fetch): typeof App {
  const context = createContext({
    fetch: send,
    Headers,
    Response,
    // Hermes itself has `atob`; an app loads polyfills for `URL` and `TextDecoder`.
    atob,
    URL,
    TextDecoder,
    AbortController,
    queueMicrotask,
    performance: { now: () => clock.monotonic() },
    setTimeout: (callback: () => void, ms: number) => clock.setTimer(callback, ms),
    clearTimeout: (timer: unknown) => clock.clearTimer(timer),
    wallClock: () => clock.now(),
  });
  runInContext("Date.now = wallClock; delete Promise.withResolvers;", context);
  for (const name of MISSING) {
    if (runInContext(`typeof ${name}`, context) !== "undefined") throw new Error(`${name} exists`);
  }
  return runInContext(`${script}; app`, context) as typeof App;
}
