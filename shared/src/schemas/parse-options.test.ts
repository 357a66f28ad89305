import { describe, expect, expectTypeOf, it, vi } from "vitest";
import * as zod from "zod";
import * as z from "zod/mini";
import {
  functionOption,
  instanceOption,
  numberOption,
  optionObject,
  originsOption,
  parseOptions,
  wholeNumberOption,
} from "./parse-options.ts";

interface Store {
  open(): void;
}
interface Options {
  readonly issuer: string;
  readonly store: Store;
  readonly tokenTtlSeconds?: number | undefined;
  readonly skewSeconds?: number | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly origins?: readonly string[] | undefined;
  readonly sessions?: { readonly idleSeconds?: number | undefined } | undefined;
  readonly cache?: false | { readonly maxEntries: number } | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const schema = optionObject<Options>({
  issuer: z.string(),
  store: instanceOption<Store>(["open"], "must be a store, such as sqliteStore(…)"),
  tokenTtlSeconds: z.optional(wholeNumberOption(15, 300)),
  skewSeconds: z.optional(numberOption(0, 5)),
  scopes: z.optional(z.array(z.string())),
  origins: z.optional(originsOption()),
  sessions: z.optional(optionObject({ idleSeconds: z.optional(wholeNumberOption(1, 60)) })),
  cache: z.optional(
    z.union([z.literal(false), optionObject({ maxEntries: wholeNumberOption(1, 100) })]),
  ),
  onError: z.optional(functionOption<(error: unknown) => void>()),
  signal: z.optional(z.instanceof(AbortSignal)),
});

const store: Store = { open: () => {} };
const parse = (options: object): Options =>
  parseOptions(schema, { issuer: "https://shell.example", store, ...options }, "createIssuer");

describe("an option that is undefined", () => {
  it.each([
    "tokenTtlSeconds",
    "skewSeconds",
    "scopes",
    "origins",
    "sessions",
    "cache",
    "onError",
    "signal",
  ])("is absent from the result: %s", (name) => {
    expect(Object.keys(parse({ [name]: undefined })).toSorted()).toEqual(["issuer", "store"]);
  });

  it("is absent from a group of options too", () => {
    const { sessions } = parse({ sessions: { idleSeconds: undefined } });
    expect(sessions).toStrictEqual({});
  });
});

describe("parseOptions", () => {
  it.each([
    [{ tokenTtlSeconds: 14 }, "tokenTtlSeconds: must be a whole number from 15 to 300."],
    [{ tokenTtlSeconds: 60.5 }, "tokenTtlSeconds: must be a whole number from 15 to 300."],
    [{ tokenTtlSeconds: "60" }, "tokenTtlSeconds: must be a whole number from 15 to 300."],
    [{ skewSeconds: NaN }, "skewSeconds: must be a number from 0 to 5."],
    [{ issuer: undefined }, "issuer: is required."],
    [{ store: undefined }, "store: is required."],
    [{ store: {} }, "store: must be a store, such as sqliteStore(…)."],
    [{ onError: "canary" }, "onError: must be a function."],
    [{ signal: {} }, "signal: must be of type AbortSignal."],
    [{ scopes: ["a", 1] }, "scopes[1]: must be of type string."],
    [{ origins: [] }, "origins: must have at least one origin."],
    [{ origins: "https://shell.example" }, "origins: must be of type array."],
    [
      { origins: ["https://shell.example/"] },
      "origins[0]: must be an exact origin such as https://shell.example, without path, trailing slash or *.",
    ],
    [{ cache: true }, "cache: must be false or of type object."],
    [{ cache: { maxEntries: 0 } }, "cache.maxEntries: must be a whole number from 1 to 100."],
    [{ scoeps: [] }, 'scoeps: unknown option. Did you mean "scopes"?'],
    [{ tokenTTL: 60 }, 'tokenTTL: unknown option. Did you mean "tokenTtlSeconds"?'],
    [{ clock: 1 }, "clock: unknown option."],
    [{ clock: undefined }, "clock: unknown option."],
    [
      { sessions: { idleSecond: 5 } },
      'sessions.idleSecond: unknown option. Did you mean "idleSeconds"?',
    ],
    [
      { cache: { maxEntries: 5, maxEntrys: 5 } },
      'cache.maxEntrys: unknown option. Did you mean "maxEntries"?',
    ],
    [
      { tokenTtlSeconds: 1, scoeps: [], clock: 1 },
      "tokenTtlSeconds: must be a whole number from 15 to 300. " +
        'scoeps: unknown option. Did you mean "scopes"? clock: unknown option.',
    ],
  ])("refuses %j, naming each option and what was expected", (options, message) => {
    const refusal = { code: "CONFIG_INVALID", message: `createIssuer: ${message}` };
    expect(() => parse(options)).toThrow(expect.objectContaining(refusal));
  });

  it.each([undefined, null, "canary", [], 5])("refuses %j in the place of options", (value) => {
    expect(() => parseOptions(schema, value, "createIssuer")).toThrow(
      /^createIssuer: options: must be an object\.$/,
    );
  });

  it("never quotes a value", () => {
    const canary = "canary-secret";
    for (const name of Object.keys({ ...parse({}), sessions: 1, cache: 1, clock: 1, scopes: 1 })) {
      if (name === "issuer") continue;
      expect(() => parse({ [name]: canary })).toThrow(/^createIssuer: (?!.*canary)/s);
    }
  });

  it("returns the caller's own functions and instances", () => {
    const onError = vi.fn();
    const { signal } = new AbortController();
    const parsed = parse({ onError, signal });
    expect(parsed.onError).toBe(onError);
    expect(parsed.signal).toBe(signal);
    expect(parsed.store).toBe(store);
    expectTypeOf(parsed).toEqualTypeOf<Options>();
  });

  it("accepts schemas of the full zod", () => {
    const full = zod.strictObject({ port: zod.number(), host: zod.optional(zod.string()) });
    expect(parseOptions(full, { port: 1 }, "serve")).toEqual({ port: 1 });
    expect(() => parseOptions(full, { prot: 1 }, "serve")).toThrow(
      'serve: port: is required. prot: unknown option. Did you mean "port"?',
    );
  });
});

it("optionObject does not compile when an option has no schema", () => {
  // @ts-expect-error the schema of `host` is missing
  optionObject<{ port: number; host?: string }>({ port: z.number() });
});
