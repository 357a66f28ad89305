/** Runs `breezeway serve` in the test's process, with a place of its own for each test. */
import { afterEach, beforeEach, vi } from "vitest";
import { main } from "../src/main.ts";
import { createServePlace, type LogLine, type ServePlace } from "./serve-place.ts";

/** No error and no line of the log may have it in it. */
export const SECRET = "canary-0123456789abcdef";

export interface Outcome {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

export interface ServeFixture {
  readonly place: ServePlace;
  /** Of the command. Empty at the start of each test. */
  env: Record<string, string>;
  /** Runs the command; it is asked to stop once `whileRunning` has ended. The lines go on growing. */
  readonly serve: (
    args: readonly string[],
    whileRunning?: (lines: readonly LogLine[]) => Promise<void>,
  ) => Promise<Outcome>;
  /** The place's configuration with other fields in its sections. */
  readonly change: (issuer: object, gateway?: object, rest?: object) => object;
}

/** Call it at the top of a test file. */
export function useServe(): ServeFixture {
  let place: ServePlace | undefined;
  const opened = (): ServePlace => {
    if (!place) throw new Error("A place is there within tests only.");
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
      // The command would take an assertion of the test's for a failure of its own.
      const broken: unknown[] = [];
      const code = await main(["serve", opened().file, ...args], {
        out(line) {
          out.push(line);
          if (line.startsWith("{")) lines.push(JSON.parse(line) as LogLine);
        },
        err: (line) => err.push(line),
        stdin: () => Promise.resolve(""),
        untilStopped: () => whileRunning(lines).catch((error: unknown) => void broken.push(error)),
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
