/**
 * A host in memory for the tests of a guest app. It runs the channel and contract code of a real host
 * over a real `MessageChannel`; only the frame, the issuer and the gateway are simulated. Time stands
 * still until the test moves it.
 */
import {
  BridgeError,
  BUILT_IN_METHODS,
  checkArgs,
  checkResult,
  createContractGuard,
  eventDefinition,
  SURFACE_CAPABILITIES,
  TOKEN_LIMITS,
  type AnyContract,
  type Contract,
  type ContractGuard,
  type GuestSession,
  type StateKey,
  type Theme,
  type Welcome,
} from "@breezeway/shared";
import {
  createStore,
  splitCallOptions,
  type Channel,
  type IncomingCall,
  type Store,
} from "@breezeway/shared/channel";
import { guestSession } from "@breezeway/shared/schemas";
import {
  createIssuerCore,
  createTestClock,
  type IssuerCore,
  type TestClock,
} from "@breezeway/shared/testing";
import type { AppBridge, BridgeOptions } from "../bridge-types.ts";
import { createAppBridge } from "../create-app-bridge.ts";
import { withTestHooks } from "../test-hooks.ts";
import { openTestChannel, type TestMethod } from "./test-channel.ts";
import { createTestEvents, type TestEvents } from "./test-events.ts";
import { createTestFaults, type FaultState } from "./test-faults.ts";
import { createTestGateway, type GatewayRequest } from "./test-gateway.ts";
import type { TestHost, TestHostOptions } from "./test-host-types.ts";
import { createTestLink, type TestLink } from "./test-link.ts";
import { createTestTokens, type TestTokens } from "./test-tokens.ts";
import { createTestUi, type TestScopes, type TestUi } from "./test-ui.ts";

const GATEWAY_URL = "https://gateway.test/";

/**
 * Creates a host for tests.
 *
 * @example
 * const host = createTestHost({ methods: { getCurrentCustomerId: () => "c-1042" } });
 * const bridge = await host.connect();
 * await bridge.method.call("getCurrentCustomerId"); // "c-1042"
 * host.close();
 */
export function createTestHost<C extends Contract = AnyContract>(
  options: TestHostOptions<C> = {},
): TestHost<C> {
  const parts = assemble(options);
  const { clock, events, issuer, line, link, record, session } = parts;
  const bridges = new Set<AppBridge<C>>();

  const bridgeOptions = (): BridgeOptions<C> => ({
    ...(options.contract === undefined ? {} : { contract: options.contract }),
    link: withTestHooks(link.current, { clock }),
    fetch: parts.fetch,
    onError: parts.report,
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
      publish: (topic, payload, { retained } = {}) => events.publish(topic, payload, retained),
      subscribe: (topic, listener) => events.listen(topic, listener as (payload: unknown) => void),
    },
    call: ((name: string, ...given: readonly unknown[]) =>
      callGuest(parts, name, given)) as TestHost<C>["call"],
    ...parts.settings,
    session: {
      get current() {
        return session.current;
      },
      subscribe: session.subscribe,
      signIn: (next) => issuer.signIn(next),
      signOut: () => issuer.signOut(),
      switchTenant: (tenantId) => switchTenant(parts, tenantId),
    },
    faults: createTestFaults(parts),
    get isConnected() {
      return line.channel?.isOpen ?? false;
    },
    ...record,
    published: events.published,
    subscriptions: events.subscriptions,
    ui: parts.ui.record,
    get tokens() {
      return issuer.minted.map(({ token }) => token);
    },
    clock,
    advance: (ms) => clock.advance(ms),
    settled: () => link.settled(),
    close() {
      for (const bridge of bridges) bridge.close();
      line.channel?.close();
      parts.tokens.disconnected();
    },
  };
}

/** What connects host and guest at present. */
interface Line {
  link?: TestLink;
  channel?: Channel;
}

/** What a test sets at any time, and the guest follows. */
interface Settings {
  readonly context: Store<unknown>;
  readonly theme: Store<Theme>;
  readonly locale: Store<string>;
  readonly capabilities: Store<readonly string[]>;
}

interface HostRecord {
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
  readonly requests: GatewayRequest[];
  readonly setups: unknown[];
  readonly errors: unknown[];
}

/** The state of the host, without the way to its guest. */
interface HostState {
  readonly appId: string;
  readonly clock: TestClock;
  readonly conditions: FaultState;
  readonly issuer: IssuerCore;
  readonly line: Line;
  readonly record: HostRecord;
  readonly session: Store<GuestSession | null>;
  readonly settings: Settings;
  readonly can: (capability: string) => boolean;
  readonly report: (error: unknown) => void;
}

interface Parts extends HostState {
  readonly events: TestEvents;
  readonly fetch: typeof fetch;
  readonly guard: ContractGuard;
  readonly link: TestLink;
  readonly tokens: TestTokens;
  readonly ui: TestUi;
}

type Conversation = Pick<Parts, "events" | "tokens" | "ui"> & HostState;

function assemble<C extends Contract>(options: TestHostOptions<C>): Parts {
  const ttlSeconds = options.tokenTtlSeconds ?? TOKEN_LIMITS.defaultTtlSeconds;
  const state = createState(options, ttlSeconds);
  const { appId, can, clock, issuer, line, record, report, settings } = state;
  // The host itself may do everything; only guests need capabilities.
  const guard = createContractGuard(options.contract, () => true);
  const events = createTestEvents({ guard, report, send: (frame) => line.channel?.send(frame) });
  const tokens = createTestTokens({
    clock,
    issuer,
    appId,
    ttlSeconds,
    push: (grant) => pushState(line, "token", grant),
  });
  const ui = createTestUi({
    appId,
    answers: options.ui ?? {},
    can,
    context: () => settings.context.current,
    scopes: createTestScopes(state, options),
  });
  const link = openLink({ ...state, events, tokens, ui }, options);
  line.link = link;
  const gateway = createTestGateway({
    appId,
    check: (token, isProven) => issuer.check(token, isProven),
    handler: options.gateway,
    record: (request) => void record.requests.push(request),
  });
  if (options.session !== null) issuer.signIn(options.session);
  followState(state, tokens);
  return { ...state, events, fetch: gateway, guard, link, tokens, ui };
}

