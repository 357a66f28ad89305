import { afterAll, afterEach, beforeEach, expect, vi } from "vitest";

// Console output fails a test, because a library must not write to the console in production. A
// test that expects a message replaces the method with vi.spyOn.
const METHODS = ["error", "warn", "log", "info", "debug"] as const;
let noise: string[] = [];

beforeEach(() => {
  noise = [];
  for (const method of METHODS) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      noise.push(`console.${method}: ${args.map(String).join(" ")}`);
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  expect(noise, "a test wrote to the console").toEqual([]);
});

// The next file runs in the same process.
afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
