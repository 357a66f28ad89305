import { describe, expect, it } from "vitest";
import { BridgeError } from "./bridge-error.ts";
import { toProblem } from "./problem.ts";

const options = { requestId: "req-1" };

describe("toProblem", () => {
  it("answers an invalid token with the RFC 6750 challenge", () => {
    const { status, headers, problem } = toProblem(
      new BridgeError("TOKEN_EXPIRED", "too late"),
      options,
    );
    expect(status).toBe(401);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["www-authenticate"]).toBe(
      'Bearer error="invalid_token", error_description="token-expired"',
    );
    expect(problem).toEqual({
      type: "https://breezeway.dev/errors#token-expired",
      title: "The session token has expired.",
      status: 401,
      reason: "token-expired",
      action: "refresh",
      requestId: "req-1",
    });
  });

  it("gives a request without a credential the bare challenge", () => {
    expect(
      toProblem(new BridgeError("TOKEN_MISSING", ""), options).headers["www-authenticate"],
    ).toBe("Bearer");
  });

  it.each([
    [
      "PROOF_INVALID",
      'DPoP error="invalid_dpop_proof", error_description="proof-invalid", algs="ES256"',
    ],
    [
      "TOKEN_EXPIRED",
      'DPoP error="invalid_token", error_description="token-expired", algs="ES256"',
    ],
    ["TOKEN_MISSING", 'DPoP algs="ES256"'],
  ] as const)(
    "answers %s with the RFC 9449 challenge when the scheme is DPoP",
    (code, challenge) => {
      const { headers } = toProblem(new BridgeError(code, ""), { ...options, scheme: "DPoP" });
      expect(headers["www-authenticate"]).toBe(challenge);
    },
  );

  it("names the missing scopes in the challenge", () => {
    const error = new BridgeError("SCOPE_MISSING", "", {
      details: { scopes: ["orders:read", "orders:write"] },
    });
    expect(toProblem(error, options).headers["www-authenticate"]).toBe(
      'Bearer error="insufficient_scope", error_description="scope-missing", scope="orders:read orders:write"',
    );
  });

  it("says in Retry-After when to retry", () => {
    const limited = toProblem(new BridgeError("RATE_LIMITED", ""), {
      ...options,
      retryAfterSeconds: 2.1,
    });
    expect(limited.headers["retry-after"]).toBe("3");
    expect(toProblem(new BridgeError("KEYS_UNAVAILABLE", ""), options).headers["retry-after"]).toBe(
      "1",
    );
  });

  it("gives the message of a malformed request as its detail", () => {
    const error = new BridgeError("REQUEST_MALFORMED", "body: appId: is required.");
    expect(toProblem(error, options).problem.detail).toBe("body: appId: is required.");
  });

  it.each([
    ["an unknown error", new Error("canary-secret")],
    ["an error without an HTTP meaning", new BridgeError("CALL_TIMEOUT", "canary-secret")],
    ["a thrown string", "canary-secret"],
    ["undefined", undefined],
  ])("answers %s with internal-error and keeps its message private", (_case, error) => {
    const { status, body, headers } = toProblem(error, options);
    expect(status).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ reason: "internal-error", action: "none" });
    expect(body + JSON.stringify(headers)).not.toContain("canary-secret");
  });

  it("leaves the message of a rejected token out of the answer", () => {
    const { body } = toProblem(new BridgeError("TOKEN_SIGNATURE", "canary-secret"), options);
    expect(body).not.toContain("canary-secret");
  });
});
