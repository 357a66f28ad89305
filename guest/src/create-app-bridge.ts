/**
 * Opens the bridge of this page. All bridges of a page share one connection, even those of different
 * copies of this package, since the host keeps one connection per frame and would drop the other.
 */
import {
  BUILT_IN_METHODS,
  BridgeError,
  TIMEOUTS,
  chain,
  isPromiseLike,
  type AnyContract,
  type Contract,
  type MaybePromise,
} from "@breezeway/shared";
import { systemClock, type Clock } from "@breezeway/shared/channel";
import { WORDS } from "@breezeway/shared/words";
import type { AppBridge, BridgeOptions } from "./bridge-types.ts";
import { createBridge } from "./bridge.ts";
import { assertOptionNames } from "./config/bridge-options.ts";
import { resolveHostOrigins } from "./config/host-origins.ts";
import { openConnection, type Connection } from "./connection/connection.ts";
import type { Proof } from "./proof/create-proof.ts";
import { testHooksOf, type GuestTestHooks } from "./test-hooks.ts";
import { createTokenCache, type TokenCache } from "./tokens/token-cache.ts";
import type { HostLink } from "./transport/host-link.ts";
import { isEmbedded, parentLink } from "./transport/parent-link.ts";

interface Shared {
  readonly connection: Connection;
  readonly tokens: TokenCache;
  readonly proof: Proof | undefined;
  handles: number;
}

type Opener = <C extends Contract>(
  options: BridgeOptions<C>,
  hooks: GuestTestHooks | undefined,
) => Promise<AppBridge<C>>;

// The opener is a property of the window, or of the link in its place. The symbol is registered, so
// other copies of this package find it. Its number is the version of this arrangement.
const OPENER: unique symbol = Symbol.for("@breezeway/guest/1");

/**
 * Connects this page to the host that embeds it.
 *
 * @throws {BridgeError} CONFIG_INVALID, CONFIG_HOST_ORIGINS_MISSING, CONFIG_HOST_ORIGINS_INVALID and
 * HANDSHAKE_NOT_EMBEDDED at once; HANDSHAKE_TIMEOUT, HANDSHAKE_REFUSED, HANDSHAKE_PROTOCOL_MISMATCH
 *
 * @example
 * const bridge = await createAppBridge();
 * const orders = await (await bridge.fetch("/orders")).json();
 */
export function createAppBridge<C extends Contract = AnyContract>(
  options: BridgeOptions<C> = {},
): Promise<AppBridge<C>> {
  return openAppBridge(options, testHooksOf(options.link));
}

/**
 * `createAppBridge` with parts of the runtime replaced, such as its clock. The entry for tests exports
 * it as `createAppBridgeForTesting`.
 *
 * @throws {BridgeError} as `createAppBridge`
 */
export async function openAppBridge<C extends Contract = AnyContract>(
  options: BridgeOptions<C>,
  hooks: GuestTestHooks | undefined,
): Promise<AppBridge<C>> {
  assertOptionNames(options);
  if (!options.link && !isEmbedded()) {
    throw new BridgeError(
      "HANDSHAKE_NOT_EMBEDDED",
      WORDS && "This page is not embedded. Open it inside its host.",
    );
  }
  const page = (options.link ?? window) as { [OPENER]?: Opener };
  page[OPENER] ??= createOpener();
  return page[OPENER](options, hooks);
}

function createOpener(): Opener {
  let shared: Shared | undefined;

  const open = <C extends Contract>(
    options: BridgeOptions<C>,
    link: HostLink,
    clock: Clock,
  ): Shared => {
    const connection = openConnection({
      link,
      timeoutMs: options.handshakeTimeoutMs ?? TIMEOUTS.handshakeMs,
      autoRefresh: options.autoRefresh ?? true,
      proofKeyThumbprint: options.proof?.keyThumbprint,
      clock,
      report: options.onError ?? reportToWindow,
    });
    const tokens = createTokenCache({
      clock,
      pushed: connection.snapshot.token,
      session: connection.snapshot.session,
      request: (rejected) =>
        connection.call(BUILT_IN_METHODS.tokenGrant, rejected === undefined ? [] : [rejected]),
    });
    return { connection, tokens, proof: options.proof, handles: 0 };
  };

  const release = (used: Shared): void => {
    used.handles -= 1;
    if (used.handles > 0) return;
    if (shared === used) shared = undefined;
    used.tokens.close();
    used.connection.close();
  };

  return async (options, hooks) => {
    const clock = hooks?.clock ?? systemClock();
    let used = shared;
    if (used === undefined) {
      const link = options.link ?? parentLinkOf(options.hostOrigins);
      const found = isPromiseLike(link) ? await link : link;
      // Another bridge of this page may have opened the connection meanwhile.
      used = shared ??= open(options, found, clock);
    }
    used.handles += 1;
    try {
      await used.connection.ready;
    } catch (error) {
      release(used);
      throw error;
    }
    return createBridge(
      {
        connection: used.connection,
        tokens: used.tokens,
        // A second bridge with another key is refused by the gateway, and never served without a proof.
        proof: options.proof ?? used.proof,
        report: options.onError ?? reportToWindow,
        onClose: () => release(used),
      },
      options,
    );
  };
}

function parentLinkOf(hostOrigins: readonly string[] | undefined): MaybePromise<HostLink> {
  return chain(resolveHostOrigins(hostOrigins), parentLink);
}

// A plain function, since browsers refuse `reportError` when it is called as a method. Runtimes without
// a window, such as Node, do not have it.
function reportToWindow(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else {
    queueMicrotask(() => {
      throw error;
    });
  }
}
