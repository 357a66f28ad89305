import { describe, expect, it } from "vitest";
import { isLoopbackHost, isOrigin, originOf } from "./origin.ts";

describe("isOrigin", () => {
  it.each([
    "https://shell.example",
    "http://localhost:4000",
    "https://[::1]:8443",
    "http://127.0.0.1:4010",
  ])("accepts %s", (value) => {
    expect(isOrigin(value)).toBe(true);
  });

  it.each([
    "*",
    "null",
    "",
    "shell.example",
    "https://shell.example/",
    "https://shell.example/app",
    "https://SHELL.example",
    "https://shell.example:443",
    "https://*.shell.example",
    "https://user@shell.example",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://shell.example ",
  ])("refuses %j", (value) => {
    expect(isOrigin(value)).toBe(false);
  });
});

describe("originOf", () => {
  it("keeps only scheme, host and port", () => {
    expect(originOf("https://u:p@shell.example:8443/a?b#c")).toBe("https://shell.example:8443");
    expect(originOf("data:text/html,x")).toBeUndefined();
  });
});

describe("isLoopbackHost", () => {
  it.each(["localhost", "shell.localhost", "127.0.0.1", "127.8.8.8", "[::1]"])(
    "accepts %s",
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );

  it.each([
    "localhost.evil.example",
    "127.evil.example",
    "128.0.0.1",
    "10.0.0.1",
    "evil-localhost",
  ])("refuses %s", (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
