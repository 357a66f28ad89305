/**
 * Runs `breezeway serve` in the test's process, with a configuration folder of its own for each
 * test.
 */
import { afterEach, beforeEach, vi } from "vitest";
import { main } from "../src/main.ts";
import { createServePlace, type LogLine, type ServePlace } from "./serve-place.ts";

/** No error and no log line may contain it. */
export const SECRET = "canary-0123456789abcdef";

export interface Outcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

export interface ServeFixture {
  readonly place: ServePlace;
  /** The environment of the command. Empty at the start of each test. */
  env: Record<string, string>;
  /**
   * Runs the command and asks it to stop once `whileRunning` has ended. The array of lines grows
   * while the command runs.
   */
  readonly serve: (
    args: readonly string[],
    whileRunning?: (lines: readonly LogLine[]) => Promise<void>,
  ) => Promise<Outcome>;
  /** Returns the configuration with other fields in its sections. */
  readonly change: (issuer: object, gateway?: object, rest?: object) => object;
}

/** Call it at the top of a test file. */
export function useServe(): ServeFixture {
  let place: ServePlace | undefined;
  const opened = (): ServePlace => {
    if (!place) throw new Error("useServe: the place exists only while a test runs.");
    return place;
  };

  beforeEach(async () => {
    place = await createServePlace();
    fixture.env = {};
  });

  afterEach(async () => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
    vi.useRealTimers();
    await place?.[Symbol.asyncDispose]();
  });

  const fixture: ServeFixture = {
    get place() {
      return opened();
    },
    env: {},
    async serve(args, whileRunning = () => Promise.resolve()) {
      const [out, err]: [string[], string[]] = [[], []];
      const lines: LogLine[] = [];
      // Otherwise the command would report a failed assertion as its own failure.
      const broken: unknown[] = [];
      const code = await main(["serve", opened().file, ...args], {
        out(line) {
          out.push(line);
          if (line.startsWith("{")) lines.push(JSON.parse(line) as LogLine);
        },
        err: (line) => err.push(line),
        stdin: () => Promise.resolve(""),
        async untilStopped() {
          // The command logs its addresses once it can be stopped.
          await Promise.resolve();
          await whileRunning(lines).catch((error: unknown) => void broken.push(error));
        },
        env: fixture.env,
      });
      if (broken.length > 0) throw broken[0];
      return { code, out, err: err.join("\n") };
    },
    change(issuer, gateway = {}, rest = {}) {
      const { config } = opened();
      return {
        ...config,
        issuer: { ...config.issuer, ...issuer },
        gateway: { ...config.gateway, ...gateway },
        ...rest,
      };
    },
  };
  return fixture;
}
