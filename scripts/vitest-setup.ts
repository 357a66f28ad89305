import { afterEach, beforeEach, expect, vi } from "vitest";

// Console noise fails a test: a library that talks in production talks in its tests first.
// A test that expects a message replaces the method itself with vi.spyOn.
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
