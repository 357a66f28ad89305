/** `breezeway token`: what a session token says, and whether it is one. Nothing leaves the machine. */
import { readFile } from "node:fs/promises";
import { styleText } from "node:util";
import { BridgeError, decodeSessionToken, type DecodedToken } from "@breezeway/shared";
import { createSessionVerifier, type SessionVerifierOptions } from "@breezeway/verify";
import type { Command } from "commander";
import type { CliIo } from "../io.ts";
import { listed } from "../listed.ts";
import { printableJson } from "../printable.ts";
import { describeToken, visibleProblems } from "../token/describe-token.ts";
import { explainRefusal, type Expectation } from "../token/explain-refusal.ts";

const ARGUMENT = "the token; without it, or as -, it is read from standard input";

interface VerifyFlags {
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly jwks?: string;
  readonly alg?: "EdDSA" | "ES256";
  readonly origin?: string;
  readonly tenant?: string;
  readonly scope?: readonly string[];
}

export function registerToken(program: Command, io: CliIo): void {
  const token = program.command("token").description("Look into session tokens");

  token
    .command("decode")
    .argument("[token]", ARGUMENT)
    .description("Show what a token says, and what is plainly wrong with it. Proves nothing")
    .option("--json", "print header and claims as JSON")
    .action(async (argument: string | undefined, flags: { readonly json?: boolean }) => {
      const text = await readToken(argument, io);
      const decoded = decodeSessionToken(text);
      if (flags.json) {
        const { header, claims } = decoded;
        io.out(printableJson({ header, claims }));
      } else {
        show(text, decoded, io);
      }
    });

  token
    .command("verify")
    .argument("[token]", ARGUMENT)
    .description("Verify a token as a backend would, and say in words what is wrong with it")
    .option("--issuer <url>", "whose tokens are accepted; default: BREEZEWAY_ISSUER")
    .option("--audience <apps>", "accepted apps, with commas; default: BREEZEWAY_APP_ID", listed)
    .option("--jwks <place>", "URL or file of the key set; default: the issuer's own")
    .option("--alg <name>", "EdDSA or ES256", "EdDSA")
    .option("--origin <origin>", "the Origin header that came with it")
    .option("--tenant <id>", "the tenant that was asked for")
    .option("--scope <scopes>", "scopes that it must have, with commas", listed)
    .action(async (argument: string | undefined, flags: VerifyFlags) => {
      const text = await readToken(argument, io);
      const expected = expectationOf(flags, io);
      const verifier = createSessionVerifier(await verifierOptions(expected, flags));
      try {
        const session = await verifier.verify(text, expected);
        show(text, decodeSessionToken(text), io);
        const who = `${session.userId} of ${session.tenantId}, for ${session.appId}`;
        io.out(styleText("green", `✓ valid: ${who}`));
      } catch (error) {
        if (!BridgeError.is(error)) throw error;
        const reasons = explainRefusal(error, tryDecode(text), expected);
        const message = [styleText("red", "✗ not accepted"), ...reasons].join("\n  ");
        throw new BridgeError(error.code, message);
      } finally {
        verifier.close();
      }
    });
}

function show(text: string, decoded: DecodedToken, io: CliIo): void {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  for (const line of describeToken(text, decoded, nowSeconds)) io.out(line);
  for (const problem of visibleProblems(text, decoded, nowSeconds)) {
    io.out(styleText("red", `✗ ${problem}`));
  }
}

/** Whoever copies a token from a request often copies the scheme, too. */
async function readToken(argument: string | undefined, io: CliIo): Promise<string> {
  const given = argument === undefined || argument === "-" ? await io.stdin() : argument;
  const text = given.trim().replace(/^bearer +/i, "");
  if (text === "") throw new BridgeError("TOKEN_MISSING", "There is no token in the input.");
  return text;
}

function tryDecode(text: string): DecodedToken {
  try {
    return decodeSessionToken(text);
  } catch {
    return { untrusted: true, header: {}, claims: {} };
  }
}

function expectationOf(flags: VerifyFlags, { env }: CliIo): Expectation {
  const issuer = flags.issuer ?? env["BREEZEWAY_ISSUER"];
  const audience = flags.audience ?? listed(env["BREEZEWAY_APP_ID"] ?? "");
  if (!issuer) throw new BridgeError("CONFIG_INVALID", "--issuer: say whose tokens are accepted.");
  if (audience.length === 0) {
    throw new BridgeError("CONFIG_INVALID", "--audience: say for which app the token must be.");
  }
  const { jwks, origin, tenant: tenantId, scope: scopes } = flags;
  return { issuer, audience, jwks, origin, tenantId, scopes };
}

async function verifierOptions(
  { issuer, audience, jwks }: Expectation,
  { alg }: VerifyFlags,
): Promise<SessionVerifierOptions> {
  const options = { issuer, audience, ...(alg && { algorithms: [alg] }) };
  if (jwks === undefined) return options;
  if (/^https?:/.test(jwks)) return { ...options, jwks };
  return { ...options, jwks: parseKeySet(await readFile(jwks, "utf8"), jwks) };
}

function parseKeySet(text: string, file: string): NonNullable<SessionVerifierOptions["jwks"]> {
  try {
    return JSON.parse(text) as NonNullable<SessionVerifierOptions["jwks"]>;
  } catch {
    throw new BridgeError("CONFIG_INVALID", `${file}: this is not a JWK Set.`);
  }
}
