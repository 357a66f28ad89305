/** The schemas of the options that a program passes to a host. Everything wrong is reported by name. */
import { isCloneable, isRecord, type ChannelLimits } from "@breezeway/shared";
import {
  functionOption,
  instanceOption,
  numberOption,
  optionObject,
  parseOptions,
} from "@breezeway/shared/schemas";
import * as z from "zod/mini";
import type { HostOptions, HostPlatform } from "./host-types.ts";
import type { MountOptions, MountSettings, MountTarget } from "./mount-types.ts";

/** A timer of a browser cannot be trusted with much more, and no person waits that long. */
const MAX_HANDSHAKE_TIMEOUT_MS = 600_000;

const limit = z.optional(numberOption(1, Number.MAX_SAFE_INTEGER));

const limitsSchema = optionObject<Partial<ChannelLimits>>({
  maxMessageBytes: limit,
  maxMessageValues: limit,
  maxBinaryBytes: limit,
  maxDepth: limit,
  maxFramesPerMessage: limit,
  maxFramesPerSecond: limit,
  frameBurst: limit,
  maxBytesPerSecond: limit,
  byteBurst: limit,
  maxCallsInFlight: limit,
  maxBytesInFlight: limit,
  maxSubscriptions: limit,
  maxViolations: limit,
});

const themeSchema = optionObject<NonNullable<HostOptions["theme"]>>({
  scheme: z.enum(["light", "dark"], 'must be "light" or "dark"'),
  tokens: z.optional(z.record(z.string(), z.string())),
});

function callback<T extends ((...args: never[]) => unknown) | undefined>(): z.ZodMiniType<
  T | undefined
> {
  return z.optional(functionOption<NonNullable<T>>());
}

/** An object that is used and not read: the same object comes out. */
function objectOption<T extends object>(text: string): z.ZodMiniType<T> {
  return z.custom<T>(isRecord, { error: text });
}

const NOT_CLONEABLE = "must be cloneable: it contains a function, a DOM node or the like";

const hostSchema = optionObject<HostOptions>({
  issuerUrl: z.string(),
  gatewayUrl: z.optional(z.string()),
  apps: z.optional(
    z.custom<NonNullable<HostOptions["apps"]>>(
      (value) => Array.isArray(value) || (isRecord(value) && "byOrigin" in value),
      { error: "must be a list of manifests, or a registry of createAppRegistry(…)" },
    ),
  ),
  contract: z.optional(objectOption("must be a contract of defineContract(…)")),
  methods: z.optional(objectOption("must be an object of functions")),
  context: z.optional(z.custom(isCloneable, { error: NOT_CLONEABLE })),
  theme: z.optional(themeSchema),
  locale: z.optional(z.string("must be a language tag such as en")),
  limits: z.optional(limitsSchema),
  handshakeTimeoutMs: z.optional(numberOption(1, MAX_HANDSHAKE_TIMEOUT_MS)),
  withholdTokens: callback<HostOptions["withholdTokens"]>(),
  onSetupCompleted: callback<HostOptions["onSetupCompleted"]>(),
  ui: z.optional(objectOption("must be an object such as createHostUi() returns")),
  onNavigate: callback<HostOptions["onNavigate"]>(),
  isUserActive: callback<HostOptions["isUserActive"]>(),
  onError: callback<HostOptions["onError"]>(),
  fetch: callback<HostOptions["fetch"]>(),
  platform: z.optional(
    optionObject<HostPlatform>({
      visibility: instanceOption(["onVisible"], "must be { isVisible, onVisible }"),
      openStream: functionOption(),
    }),
  ),
});

const sidePx = z.optional(numberOption(0, Infinity));

const mountSchema = optionObject<MountSettings & Pick<MountTarget, "container" | "place">>({
  container: z.optional(
    instanceOption<Element>(["append"], "must be an element. Is it in the page yet?"),
  ),
  place: callback<MountTarget["place"]>(),
  path: z.optional(z.string()),
  placement: z.optional(z.string()),
  context: z.optional(
    z.custom<Readonly<Record<string, unknown>>>((value) => isRecord(value) && isCloneable(value), {
      error: `must be an object, and ${NOT_CLONEABLE}`,
    }),
  ),
  minHeightPx: sidePx,
  maxHeightPx: sidePx,
  minWidthPx: sidePx,
  maxWidthPx: sidePx,
  onResize: callback<MountSettings["onResize"]>(),
  onPathChange: callback<MountSettings["onPathChange"]>(),
}).check(
  z.refine(({ container, place }) => container !== undefined || place !== undefined, {
    path: ["container"],
    error: "is required: the element that the app's iframe goes into",
  }),
  z.refine(({ minHeightPx = 0, maxHeightPx = Infinity }) => maxHeightPx >= minHeightPx, {
    path: ["maxHeightPx"],
    error: "must be a number not below minHeightPx",
  }),
  z.refine(({ minWidthPx = 0, maxWidthPx = Infinity }) => maxWidthPx >= minWidthPx, {
    path: ["maxWidthPx"],
    error: "must be a number not below minWidthPx",
  }),
);

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseHostOptions(options: unknown): HostOptions {
  return parseOptions(hostSchema, options, "createHost");
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function parseMountOptions(options: unknown): MountOptions {
  // The schema takes one of `container` and `place`, which the type cannot say.
  return parseOptions(mountSchema, options, "host.mount") as MountOptions;
}
