import { createHash, createPublicKey, verify, type JsonWebKey } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createAppBridge } from "../index.ts";
import { createTestHost } from "../testing.ts";
import { createProof } from "./create-proof.ts";

afterEach(() => vi.unstubAllGlobals());

const partOf = (proof: string, index: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(proof.split(".")[index] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;

async function proofOf(url: string, method = "GET", nowMs?: number): Promise<string> {
  const proof = await createProof();
  const request = new Request(url, { method });
  await proof.authorize(request, "the-token", nowMs);
  expect(request.headers.get("authorization")).toBe("DPoP the-token");
  return request.headers.get("dpop") ?? "";
}

describe("a proof", () => {
  it("is a JWT as in RFC 9449 for one method, URL, token and time", async () => {
    const proof = await proofOf("https://api.example/orders/7?x=1#y", "POST", 1_800_000_000_900);
    const header = partOf(proof, 0);
    expect(header).toEqual({
      typ: "dpop+jwt",
      alg: "ES256",
      jwk: { kty: "EC", crv: "P-256", x: expect.any(String), y: expect.any(String) },
    });
    expect(partOf(proof, 1)).toEqual({
      jti: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      htm: "POST",
      htu: "https://api.example/orders/7",
      iat: 1_799_999_995,
      ath: createHash("sha256").update("the-token").digest("base64url"),
    });
    const key = createPublicKey({ key: header["jwk"] as JsonWebKey, format: "jwk" });
    const [head, body, mark = ""] = proof.split(".");
    const signature = Buffer.from(mark, "base64url");
    const input = Buffer.from(`${head}.${body}`);
    expect(verify("sha256", input, { key, dsaEncoding: "ieee-p1363" }, signature)).toBe(true);
  });

  it("is new for each request", async () => {
    const proof = await createProof();
    const ids = await Promise.all(
      [1, 2].map(async () => {
        const request = new Request("https://api.example/");
        await proof.authorize(request, "t");
        return partOf(request.headers.get("dpop") ?? "", 1)["jti"];
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it("has the key thumbprint of RFC 7638", async () => {
    const proof = await createProof();
    const request = new Request("https://api.example/");
    await proof.authorize(request, "t");
    const { x, y } = partOf(request.headers.get("dpop") ?? "", 0)["jwk"] as JsonWebKey;
    const members = `{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`;
    expect(proof.keyThumbprint).toBe(createHash("sha256").update(members).digest("base64url"));
  });

  it("is signed with a private key that no script can read", async () => {
    const { subtle } = globalThis.crypto;
    const generateKey = vi.spyOn(subtle, "generateKey");
    await createProof();
    const keys = (await generateKey.mock.results[0]?.value) as CryptoKeyPair | undefined;
    generateKey.mockRestore();
    await expect(subtle.exportKey("jwk", keys!.privateKey)).rejects.toThrow("not extractable");
  });

  it("rejects with CONFIG_INVALID where the browser has no WebCrypto", async () => {
    vi.stubGlobal("crypto", { randomUUID: () => "1" });
    await expect(createProof()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("https") as string,
    });
  });
});

describe("a bridge with a proof", () => {
  it("requests bound tokens and proves each request", async () => {
    const host = createTestHost({ gateway: () => Response.json("fine") });
    const proof = await createProof();
    const bridge = await host.connect({ proof });
    expect(bridge.session.claims()?.claims["cnf"]).toEqual({ jkt: proof.keyThumbprint });
    expect((await bridge.fetch("/orders")).status).toBe(200);
    host.close();
  });

  it("is refused by the gateway without a proof, since its tokens are bound", async () => {
    const host = createTestHost({ gateway: () => Response.json("fine") });
    const { keyThumbprint } = await createProof();
    const authorize = async (request: Request, token: string): Promise<void> =>
      request.headers.set("authorization", `Bearer ${token}`);
    const bridge = await host.connect({ proof: { keyThumbprint, authorize } });
    const response = await bridge.fetch("/orders");
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { reason: "proof-invalid", action: "refresh" },
    ]);
    host.close();
  });

  it("lends its proof to a second bridge of the page that has none", async () => {
    const host = createTestHost({ gateway: () => Response.json("fine") });
    const options = { proof: await createProof() };
    const first = await host.connect(options);
    const second = await createAppBridge({ ...host.bridgeOptions });
    expect((await second.fetch("/orders")).status).toBe(200);
    expect(second.session.claims()?.claims["cnf"]).toEqual(first.session.claims()?.claims["cnf"]);
    second.close();
    host.close();
  });
});
