import { describe, expect, it } from "vitest";
import { createProver } from "@breezeway/test-support/prover";
import { ISSUER, claimsAt, createSigner } from "@breezeway/test-support/signer";
import type { RequestParts } from "./request-parts.ts";
import { createSessionGuard, type Admission, type SessionGuard } from "./session-guard.ts";

const signer = createSigner();
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

function requestWith(headers: Record<string, string>, method = "GET"): RequestParts {
  return { method, header: (name) => headers[name] };
}

function alice(claims: object = {}): RequestParts {
  const token = signer.sign(claimsAt(nowSeconds(), claims));
  return requestWith({ authorization: `Bearer ${token}` });
}

const reasonOf = ({ kind, ...admission }: Admission): string =>
  kind === "refused" && "problem" in admission ? admission.problem.problem.reason : kind;

describe("a guard with proofs configured", () => {
  const prover = createProver();
  const url = "https://api.example/orders";

  function proven(changes: { target?: string; method?: string; jti?: string } = {}): RequestParts {
    const token = signer.sign(claimsAt(nowSeconds(), { cnf: { jkt: prover.thumbprint } }));
    const jti = changes.jti ?? crypto.randomUUID();
    const dpop = prover.prove({ url, token, nowSeconds: nowSeconds() }, { jti });
    const { target = "/orders?x=1", method = "GET" } = changes;
    return { ...requestWith({ authorization: `DPoP ${token}`, dpop }, method), target };
  }

  const open = (): SessionGuard =>
    createSessionGuard({
      issuer: ISSUER,
      audience: "orders",
      jwks: [signer.publicJwk],
      proof: { publicUrls: "https://api.example" },
    });

  const challengeOf = (admission: Admission): string | undefined =>
    admission.kind === "refused" ? admission.problem.headers["www-authenticate"] : undefined;

  it("returns the session of a key-bound token once per proof", async () => {
    const taking = open();
    const request = proven();
    const { session } = await taking.admit(request);
    expect(session?.proofKeyThumbprint).toBe(prover.thumbprint);
    const again = await taking.admit(request);
    expect(reasonOf(again)).toBe("proof-invalid");
    expect(challengeOf(again)).toBe(
      'DPoP error="invalid_dpop_proof", error_description="proof-invalid", algs="ES256"',
    );
  });

  it("accepts a proof again for the same request of the framework, and not for another one", async () => {
    const taking = open();
    const request = { ...proven(), source: {} };
    expect(reasonOf(await taking.admit(request))).toBe("session");
    expect(reasonOf(await taking.admit({ ...request }, { scopes: ["orders:read"] }))).toBe(
      "session",
    );
    expect(reasonOf(await taking.admit({ ...request, source: {} }))).toBe("proof-invalid");
    const second = { ...proven(), source: request.source };
    expect(reasonOf(await taking.admit(second))).toBe("session");
    expect(reasonOf(await taking.admit({ ...second, source: {} }))).toBe("proof-invalid");
  });

  it.each<[string, Parameters<typeof proven>[0]]>([
    ["another path", { target: "/admin" }],
    ["another method", { method: "DELETE" }],
  ])("refuses the proof for %s", async (_, changes) => {
    expect(reasonOf(await open().admit(proven(changes)))).toBe("proof-invalid");
  });

  it("refuses a proof when the request target is not known", async () => {
    const request = { ...proven(), target: undefined };
    expect(reasonOf(await open().admit(request))).toBe("proof-invalid");
  });

  it("does not consume the proof of a request that it refuses", async () => {
    const taking = open();
    const request = proven();
    expect(reasonOf(await taking.admit(request, { scopes: ["orders:delete"] }))).toBe(
      "scope-missing",
    );
    expect(reasonOf(await taking.admit(request))).toBe("session");
  });

  it("accepts an unbound token as Bearer, and refuses a key-bound one as Bearer", async () => {
    const taking = open();
    expect(reasonOf(await taking.admit(alice()))).toBe("session");
    const bound = await taking.admit(alice({ cnf: { jkt: prover.thumbprint } }));
    expect([reasonOf(bound), challengeOf(bound)]).toEqual([
      "proof-invalid",
      'DPoP error="invalid_dpop_proof", error_description="proof-invalid", algs="ES256"',
    ]);
  });

  it("answers with a challenge of the scheme that the request used", async () => {
    const request = { ...requestWith({ authorization: "DPoP abc.def", dpop: "x" }), target: "/" };
    expect(challengeOf(await open().admit(request))).toContain("DPoP ");
    expect(challengeOf(await open().admit(requestWith({})))).toBe("Bearer");
  });
});
