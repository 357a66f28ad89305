/**
 * Opens the bridge of this page. All that ask for one share one connection, also when they come
 * from different copies of this package: two connections would take turns in pushing each other out.
 */
import {
  BUILT_IN_METHODS,
  BridgeError,
  TIMEOUTS,
  type AnyContract,
  type Contract,
} from "@breezeway/shared";
import { systemClock, type Clock } from "@breezeway/shared/channel";
import type { AppBridge, BridgeOptions } from "./bridge-types.ts";
import { createBridge } from "./bridge.ts";
import { resolveHostOrigins } from "./config/host-origins.ts";
import { openConnection, type Connection } from "./connection/connection.ts";
import type { Proof } from "./proof/create-proof.ts";
import { testHooksOf, type GuestTestHooks } from "./test-hooks.ts";
import { createTokenCache, type TokenCache } from "./tokens/token-cache.ts";
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

// In the window (or the link in its place) under a registered symbol: other copies of this package
// find it there. The number is that of this arrangement between copies.
const OPENER: unique symbol = Symbol.for("@breezeway/guest/1");

/**
 * Connects this page to the host that embeds it.
 *
 * @throws {BridgeError} HANDSHAKE_NOT_EMBEDDED and CONFIG_HOST_ORIGINS_MISSING at once,
 * HANDSHAKE_TIMEOUT, HANDSHAKE_REFUSED, HANDSHAKE_PROTOCOL_MISMATCH.
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
  if (!options.link && !isEmbedded()) {
    throw new BridgeError(
      "HANDSHAKE_NOT_EMBEDDED",
      "This page is in no frame: open it from its host.",
    );
  }
  const page = (options.link ?? window) as { [OPENER]?: Opener };
  page[OPENER] ??= createOpener();
  return page[OPENER](options, hooks);
}

function createOpener(): Opener {
  let shared: Shared | undefined;

  const open = <C extends Contract>(options: BridgeOptions<C>, clock: Clock): Shared => {
    const connection = openConnection({
      link: options.link ?? parentLink(resolveHostOrigins(options.hostOrigins)),
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
    const used = (shared ??= open(options, hooks?.clock ?? systemClock()));
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
        // With a key of its own a second bridge is refused rather than served without proof.
        proof: options.proof ?? used.proof,
        report: options.onError ?? reportToWindow,
        onClose: () => release(used),
      },
      options,
    );
  };
}

// A function of its own: browsers refuse `reportError` when it is called as a method of something.
function reportToWindow(error: unknown): void {
  reportError(error);
}
