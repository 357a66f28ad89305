import { describe, expect, it } from "vitest";
import { BridgeError } from "./bridge-error.ts";
import { ERROR_CODES, isErrorCode, isRetryable, reasonOf } from "./codes.ts";
import { ERROR_HINTS } from "./hints.ts";
import { codeOfReason, HTTP_CODES } from "./http-codes.ts";

describe("BridgeError", () => {
  it("derives reason and retryable from its code", () => {
    const error = new BridgeError("TOKEN_EXPIRED", "The session token has expired.");
    expect(error.reason).toBe("token-expired");
    expect(error.retryable).toBe(true);
    expect(new BridgeError("SCOPE_MISSING", "no").retryable).toBe(false);
  });

  it("is recognised by a copy of the class in another bundle", async () => {
    // The query makes the module loader return a second copy of the class.
    const copy = "./bridge-error.ts?copy";
    const other = (await import(copy)) as { BridgeError: typeof BridgeError };
    const foreign = new other.BridgeError("CALL_TIMEOUT", "late");
    expect(foreign).not.toBeInstanceOf(BridgeError);
    expect(BridgeError.is(foreign)).toBe(true);
  });

  it.each([
    null,
    undefined,
    "CALL_TIMEOUT",
    {},
    new Error("CALL_TIMEOUT"),
    { code: "CALL_TIMEOUT" },
  ])("is() returns false for %s", (value) => {
    expect(BridgeError.is(value)).toBe(false);
  });

  it("puts only code, message and correlation id on the wire", () => {
    const error = new BridgeError("CALL_FAILED", "The method failed.", {
      cause: new Error("canary-secret"),
      details: { secret: "canary-secret" },
    });
    expect(error.toWire("c-1")).toEqual({
      code: "CALL_FAILED",
      message: "The method failed.",
      correlationId: "c-1",
    });
    expect(JSON.stringify(error.toWire("c-1"))).not.toContain("canary-secret");
  });

  it.each(["FROM_THE_FUTURE", "X", "A_B", "A".repeat(64)])(
    "keeps the code %s of a newer version, without a retry",
    (code) => {
      const error = BridgeError.fromWire({ code, message: "?", correlationId: "c-1" });
      expect(error).toMatchObject({ code, message: "?", correlationId: "c-1", retryable: false });
      expect(error.details).toEqual({});
      expect(isErrorCode(code)).toBe(false);
    },
  );

  it.each([
    ...["constructor", "__proto__", "toString", "", "_", "A_", "_A", "A__B", "call-failed"],
    ...["CALL FAILED", "CALL_FAILED\n", "ÄRGER", "A1", "A".repeat(65)],
  ])("turns the code %j into CALL_FAILED with the original in details", (code) => {
    const error = BridgeError.fromWire({ code, message: "?", correlationId: "c" });
    expect(error.code).toBe("CALL_FAILED");
    expect(error.details).toEqual({ remoteCode: code });
    expect(isErrorCode(code)).toBe(false);
  });

  it("restores every code of this version with its retry", () => {
    for (const code of ERROR_CODES) {
      const sent = new BridgeError(code, "?");
      const restored = BridgeError.fromWire(sent.toWire("c"));
      expect([restored.code, restored.retryable]).toEqual([code, sent.retryable]);
    }
  });
});

describe("ERROR_CODES", () => {
  it("has a hint for every code", () => {
    expect(Object.keys(ERROR_HINTS).toSorted()).toEqual(ERROR_CODES.toSorted());
  });

  it("converts each HTTP code to its reason and back", () => {
    for (const code of Object.keys(HTTP_CODES) as (keyof typeof HTTP_CODES)[]) {
      expect(codeOfReason(reasonOf(code))).toBe(code);
    }
    expect(codeOfReason("call-timeout")).toBeUndefined();
    expect(codeOfReason("TOKEN-EXPIRED")).toBeUndefined();
  });

  it("marks an HTTP error as retryable exactly when its action is refresh or wait", () => {
    for (const [code, [, action]] of Object.entries(HTTP_CODES)) {
      expect(isRetryable(code as keyof typeof HTTP_CODES)).toBe(
        action === "refresh" || action === "wait",
      );
    }
  });

  // Clients branch on these values, so a change here breaks them.
  it.each([
    ["token-missing", 401, "login"],
    ["token-malformed", 401, "refresh"],
    ["token-signature", 401, "refresh"],
    ["key-unknown", 401, "refresh"],
    ["token-expired", 401, "refresh"],
    ["token-alg", 401, "none"],
    ["issuer-mismatch", 401, "none"],
    ["audience-mismatch", 401, "none"],
    ["azp-mismatch", 401, "none"],
    ["token-not-yet", 401, "wait"],
    ["iat-future", 401, "wait"],
    ["session-missing", 401, "login"],
    ["session-expired", 401, "login"],
    ["session-revoked", 401, "login"],
    ["refresh-reused", 401, "login"],
    ["tenant-mismatch", 403, "none"],
    ["scope-missing", 403, "none"],
    ["app-not-allowed", 403, "none"],
    ["origin-not-allowed", 403, "none"],
    ["csrf-rejected", 403, "none"],
    ["step-up-required", 403, "step-up"],
    ["duplicate-credentials", 400, "none"],
    ["request-malformed", 400, "none"],
    ["app-unknown", 404, "none"],
    ["body-too-large", 413, "none"],
    ["rate-limited", 429, "wait"],
    ["upstream-unreachable", 502, "wait"],
    ["upstream-timeout", 504, "wait"],
    ["keys-unavailable", 503, "wait"],
  ] as const)("answers %s with %i and the action %s", (reason, status, action) => {
    const code = codeOfReason(reason);
    expect(code && HTTP_CODES[code]).toEqual([status, action]);
  });
});
