/** The host page: a real host whose methods the test answers. */
import { BridgeError, createHost, type Contract, type Host, type Mount } from "@breezeway/host";
import { createHostUi } from "@breezeway/host/element";
import type { CallAnswer, PageContract, PageMessage, PageSetup } from "./setup.ts";

export interface HostPage {
  start(setup: PageSetup): void;
  readonly host: Host;
  readonly mount: Mount;
  callGuest(method: string, args: readonly unknown[]): Promise<CallAnswer>;
  /** Resolves when the guest is connected. Rejects with the mount's error when it is lost. */
  connected(): Promise<void>;
}

declare global {
  interface Window {
    breezewayPage: HostPage;
    /** Sends a message to the test. Playwright defines this function. */
    breezewayTest: (message: PageMessage) => Promise<unknown>;
  }
}

/** A Standard Schema that accepts any value, since the test checks values itself. */
const anything = {
  "~standard": {
    version: 1,
    vendor: "breezeway",
    validate: (value: unknown) => ({ value }),
  },
} as NonNullable<NonNullable<Contract["methods"]>[string]["args"]>;

let host: Host | undefined;
let mount: Mount | undefined;

const started = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("The host page was not started.");
  return value;
};

const notify = (message: PageMessage): void => {
  // While the page closes, the test no longer receives messages.
  window.breezewayTest(message).catch(() => undefined);
};

window.breezewayPage = {
  get host() {
    return started(host);
  },
  get mount() {
    return started(mount);
  },
  start(setup) {
    const contract = setup.contract && contractOf(setup.contract);
    host = createHost({
      issuerUrl: "/auth",
      apps: [setup.manifest],
      context: setup.context,
      theme: setup.theme,
      locale: setup.locale,
      methods: Object.fromEntries(setup.methods.map((name) => [name, methodOf(name)])),
      ui: createHostUi(),
      onNavigate(to) {
        const { path, replace } = to;
        const app = to.to === "app" ? to.app.id : undefined;
        notify({ type: "navigation", target: { app, path, replace } });
      },
      onSetupCompleted: (_app, result) => notify({ type: "setup", result }),
      onError: (error) => notify({ type: "error", text: String(error) }),
      ...(contract ? { contract } : {}),
      ...(setup.gatewayUrl === undefined ? {} : { gatewayUrl: setup.gatewayUrl }),
    });
    for (const topic of setup.topics) {
      host.event.subscribe(topic, (payload) => notify({ type: "event", topic, payload }));
    }
    mount = host.mount(setup.manifest.id, {
      container: document.body,
      ...(setup.path === undefined ? {} : { path: setup.path }),
      onPathChange: (path) => notify({ type: "path", path }),
    });
  },
  async callGuest(method, args) {
    try {
      return { ok: true, value: await started(mount).call(method, ...args) };
    } catch (error) {
      if (!BridgeError.is(error)) throw error;
      return { ok: false, code: error.code, message: error.message };
    }
  },
  connected() {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watched = started(mount);
    const stop = watched.subscribeState((state) => {
      if (state === "connected") resolve();
      else if (state !== "connecting") reject(watched.error ?? new Error(`The guest is ${state}.`));
    });
    return promise.finally(() => stop());
  },
};

function methodOf(method: string) {
  return async (...args: readonly unknown[]): Promise<unknown> => {
    const answer = (await window.breezewayTest({ type: "call", method, args })) as CallAnswer;
    if (answer.ok) return answer.value;
    throw new BridgeError(answer.code as BridgeError["code"], answer.message);
  };
}

function contractOf({ methods, events, guestMethods }: PageContract): Contract {
  const open = (name: string) => [name, { args: anything, returns: anything }] as const;
  return {
    ...(methods && {
      methods: Object.fromEntries(
        Object.entries(methods).map(([name, own]) => [name, { ...open(name)[1], ...own }]),
      ),
    }),
    ...(events && {
      events: Object.fromEntries(
        Object.entries(events).map(([topic, own]) => [topic, { payload: anything, ...own }]),
      ),
    }),
    ...(guestMethods && { guestMethods: Object.fromEntries(guestMethods.map(open)) }),
  };
}
