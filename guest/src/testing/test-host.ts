/**
 * A host in memory for the tests of a guest app. It shakes hands, sends frames and enforces the
 * contract with the code of a real host's channel, over a real `MessageChannel`; only the frame around
 * the guest, the issuer and the gateway are made up. Time stands still unless the test moves it.
 */
import {
  BridgeError,
  BUILT_IN_METHODS,
  chain,
  checkArgs,
  checkPayload,
  checkResult,
  createContractGuard,
  eventDefinition,
  isPromiseLike,
  SURFACE_CAPABILITIES,
  TOKEN_LIMITS,
  type AnyContract,
  type Contract,
  type Hello,
  type StateKey,
  type Theme,
  type TokenGrant,
  type Welcome,
} from "@breezeway/shared";
import {
  createStore,
  splitCallOptions,
  type Channel,
  type ChannelPort,
  type IncomingCall,
} from "@breezeway/shared/channel";
import { createTestClock } from "@breezeway/shared/testing";
import type { AppBridge, BridgeOptions } from "../bridge-types.ts";
import { createAppBridge } from "../create-app-bridge.ts";
import { createTestFaults, type FaultState } from "./test-faults.ts";
import { createTestGateway, type GatewayRequest } from "./test-gateway.ts";
import type { TestHost, TestHostOptions } from "./test-host-types.ts";
import { openTestChannel, type TestMethod } from "./test-channel.ts";
import { createTestIssuer } from "./test-issuer.ts";
import { createTestUi } from "./test-ui.ts";
import { createTestLink } from "./test-link.ts";

const GATEWAY_URL = "https://gateway.test/";

/**
 * @example
 * const host = createTestHost({ methods: { getCurrentCustomerId: () => "c-1042" } });
 * const bridge = await host.connect();
 * await bridge.method.call("getCurrentCustomerId"); // "c-1042"
 * host.close();
 */
