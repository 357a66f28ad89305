import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createJwksServer } from "@breezeway/test-support/jwks-server";
import { claimsNow, createSigner } from "@breezeway/test-support/signer";
import { main } from "../main.ts";

const signer = createSigner();

function tokenOf(overrides: object = {}, header: object = {}): string {
  const claims = claimsNow({ scope: "orders:read", ...overrides });
  return signer.sign(claims, { ...signer.header, ...header });
}

let folder: string;
let jwksFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "breezeway-token-"));
  jwksFile = join(folder, "jwks.json");
  await writeFile(jwksFile, JSON.stringify(signer.jwks));
});

afterAll(() => rm(folder, { recursive: true }));

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], stdin = "", env = {}): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(args, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    stdin: async () => stdin,
    untilStopped: () => Promise.resolve(),
    env,
  });
  const plain = (lines: string[]): string => stripVTControlCharacters(lines.join("\n"));
  return { code, out: plain(out), err: plain(err) };
}

const verify = (token: string, ...flags: string[]): Promise<Run> =>
  run([
    ...["token", "verify", token, "--issuer", "https://shell.example/auth"],
    ...["--audience", "orders", "--jwks", jwksFile, ...flags],
  ]);

describe("breezeway token decode", () => {
  it("shows the header, the claims and the times in words, and never the whole signature", async () => {
    const token = tokenOf();
    const { code, out } = await run(["token", "decode", token]);
    expect(code).toBe(0);
    expect(out).toMatch(/alg +"EdDSA"/);
    expect(out).toMatch(/tenantId +"acme" +tenant/);
    expect(out).toMatch(/exp +\d+ +\d{4}-\d\d-\d\dT\S+Z \(in \d+ s\) +valid until/);
    expect(out).not.toContain("✗");
    expect(out).not.toContain(token.split(".")[2]);
    expect(out).toContain("… (86 characters)");
  });

  it("shows no terminal control or text-direction characters of any name or value", async () => {
    const hostile = "\u009b2J\u001b[2J\u202e\u2028\u007f";
    const token = tokenOf({ [`a${hostile}`]: hostile }, { [`b${hostile}`]: hostile });
    const lines: string[] = [];
    const verifying = ["verify", "--issuer", hostile, "--audience", "x", "--jwks", jwksFile];
    for (const args of [["decode"], ["decode", "--json"], verifying]) {
      await main(["token", ...args, token], {
        out: (line) => lines.push(line),
        err: (line) => lines.push(line),
        stdin: async () => token,
        untilStopped: () => Promise.resolve(),
        env: {},
      });
    }
    // The command itself writes the colours.
    // oxlint-disable-next-line no-control-regex -- these are the characters meant
    const text = lines.join("\n").replaceAll(/\u001b\[\d+m/g, "");
    expect(text).toContain("2J");
    // oxlint-disable-next-line no-control-regex -- these are the characters meant
    expect(text).not.toMatch(/[\u001b\u007f-\u009f\u2028\u202e]/);
    const { out } = await run(["token", "decode", "--json", token]);
    expect(JSON.parse(out)).toMatchObject({ claims: { [`a${hostile}`]: hostile } });
  });

  it("reads standard input, and accepts a copied Authorization value", async () => {
    const { code, out } = await run(["token", "decode"], `Bearer ${tokenOf()}\n`);
    expect(code).toBe(0);
    expect(out).toContain('"alice"');
    expect((await run(["token", "decode", "-"], tokenOf())).code).toBe(0);
  });

  it.each([
    ["an expired token", tokenOf({ exp: 1_000, iat: 940, nbf: 940 }), /expired \d+ days ago/],
    ["a token of the future", tokenOf({ nbf: 9_999_999_999 }), /nbf is .* in the future/],
    [
      "a token with too long a lifetime",
      tokenOf({ iat: 1, exp: 9_999_999_999 }),
      /valid for \d+ seconds; the limit is 300/,
    ],
    ["a missing claim", tokenOf({ sid: undefined }), /claim sid is missing/],
    ["two users in one token", tokenOf({ sub: "bob" }), /sub and userId differ/],
    ["another algorithm", tokenOf({}, { alg: "none" }), /alg is "none"/],
    ["another typ", tokenOf({}, { typ: "jwt" }), /typ is "jwt"/],
    [
      "a header that names its own keys",
      tokenOf({}, { jku: "https://evil.example" }),
      /header has jku/,
    ],
  ])("reports the problem of %s", async (_name, token, problem) => {
    const { code, out } = await run(["token", "decode", token]);
    expect(code).toBe(0);
    expect(out).toMatch(problem);
  });

  it("prints JSON with --json", async () => {
    const { out } = await run(["token", "decode", "--json", tokenOf()]);
    expect(JSON.parse(out)).toMatchObject({ header: { kid: "key-1" }, claims: { aud: "orders" } });
  });

  it("strips control characters from a hostile token", async () => {
    const { out } = await run(["token", "decode", tokenOf({ org: "\u001b[2J\u202egnp" })]);
    for (const character of ["\u001b", "\u202e"]) expect(out).not.toContain(character);
  });

  it.each([
    ["", "token-missing"],
    ["hello", "token-malformed"],
  ])("fails with one line for %j", async (input, reason) => {
    const { code, err } = await run(["token", "decode"], input);
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^${reason}: .*$`));
  });
});

describe("breezeway token verify", () => {
  it("accepts a valid token with the keys of a file", async () => {
    const flags = ["--origin", "https://orders.example", "--tenant", "acme"];
    const { code, out } = await verify(tokenOf(), ...flags, "--scope", "orders:read");
    expect(code).toBe(0);
    expect(out).toContain("✓ valid: user alice of tenant acme, app orders");
  });

  it("accepts several audiences and scopes before the token", async () => {
    const { code, out, err } = await run([
      ...["token", "verify", "--issuer", "https://shell.example/auth", "--jwks", jwksFile],
      ...["--audience", "inspector,orders", "--audience", "billing", "--scope", "orders:read"],
      tokenOf(),
    ]);
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toContain("✓ valid");
  });

  it("uses the issuer's key set and the environment by default", async () => {
    await using server = await createJwksServer(signer.publicJwk);
    const issuer = server.urlOf("/auth");
    const env = { BREEZEWAY_ISSUER: issuer, BREEZEWAY_APP_ID: "inspector, orders" };
    const { code, err } = await run(["token", "verify"], tokenOf({ iss: issuer }), env);
    expect(err).toBe("");
    expect(code).toBe(0);
  });

  const changed = (): string => {
    const [header = "", , signature = ""] = tokenOf().split(".");
    return `${header}.${tokenOf({ sub: "root" }).split(".")[1]}.${signature}`;
  };

  interface Refusal {
    readonly name: string;
    /** Signed at the time of use, because tokens live for 60 seconds. */
    readonly token: () => string;
    readonly flags?: readonly string[];
    readonly reason: string;
    readonly why: RegExp;
  }

  const elsewhere = (): string => tokenOf({ iss: "https://shell.example/auth/" });
  const far = 9_999_999_999;
  const refusals: readonly Refusal[] = [
    { name: "another issuer", token: elsewhere, reason: "issuer-mismatch", why: /byte for byte/ },
    {
      name: "another app",
      token: () => tokenOf({ aud: "inspector" }),
      reason: "audience-mismatch",
      why: /aud is "inspector"; expected "orders"/,
    },
    {
      name: "an expired token",
      token: () => tokenOf({ iat: 940, nbf: 940, exp: 1_000 }),
      reason: "token-expired",
      why: /ago/,
    },
    {
      name: "a token of the future",
      token: () => tokenOf({ nbf: far }),
      reason: "token-not-yet",
      why: /nbf is/,
    },
    {
      name: "a token issued in the future",
      token: () => tokenOf({ iat: far - 50, exp: far }),
      reason: "iat-future",
      why: /iat is/,
    },
    { name: "a changed token", token: changed, reason: "token-signature", why: /changed/ },
    {
      name: "an unknown key",
      token: () => tokenOf({}, { kid: "key-9" }),
      reason: "key-unknown",
      why: /kid is "key-9"/,
    },
    {
      name: "another algorithm",
      token: () => tokenOf({}, { alg: "none" }),
      reason: "token-alg",
      why: /alg is "none"/,
    },
    {
      name: "a malformed token",
      token: () => "a.b",
      reason: "token-malformed",
      why: /three parts/,
    },
    {
      name: "another origin",
      token: () => tokenOf(),
      flags: ["--origin", "https://evil.example"],
      reason: "azp-mismatch",
      why: /azp is/,
    },
    {
      name: "another tenant",
      token: () => tokenOf(),
      flags: ["--tenant", "globex"],
      reason: "tenant-mismatch",
      why: /--tenant is "globex"/,
    },
    {
      name: "a missing scope",
      token: () => tokenOf(),
      flags: ["--scope", "orders:write"],
      reason: "scope-missing",
      why: /required: orders:write/,
    },
    {
      name: "unavailable keys",
      token: () => tokenOf(),
      flags: ["--jwks", "http://127.0.0.1:1/"],
      reason: "keys-unavailable",
      why: /Fetching them from/,
    },
  ];

  it.each(refusals)(
    "refuses $name, and explains the reason",
    async ({ token: make, flags = [], reason, why }) => {
      const token = make();
      const { code, out, err } = await verify(token, ...flags);
      expect(code).toBe(1);
      expect(out).toBe("");
      expect(err).toContain(`${reason}: ✗ rejected`);
      expect(err).toMatch(why);
      const signature = token.split(".")[2];
      if (signature !== undefined) expect(err).not.toContain(signature);
    },
  );

  it.each([
    ["no issuer", ["token", "verify", "x", "--audience", "orders"], /--issuer/],
    ["no audience", ["token", "verify", "x", "--issuer", "https://a.example"], /--audience/],
  ])("names the missing option: %s", async (_name, args, message) => {
    const { code, err } = await run(args);
    expect(code).toBe(1);
    expect(err).toMatch(message);
  });

  it("names a file that contains no keys", async () => {
    const file = join(folder, "no-keys.json");
    await writeFile(file, "<html>");
    const { code, err } = await verify(tokenOf(), "--jwks", file);
    expect(code).toBe(1);
    expect(err).toContain("must hold a JWK Set");
  });
});
