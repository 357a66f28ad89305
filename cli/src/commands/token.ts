/** `breezeway token`: decodes and verifies session tokens. The token never leaves the machine. */
import { readFile } from "node:fs/promises";
import { styleText } from "node:util";
import { BridgeError, decodeSessionToken, type DecodedToken } from "@breezeway/shared";
import {
  createSessionVerifier,
  type SessionVerifier,
  type SessionVerifierOptions,
} from "@breezeway/verify";
import type { Command } from "commander";
import { algorithmOf, listed } from "../flags.ts";
import type { CliIo } from "../io.ts";
import { printableJson } from "../printable.ts";
import { describeToken, visibleProblems } from "../token/describe-token.ts";
import { explainRefusal, type Expectation } from "../token/explain-refusal.ts";

const ARGUMENT = "the token; read from standard input when absent or -";

interface VerifyFlags {
  readonly issuer?: string;
  readonly audience?: readonly string[];
  readonly jwks?: string;
  readonly alg: string;
  readonly origin?: string;
  readonly tenant?: string;
  readonly scope?: readonly string[];
}

export function registerToken(program: Command, io: CliIo): void {
  const token = program.command("token").description("Decode and verify session tokens");

  token
    .command("decode")
    .argument("[token]", ARGUMENT)
    .description("Show header, claims and obvious problems. Does not check the signature")
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
    .description("Verify a token as a backend does, and explain why it is rejected")
    .option("--issuer <url>", "accepted issuer (default: BREEZEWAY_ISSUER)")
    .option(
      "--audience <apps>",
      "accepted app ids, separated by commas (default: BREEZEWAY_APP_ID)",
      listed,
    )
    .option("--jwks <place>", "URL or file of the key set (default: the issuer's)")
    .option("--alg <name>", "accepted algorithm: EdDSA or ES256", "EdDSA")
    .option("--origin <origin>", "Origin header of the request")
    .option("--tenant <id>", "tenant that the request names")
    .option("--scope <scopes>", "required scopes, separated by commas", listed)
    .action(async (argument: string | undefined, flags: VerifyFlags) => {
      const text = await readToken(argument, io);
      const expected = expectationOf(flags, io);
      const verifier = createVerifier(await verifierOptions(expected, flags));
      try {
        const session = await verifier.verify(text, expected);
        show(text, decodeSessionToken(text), io);
        const caller = `user ${session.userId} of tenant ${session.tenantId}, app ${session.appId}`;
        io.out(styleText("green", `✓ valid: ${caller}`));
      } catch (error) {
        if (!BridgeError.is(error)) throw error;
        const reasons = explainRefusal(error, tryDecode(text), expected);
        const message = [styleText("red", "✗ rejected"), ...reasons].join("\n  ");
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

/** A token that was copied from a request often includes the scheme. */
async function readToken(argument: string | undefined, io: CliIo): Promise<string> {
  const given = argument === undefined || argument === "-" ? await io.stdin() : argument;
  const text = given.trim().replace(/^bearer +/i, "");
  if (text === "")
    throw new BridgeError(
      "TOKEN_MISSING",
      "[token]: is required. Pass it as the argument or on standard input.",
    );
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
  if (!issuer)
    throw new BridgeError(
      "CONFIG_INVALID",
      "--issuer: is required. Pass the issuer's URL, or set BREEZEWAY_ISSUER.",
    );
  if (audience.length === 0) {
    throw new BridgeError(
      "CONFIG_INVALID",
      "--audience: is required. Pass the ids of the accepted apps, or set BREEZEWAY_APP_ID.",
    );
  }
  const { jwks, origin, tenant: tenantId, scope: scopes } = flags;
  return { issuer, audience, jwks, origin, tenantId, scopes };
}

async function verifierOptions(
  { issuer, audience, jwks }: Expectation,
  { alg }: VerifyFlags,
): Promise<SessionVerifierOptions> {
  const options = { issuer, audience, algorithms: [algorithmOf(alg)] };
  if (jwks === undefined) return options;
  if (/^https?:/.test(jwks)) return { ...options, jwks };
  return { ...options, jwks: await readKeySet(jwks) };
}

type KeySet = NonNullable<SessionVerifierOptions["jwks"]>;

async function readKeySet(file: string): Promise<KeySet> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const { code = "unknown" } = cause as NodeJS.ErrnoException;
    throw new BridgeError("CONFIG_INVALID", `--jwks: cannot read ${file} (${code}).`, { cause });
  }
  try {
    return JSON.parse(text) as KeySet;
  } catch {
    throw new BridgeError("CONFIG_INVALID", `--jwks: ${file} must hold a JWK Set as JSON.`);
  }
}

/** Names the flags where the verifier names its options. */
function createVerifier(options: SessionVerifierOptions): SessionVerifier {
  try {
    return createSessionVerifier(options);
  } catch (error) {
    if (!BridgeError.is(error)) throw error;
    const message = error.message
      .replace("createSessionVerifier: ", "--")
      .replace("or jwks must", "or --jwks must")
      .replace(" or unsafeAllowHttp", "");
    throw new BridgeError(error.code, message, { cause: error });
  }
}
