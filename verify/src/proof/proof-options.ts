import {
  optionObject,
  parseOptions,
  wholeNumberOption,
  type OptionShape,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import { REPLAY_LIMITS } from "../limits.ts";

/** Options of `createProofVerifier`. */
export interface ProofOptions {
  /**
   * The URLs that clients use for this service: its origin, followed by the path prefix that a reverse
   * proxy removes, if any. `https://api.example`, `https://api.example/v1`. They are never read from the
   * request, where an attacker could name the service that a stolen proof was made for.
   */
  readonly publicUrls: string | readonly string[];
  /**
   * Proofs that this process remembers so that none is used twice, 100 to 10 000 000. When the memory is
   * full, further proofs are rejected with 503. Each is kept for 40 to 80 seconds, so the default,
   * 100 000, suffices for 1 250 requests per second.
   */
  readonly maxRememberedProofs?: number | undefined;
}

export interface ProofSettings {
  readonly bases: readonly URL[];
  readonly maxEntries: number;
}

const proofShape: OptionShape<ProofOptions> = {
  publicUrls: z.custom<string | readonly string[]>((value) => basesOf(value) !== undefined, {
    error: (issue) =>
      issue.input === undefined
        ? "is required"
        : "must be http or https URLs without credentials, query, fragment or trailing slash",
  }),
  maxRememberedProofs: z.optional(
    wholeNumberOption(REPLAY_LIMITS.minEntries, REPLAY_LIMITS.maxEntries),
  ),
};

export const proofOptionsSchema: z.ZodMiniType<ProofOptions> =
  optionObject<ProofOptions>(proofShape);

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseProofOptions(options: ProofOptions, source: string): ProofOptions {
  return parseOptions(proofOptionsSchema, options, source);
}

/** @param options The result of a schema. */
export function proofSettings({ publicUrls, maxRememberedProofs }: ProofOptions): ProofSettings {
  return {
    bases: basesOf(publicUrls) ?? [],
    maxEntries: maxRememberedProofs ?? REPLAY_LIMITS.entries,
  };
}

/** `undefined` unless each entry is a base URL and there is at least one. */
function basesOf(value: unknown): readonly URL[] | undefined {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  const bases = texts.flatMap((text) => baseOf(text) ?? []);
  return bases.length > 0 && bases.length === texts.length ? bases : undefined;
}

function baseOf(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  const isBare = url.username === "" && url.password === "" && !/[?#]/.test(text);
  const isEnded = url.pathname === "/" || !url.pathname.endsWith("/");
  return isWeb && isBare && isEnded ? url : undefined;
}
