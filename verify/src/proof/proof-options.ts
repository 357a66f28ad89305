import { invalidOption, numberWithin } from "../options/checks.ts";

export interface ProofOptions {
  /**
   * Where clients reach this service: its origin, and the path that a proxy in front takes away, if any.
   * `https://api.example`, `https://api.example/v1`. Configured and never read from the request, where a
   * thief could name the service that a proof was made for.
   */
  readonly publicUrls: string | readonly string[];
  /**
   * Proofs that are remembered so that none is used twice, in this process, 100 to 10 000 000. Beyond
   * that proofs are refused with 503. Each is remembered for 40 to 80 seconds, so the default, 100 000, is
   * good for 1 250 requests a second.
   */
  readonly maxRememberedProofs?: number | undefined;
  /** Epoch milliseconds. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

export interface ProofSettings {
  readonly bases: readonly URL[];
  readonly maxEntries: number;
  readonly clock: () => number;
}

const REMEMBERED = { min: 100, max: 10_000_000, default: 100_000 } as const;

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseProofOptions(options: ProofOptions): ProofSettings {
  const { publicUrls, maxRememberedProofs, clock } = options;
  const given: readonly unknown[] = typeof publicUrls === "string" ? [publicUrls] : publicUrls;
  const bases = Array.isArray(given) ? given.flatMap((url) => baseOf(url) ?? []) : [];
  if (bases.length === 0 || bases.length !== given.length) {
    throw invalidOption(
      "proof",
      "publicUrls: must be http or https URLs without credentials, query, fragment or trailing slash",
    );
  }
  const maxEntries = numberWithin(maxRememberedProofs, REMEMBERED);
  if (maxEntries === undefined) {
    const { min, max } = REMEMBERED;
    throw invalidOption("proof", `maxRememberedProofs: must be a number from ${min} to ${max}`);
  }
  return { bases, maxEntries, clock: clock ?? Date.now };
}

function baseOf(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  const isBare = url.username === "" && url.password === "" && !/[?#]/.test(text);
  const isEnded = url.pathname === "/" || !url.pathname.endsWith("/");
  return isWeb && isBare && isEnded ? url : undefined;
}