function createState<C extends Contract>(
  options: TestHostOptions<C>,
  ttlSeconds: number,
): HostState {
  const line: Line = {};
  const record: HostRecord = { calls: [], requests: [], setups: [], errors: [] };
  const clock = createTestClock({
    ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }),
    settle: async () => line.link?.settled(),
  });
  const settings: Settings = {
    context: createStore<unknown>(options.context),
    theme: createStore<Theme>(options.theme ?? { scheme: "light" }),
    locale: createStore(options.locale ?? "en"),
    capabilities: createStore(options.capabilities ?? capabilitiesOf(options.contract)),
  };
  return {
    appId: options.appId ?? "test-app",
    clock,
    conditions: { delayMs: 0, isDropping: false },
    issuer: createIssuerCore({
      clock,
      issuerUrl: "https://issuer.test",
      guestOrigin: "https://guest.test",
      ttlSeconds,
      defaults: { scopes: options.scopes ?? [], claims: options.claims ?? {} },
    }),
    line,
    record,
    session: createStore<GuestSession | null>(null),
    settings,
    can: (capability) => settings.capabilities.current.includes(capability),
    report: (error) => void record.errors.push(error),
  };
}

function openLink<C extends Contract>(parts: Conversation, options: TestHostOptions<C>): TestLink {
  const { can, clock, events, line, record, report, tokens } = parts;
  const methods = new Map(Object.entries((options.methods ?? {}) as Record<string, TestMethod>));
  return createTestLink({
    clock,
    conditions: () => parts.conditions,
    welcome(hello, protocol) {
      tokens.greet(hello);
      return welcome(parts, protocol);
    },
    open(port) {
      events.reset();
      line.channel = openTestChannel({
        port,
        clock,
        contract: options.contract,
        can,
        builtIn: (call) => builtInOf(parts, call),
        methods,
        events,
        report,
        onCall: ({ method, args }) => void record.calls.push({ method, args }),
        onEnded: () => tokens.disconnected(),
      });
      tokens.connected();
    },
  });
}

function welcome({ appId, session, settings, tokens }: Conversation, protocol: number): Welcome {
  return {
    ok: true,
    protocol,
    appId,
    capabilities: settings.capabilities.current,
    context: settings.context.current,
    theme: settings.theme.current,
    locale: settings.locale.current,
    session: session.current,
    token: tokens.grantIfPossible(),
    gatewayUrl: GATEWAY_URL,
  };
}

function builtInOf(
  { record, tokens, ui }: Conversation,
  call: IncomingCall,
): (() => unknown) | undefined {
  switch (call.method) {
    case BUILT_IN_METHODS.ping:
      return () => true;
    case BUILT_IN_METHODS.tokenGrant:
      return () => tokens.grant();
    case BUILT_IN_METHODS.sessionToken:
    case BUILT_IN_METHODS.appToken:
      return () => tokens.grant().token;
    case BUILT_IN_METHODS.setupCompleted:
      return () => void record.setups.push(call.args[0]);
    default:
      return ui.handlerOf(call);
  }
}

/** Sends the guest what changes in the host. */
function followState({ issuer, line, session, settings }: HostState, tokens: TestTokens): void {
  const follow = (key: StateKey, store: Store<unknown>): void =>
    void store.subscribe((value) => pushState(line, key, value));
  follow("context", settings.context);
  follow("theme", settings.theme);
  follow("locale", settings.locale);
  follow("capabilities", settings.capabilities);
  issuer.session.subscribe((summary) => {
    session.set(guestSession(summary));
    // The token goes first: a listener of the session may use it at once.
    if (line.channel) pushState(line, "token", tokens.renew(summary !== null));
    pushState(line, "session", session.current);
  });
}

function pushState(line: Line, key: StateKey, value: unknown): void {
  line.channel?.send(["state", key, value]);
}

async function callGuest(
  { guard, line }: Parts,
  name: string,
  given: readonly unknown[],
): Promise<unknown> {
  const { args, options } = splitCallOptions(given);
  const definition = guard.method(name, "guestMethods");
  await checkArgs(name, definition, args);
  if (!line.channel?.isOpen) throw new BridgeError("CHANNEL_LOST", "No guest is connected.");
  return checkResult(name, definition, await line.channel.call(name, args, options));
}

function createTestScopes<C extends Contract>(
  { issuer }: HostState,
  { scopes: required = [], optionalScopes: optional = [] }: TestHostOptions<C>,
): TestScopes {
  return {
    get current() {
      return { granted: issuer.session.current?.scopes ?? [], required, optional };
    },
    grant: (scopes) => issuer.update({ scopes: [...issuer.signedIn().scopes, ...scopes] }),
  };
}

function switchTenant({ issuer }: Parts, tenantId: string): void {
  if (!issuer.session.current) throw new BridgeError("SIGNED_OUT", "Nobody is signed in.");
  issuer.update({ tenantId });
}

/** Every capability that the contract names, and those of the host's page. */
function capabilitiesOf({ methods = {}, events = {} }: Contract = {}): readonly string[] {
  const named = [...Object.values(methods), ...Object.values(events).map(eventDefinition)];
  const contracted = named.flatMap(({ capability }) => capability ?? []);
  return [...new Set([...contracted, ...Object.values(SURFACE_CAPABILITIES)])];
}
