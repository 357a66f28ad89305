import { describe, expect, it } from "vitest";
import { checkReturnTo } from "./oidc-login.ts";

describe("checkReturnTo", () => {
  const issuer = new URL("https://shell.example/auth");

  it.each(["/", "/app", "/app?x=//y", "/app#section", "/a%2F%2Fb"])("accepts %s", (path) => {
    expect(checkReturnTo(path, issuer)).toBe(path);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "app",
    " /app",
    "/app\r\nset-cookie: a=b",
    "/\t/evil.example",
  ])("refuses %j", (path) => {
    expect(() => checkReturnTo(path, issuer)).toThrow("returnTo: must be a path of this origin");
  });

  it("refuses a path of more than 2048 characters", () => {
    expect(() => checkReturnTo(`/${"a".repeat(2_048)}`, issuer)).toThrow("must be a path");
  });
});
