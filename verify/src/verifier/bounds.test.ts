/** Tests each limit with the last value that is accepted and the first that is rejected. */
import { sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { clockAt } from "../../test-support/clock-at.ts";
import {
  ISSUER,
  NOW_SECONDS as NOW,
  base64url,
  claimsAt,
  createSigner,
} from "@breezeway/test-support/signer";
import { createSessionVerifierForTesting } from "./session-verifier.ts";

const HEADER = '{"alg":"EdDSA","typ":"JWT","kid":"key-1"}';
const signer = createSigner();
const longKid = { ...signer.publicJwk, kid: "k".repeat(256) };
const verifier = createSessionVerifierForTesting(
  {
    issuer: ISSUER,
    audience: ["inspector", "orders"],
    jwks: [signer.publicJwk, longKid],
  },
  { clock: clockAt(() => NOW * 1_000) },
);

const claims = claimsAt(NOW);
const claimsText = JSON.stringify(claims);
const payloadWith = (text: string): string =>
  signer.signText(HEADER, claimsText.replace("{", `{${text}`));
const messageOf = (token: string): string => {
  try {
    verifier.verifySync(token);
    return "accepted";
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
};

/** JSON whose base64url encoding has this length; white space pads it. */
function paddedTo(length: number, text: string): string {
  for (let spaces = 0; ; spaces += 1) {
    const padded = text.replace("{", `{${" ".repeat(spaces)}`);
    const { length: actual } = base64url(padded);
    if (actual === length) return padded;
    if (actual > length) throw new Error("Base64url has no text of this length.");
  }
}

describe("the size of a token", () => {
  const tokenOf = (length: number, header: string): string => {
    const rest = base64url(header).length + 1 + 1 + 86;
    return signer.signText(header, paddedTo(length - rest, claimsText));
  };

  it("may be 8192 characters", () => {
    // One more byte in the header helps, because base64url cannot have every length.
    const token = tokenOf(8_192, HEADER.replace("{", "{ "));
    expect(token).toHaveLength(8_192);
    expect(messageOf(token)).toBe("accepted");
  });

  it("may not be 8193 characters", () => {
    const token = tokenOf(8_193, HEADER);
    expect(token).toHaveLength(8_193);
    expect(messageOf(token)).toMatch(/at most 8192 bytes/);
  });
});

describe("the size of a header", () => {
  it("may be 1024 characters", () => {
    expect(messageOf(signer.signText(paddedTo(1_024, HEADER), claimsText))).toBe("accepted");
  });

  it("may not be 1026 characters", () => {
    const token = signer.signText(paddedTo(1_026, HEADER), claimsText);
    expect(messageOf(token)).toMatch(/header is longer than 1024 bytes/);
  });

  it("may have a kid of 256 characters", () => {
    expect(messageOf(signer.sign(claims, { alg: "EdDSA", typ: "JWT", kid: longKid.kid }))).toBe(
      "accepted",
    );
  });
});

describe("the parts of a token", () => {
  const [header = "", payload = "", signature = ""] = signer.sign(claims).split(".");
  const signed = (input: string): string =>
    `${input}.${base64url(sign(null, Buffer.from(input), signer.privateKey))}`;

  it.each([
    ["one", header],
    ["two", `${header}.${payload}`],
    ["four", `${header}.${payload}.${signature}.${signature}`],
    ["an empty one before the first dot", signed(`.${payload}`)],
    ["an empty one between the dots", signed(`${header}.`)],
  ])("must be three, not %s", (_name, token) => {
    expect(messageOf(token)).toMatch(/three parts/);
  });
});

describe("a duplicate name in the claims is rejected", () => {
  it.each([
    ["without white space", '"sub":"root",'],
    ["with a space before its colon", '"sub" :"root",'],
    ["with a line feed before its colon", '"sub"\n:"root",'],
    ["with a carriage return before its colon", '"sub"\r:"root",'],
    ["with a tab before its colon", '"sub"\t:"root",'],
    ["with all of these before its colon", '"sub" \n\r\t :"root",'],
    ["with an escape", '"s\\u0075b":"root",'],
    ["between values with escaped quotes", '"a":"\\"","sub":"root","b":"\\\\",'],
    ["in a list of objects", '"list":[{"a":1},{"a":1,"a":2}],'],
    ["in a deeply nested object", '"x":{"y":{"z":[[{"a":{},"a":null}]]}},'],
    ["as an empty name", '"":1,"":2,'],
  ])("%s", (_name, text) => {
    expect(messageOf(payloadWith(text))).toMatch(/payload is not a JSON object with unique names/);
  });

  it.each([
    ["names of different objects", '"x":{"sub":1,"y":{"sub":2}},"list":[{"a":1},{"a":1}],'],
    ["values that look like names", '"note":"\\"sub\\":","more":["sub","sub"],'],
    ["a string that ends in a backslash", '"path":"C:\\\\","quote":"\\"",'],
    ["numbers and white space", '"n" : -1.5e3 , "t" : true , "f" : null ,'],
  ])("unless it only looks like one: %s", (_name, text) => {
    expect(messageOf(payloadWith(text))).toBe("accepted");
  });
});

describe("claims", () => {
  it("must be UTF-8, also in unused values", () => {
    const bytes = Buffer.from(claimsText.replace("{", '{"note":"?",'));
    bytes[bytes.indexOf("?")] = 0xff;
    const input = `${base64url(HEADER)}.${base64url(bytes)}`;
    const signature = sign(null, Buffer.from(input), signer.privateKey);
    expect(messageOf(`${input}.${base64url(signature)}`)).toMatch(/payload is not a JSON object/);
  });

  it("may give a lifetime of 300 seconds, and no more", () => {
    expect(messageOf(signer.sign({ ...claims, exp: NOW + 300 }))).toBe("accepted");
    expect(messageOf(signer.sign({ ...claims, exp: NOW + 300.5 }))).toMatch(
      /exp - iat is more than 300 seconds/,
    );
  });

  it("are named in the error when they are missing or malformed, without their values", () => {
    const message = messageOf(signer.sign({ ...claims, sid: undefined, tenantId: 7 }));
    expect(message).toMatch(/\(tenantId, sid\)/);
  });

  it("may name any app of the audience list, and no other", () => {
    expect(messageOf(signer.sign({ ...claims, aud: "inspector" }))).toBe("accepted");
    expect(messageOf(signer.sign({ ...claims, aud: "customers" }))).toMatch(/another app/);
  });
});

describe("a missing scope", () => {
  it("is rejected with the scopes that the route needs", () => {
    const scopes = ["orders:read", "orders:delete"];
    expect(() => verifier.verifySync(signer.sign(claims), { scopes })).toThrow(
      expect.objectContaining({ details: { scopes } }) as Error,
    );
  });
});

describe("verify", () => {
  it("returns the same session for a cached token", async () => {
    const token = signer.sign({ ...claims, jti: "remembered" });
    expect(await verifier.verify(token)).toBe(await verifier.verify(token));
  });
});
