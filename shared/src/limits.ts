/**
 * Bounds on what the other side can make us do: each with its name, its default and the reason for
 * the number. Each has a test that fails without it.
 */

export const TIMEOUTS = {
  /** From `createAppBridge()` or a mount to the welcome. A guest on a slow line needs a few seconds. */
  handshakeMs: 10_000,
  /** From a call to its result. */
  callMs: 30_000,
} as const;

/** Limits for a frame that has no channel yet. */
export const HANDSHAKE_LIMITS = {
  /** Handshakes at once. A page that reloads repeatedly needs a few. */
  attemptBurst: 10,
  /** Handshakes per second after that. An earlier one waits, and a later one replaces it. */
  attemptsPerSecond: 2,
  /** Messages of one handshake on its port. A guest sends two. */
  maxMessagesPerAttempt: 16,
} as const;

/** Limits of one guest's channel; `createHost` takes a partial override. */
export interface ChannelLimits extends SideLimits {
  /**
   * Bytes of one message (all frames of one task) without its binary data, estimated before its frames
   * are parsed.
   */
  readonly maxMessageBytes: number;
  /**
   * Values and keys of one message. An item of a list or a `Set` counts twice, as a member of an object
   * does, and an object such as a `Map`, a `Date` or a view counts three times more. Looking at a value
   * takes time, however few bytes it has.
   */
  readonly maxMessageValues: number;
  /** Bytes of `ArrayBuffer`s and pixels in one message. The content of a `Blob` does not count. */
  readonly maxBinaryBytes: number;
  /** Nesting of one value, so that no value overflows the stack of a validator. */
  readonly maxDepth: number;
  /** Frames per second on average; a burst of `frameBurst` is allowed on top. */
  readonly maxFramesPerSecond: number;
  readonly frameBurst: number;
  /** Bytes per second on average, binary data included; a burst of `byteBurst` is allowed on top. */
  readonly maxBytesPerSecond: number;
  /** One message of the largest size is always possible. */
  readonly byteBurst: number;
  /**
   * Measured bytes of the calls that a guest waits for and of aborted calls whose handlers still run. One
   * call of the largest size is always possible.
   */
  readonly maxBytesInFlight: number;
  /** Topics that one guest subscribes to. */
  readonly maxSubscriptions: number;
}

/** Limits that both sides of a channel keep. */
export interface SideLimits {
  /** Frames in one message. */
  readonly maxFramesPerMessage: number;
  /** Calls of one side that wait for a result. */
  readonly maxCallsInFlight: number;
  /** Violations after which the channel closes. Before that, only the message is refused. */
  readonly maxViolations: number;
}

/** Apart from the others, since every guest loads them. */
export const SIDE_LIMITS: SideLimits = {
  maxFramesPerMessage: 4_096,
  maxCallsInFlight: 1_024,
  maxViolations: 32,
};

// A pure call, since bundlers keep an unused object that spreads another.
export const CHANNEL_LIMITS: ChannelLimits = /* @__PURE__ */ (() => ({
  ...SIDE_LIMITS,
  // A 10 MB attachment with its envelope fits; the number is far below what stalls a tab.
  maxMessageBytes: 16 * 1024 * 1024,
  // A list of 500 000 numbers, or 100 000 records of four members. A page takes about a tenth of a second
  // to look at them.
  maxMessageValues: 1024 * 1024,
  // A scan or a long recording fits. It is moved and never walked, so only memory is at stake.
  maxBinaryBytes: 48 * 1024 * 1024,
  maxDepth: 64,
  // A busy guest sends some hundred frames a second; 100 calls in flight measured 200 000.
  maxFramesPerSecond: 20_000,
  frameBurst: 40_000,
  // Records of 16 MiB take a page about half a second to read and check, so half of its time is left.
  maxBytesPerSecond: 16 * 1024 * 1024,
  byteBurst: 128 * 1024 * 1024,
  // Four of the largest messages without binary data, or one with it. A tab of a phone has this much to
  // spare for each of its frames.
  maxBytesInFlight: 64 * 1024 * 1024,
  maxSubscriptions: 256,
}))();

/** A token bucket: `burst` calls at once, refilled at `perSecond`. */
export interface RateBudget {
  readonly burst: number;
  /** Calls per second on average. */
  readonly perSecond: number;
}

/** What one app may do with the host's page, over all of its frames. */
export const SURFACE_LIMITS = {
  /** About as many as a user can read. */
  toasts: { burst: 3, perSecond: 0.5 },
  /** An app that asks again and again leaves time to leave the page. */
  dialogs: { burst: 5, perSecond: 0.33 },
  navigations: { burst: 5, perSecond: 1 },
  /** Safari allows 100 changes of the address in 30 seconds, the host's own included. */
  paths: { burst: 10, perSecond: 2 },
  /** Content that unfolds asks once in each animation frame. */
  sizes: { burst: 60, perSecond: 20 },
  /** Each asks the issuer. */
  scopes: { burst: 10, perSecond: 1 },
  /** In one request. */
  maxScopes: 100,
  /** Characters. */
  maxPathLength: 2_048,
  maxToastLength: 200,
  maxTitleLength: 120,
  maxTextLength: 600,
  maxButtonLength: 30,
} as const;

/** Names of the token buckets in {@link SURFACE_LIMITS}. */
export type SurfaceBudget = "toasts" | "dialogs" | "navigations" | "paths" | "sizes" | "scopes";

/** A token this close to its expiry is not handed out; a read waits for a fresh one. */
export const EXPIRY_MARGIN_SECONDS = 3;

export const TOKEN_LIMITS = {
  /** A compact token. Common servers accept no more in one header. */
  maxTokenBytes: 8_192,
  maxHeaderBytes: 1_024,
  /** Life of a session token, in seconds. */
  defaultTtlSeconds: 60,
  minTtlSeconds: 15,
  maxTtlSeconds: 300,
  /** Fraction of the life by which a token is shortened at random, to spread refreshes. */
  ttlJitter: 0.1,
  /** Tolerated clock skew in seconds. */
  maxClockSkewSeconds: 5,
  /** Refresh this long before expiry, or `refreshAheadFraction` of the life if that is longer. */
  minRefreshAheadSeconds: 5,
  refreshAheadFraction: 0.25,
} as const;
