/** Some runtimes forbid code generation from strings; verification must give the same results there. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ISSUER, claimsAt, createSigner, without } from "@breezeway/test-support/signer";

const NOW = Math.floor(Date.now() / 1_000);

const program = (options: object, tokens: readonly string[]): string => `
  import { createSessionVerifier } from ${JSON.stringify(new URL("session-verifier.ts", import.meta.url).href)};
  const verifier = createSessionVerifier(${JSON.stringify(options)});
  let forbids = false;
  try { new Function("") } catch { forbids = true }
  const outcomes = await Promise.all(${JSON.stringify(tokens)}.map((token) =>
    verifier.verify(token).then(({ userId }) => userId, ({ message }) => message)));
  process.stdout.write(JSON.stringify({ forbids, outcomes }));
`;

it("accepts a token, and names a missing claim, where code generation from strings is forbidden", async () => {
  const signer = createSigner();
  const tokens = [claimsAt(NOW), without(claimsAt(NOW), "jti")].map((claims) =>
    signer.sign(claims),
  );
  const options = { issuer: ISSUER, audience: "orders", jwks: [signer.publicJwk] };
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--disallow-code-generation-from-strings",
    "--conditions=@breezeway/source",
    "--input-type=module",
    "--eval",
    program(options, tokens),
  ]);
  expect(JSON.parse(stdout)).toEqual({
    forbids: true,
    outcomes: ["alice", expect.stringContaining("missing or has the wrong type (jti)")],
  });
});
