import { createServer, type RequestListener } from "node:http";
import { listen } from "@breezeway/test-support/listen";
import type { SessionOptions } from "../../src/guard/session-options.ts";
import type { Variant } from "../variants.ts";

/** A framework with the example application of its guide, on a real socket. */
export interface Bed {
  readonly name: string;
  /**
   * The framework forwards only the first of two headers, so that no code behind it can see both.
   */
  readonly hidesSecondHeader?: boolean;
  /** Variants of which the framework's runtime has no part. */
  readonly without?: readonly Variant[];
  start(setup: BedSetup): Promise<RunningBed>;
}

export interface BedSetup {
  readonly variant: Variant;
  /** The issuer, the audience, and the options of the variant. */
  readonly options: SessionOptions;
  readonly issuers: Issuers;
}

/** The issuer of the test, and one that is unreachable. */
export interface Issuers {
  readonly real: string;
  readonly unreachable: string;
}

export interface RunningBed {
  readonly url: string;
  close(): Promise<void>;
}

type Listener = (...args: Parameters<RequestListener>) => unknown;

export async function serve(listener: Listener): Promise<RunningBed> {
  const server = createServer((request, response) => void listener(request, response));
  const { url, close } = await listen(server);
  return { url, close };
}