export function createTestHost<C extends Contract = AnyContract>(
  options: TestHostOptions<C> = {},
): TestHost<C> {
  const { contract, appId = "test-app" } = options;
  const clock = createTestClock({
    ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
    settle: () => link.settled(),
  });
  const ttlSeconds = options.tokenTtlSeconds ?? TOKEN_LIMITS.defaultTtlSeconds;
  const refreshAheadMs =
    1000 *
    Math.max(TOKEN_LIMITS.minRefreshAheadSeconds, ttlSeconds * TOKEN_LIMITS.refreshAheadFraction);
  const issuer = createTestIssuer({
    clock,
    appId,
    ttlSeconds,
    scopes: options.scopes ?? [],
    claims: options.claims ?? {},
  });
  const context = createStore<unknown>(options.context);
  const theme = createStore<Theme>(options.theme ?? { scheme: "light" });
  const locale = createStore(options.locale ?? "en");
  const capabilities = createStore(options.capabilities ?? capabilitiesOf(contract));
  const can = (capability: string): boolean => capabilities.current.includes(capability);
  const ui = createTestUi({
    appId,
    answers: options.ui ?? {},
    can,
    context: () => context.current,
  });
  // The host itself may do everything; only guests need capabilities.
  const guard = createContractGuard(contract, () => true);
  const methods = new Map<string, TestMethod>(
    Object.entries((options.methods ?? {}) as Record<string, TestMethod>),
  );
  const conditions: FaultState = { delayMs: 0, isDropping: false };
  const calls: { method: string; args: readonly unknown[] }[] = [];
  const published: { topic: string; payload: unknown }[] = [];
  const requests: GatewayRequest[] = [];
  const setups: unknown[] = [];
  const errors: unknown[] = [];
  const bridges = new Set<AppBridge<C>>();
  const listeners = new Map<string, Set<(payload: never) => void>>();
  const retained = new Map<string, unknown>();
  const subscriptions = new Set<string>();
  let channel: Channel | undefined;
  let pushesTokens = false;
  let proofKeyThumbprint: string | undefined;
  let timer: unknown;

  const report = (error: unknown): void => void errors.push(error);

  const push = (key: StateKey, value: unknown): void => channel?.send(["state", key, value]);

  const mint = (): TokenGrant => {
    const grant = issuer.mint(proofKeyThumbprint);
    schedulePush();
    return grant;
  };

  const schedulePush = (): void => {
    clock.clearTimer(timer);
    if (!channel?.isOpen || !pushesTokens || issuer.msLeft <= 0) return;
    timer = clock.setTimer(pushToken, Math.max(0, issuer.msLeft - refreshAheadMs));
  };

  const mintIfPossible = (): TokenGrant | null => {
    try {
      return mint();
    } catch {
      return null;
    }
  };

  const pushToken = (): void => {
    const grant = channel?.isOpen && pushesTokens ? mintIfPossible() : null;
    if (grant) push("token", grant);
  };

  const welcome = (hello: Hello, protocol: number): Welcome => {
    pushesTokens = hello.autoRefresh;
    ({ proofKeyThumbprint } = hello);
    return {
      ok: true,
      protocol,
      appId,
      capabilities: capabilities.current,
      context: context.current,
      theme: theme.current,
      locale: locale.current,
      session: issuer.session.current,
      token: mintIfPossible(),
      gatewayUrl: GATEWAY_URL,
    };
  };

  const builtIn = (incoming: IncomingCall) => {
    const { method, args } = incoming;
    switch (method) {
      case BUILT_IN_METHODS.ping:
        return { handler: () => true };
      case BUILT_IN_METHODS.tokenGrant:
        return { handler: mint };
      case BUILT_IN_METHODS.sessionToken:
      case BUILT_IN_METHODS.appToken:
        return { handler: () => mint().token };
      case BUILT_IN_METHODS.setupCompleted:
        return { handler: () => void setups.push(args[0]) };
      default: {
        const handler = ui.handlerOf(incoming);
        return handler && { handler };
      }
    }
  };

  const open = (port: ChannelPort): void => {
    subscriptions.clear();
    channel = openTestChannel({
      port,
      clock,
      contract,
      can,
      builtIn,
      methods,
      report,
      onCall: ({ method, args }) => void calls.push({ method, args }),
      onEvent(topic, payload) {
        published.push({ topic, payload });
        for (const listener of listeners.get(topic) ?? []) listener(payload as never);
      },
      onSubscribe(topic) {
        subscriptions.add(topic);
        if (retained.has(topic)) channel?.send(["event", topic, retained.get(topic), true]);
      },
      onUnsubscribe: (topic) => void subscriptions.delete(topic),
      onEnded: () => clock.clearTimer(timer),
    });
    schedulePush();
  };

  const link = createTestLink({ clock, conditions: () => conditions, welcome, open });

  const publish = (topic: string, payload: unknown, isRetained?: boolean): void => {
    const definition = guard.topic(topic);
    const keep = isRetained ?? definition?.retained ?? false;
    const sent = chain(checkPayload(topic, definition, payload), () => {
      if (keep) retained.set(topic, payload);
      if (!subscriptions.has(topic)) return;
      channel?.send(keep ? ["event", topic, payload, true] : ["event", topic, payload]);
    });
    if (isPromiseLike(sent)) sent.then(undefined, report);
  };

  const call = async (name: string, ...given: readonly unknown[]): Promise<unknown> => {
    const { args, options: callOptions } = splitCallOptions(given);
    const definition = guard.method(name, "guestMethods");
    await checkArgs(name, definition, args);
    if (!channel?.isOpen) throw new BridgeError("CHANNEL_LOST", "No guest is connected.");
    return checkResult(name, definition, await channel.call(name, args, callOptions));
  };

  const bridgeOptions = (): BridgeOptions<C> => ({
    ...(contract === undefined ? {} : { contract }),
    link: link.current,
    clock,
    fetch: createTestGateway({
      appId,
      check: issuer.check,
      handler: options.gateway,
      record: (request) => void requests.push(request),
    }),
    onError: report,
  });

  if (options.session !== null) issuer.signIn(options.session);
  context.subscribe((value) => push("context", value));
  theme.subscribe((value) => push("theme", value));
  locale.subscribe((value) => push("locale", value));
  capabilities.subscribe((value) => push("capabilities", value));
  issuer.session.subscribe((session) => {
    clock.clearTimer(timer);
    // The token goes first, so that whoever is told of a new session can use it at once.
    if (channel) push("token", session && pushesTokens ? mintIfPossible() : null);
    push("session", session);
  });

  return {
    async connect(own) {
      const bridge = await createAppBridge<C>({ ...bridgeOptions(), ...own });
      bridges.add(bridge);
      return bridge;
    },
    get bridgeOptions() {
      return bridgeOptions();
    },
    event: {
      publish: (topic, payload, { retained: isRetained } = {}) =>
        publish(topic, payload, isRetained),
      subscribe(topic, listener) {
        guard.topic(topic);
        const entries = listeners.get(topic) ?? new Set();
        listeners.set(topic, entries.add(listener));
        return () => void entries.delete(listener);
      },
    },
    call: call as TestHost<C>["call"],
    context,
    theme,
    locale,
    capabilities,
    session: {
      get current() {
        return issuer.session.current;
      },
      subscribe: issuer.session.subscribe,
      signIn: (session) => void issuer.signIn(session),
      signOut: issuer.signOut,
      switchTenant(tenantId) {
        const { current } = issuer.session;
        if (!current) throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
        issuer.signIn({ ...current, tenantId });
      },
    },
    faults: createTestFaults({ clock, link, issuer, conditions }),
    get isConnected() {
      return channel?.isOpen ?? false;
    },
    calls,
    published,
    subscriptions,
    setups,
    ui: ui.record,
    requests,
    get tokens() {
      return issuer.tokens;
    },
    errors,
    clock,
    advance: (ms) => clock.advance(ms),
    settled: () => link.settled(),
    close() {
      for (const bridge of bridges) bridge.close();
      channel?.close();
      clock.clearTimer(timer);
    },
  };
}

function capabilitiesOf({ methods = {}, events = {} }: Contract = {}): readonly string[] {
  const named = [...Object.values(methods), ...Object.values(events).map(eventDefinition)];
  const contracted = named.flatMap(({ capability }) => capability ?? []);
  return [...new Set([...contracted, ...Object.values(SURFACE_CAPABILITIES)])];
}
