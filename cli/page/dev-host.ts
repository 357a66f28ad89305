/** The host of the page, and the actions of its buttons. */
import { createHost, type Host, type HostOptions, type RegisteredApp } from "@breezeway/host";
import { createHostUi } from "@breezeway/host/element";
import { BridgeError, isBuiltInMethod, isName, isRecord } from "@breezeway/shared";
import { parseManifest, parseWith } from "@breezeway/shared/schemas";
import {
  findingsSchema,
  ISSUER_PATH,
  PATHS,
  type Finding,
  type PageConfig,
} from "../src/dev/page-config.ts";

export interface DevHost {
  readonly host: Host;
  readonly app: RegisteredApp;
  readonly config: PageConfig;
  /** Problems of the `--methods` file. */
  readonly problems: readonly Finding[];
  /** Subscribes to errors that no caller receives, such as one that a method of the file throws. */
  onError(listener: (error: unknown) => void): void;
  /** Sets the theme and stops following the system's colour scheme. */
  chooseScheme(scheme: "light" | "dark"): void;
  signIn(who: Identity): Promise<void>;
  signOut(): Promise<void>;
  /** Revokes the session on the server. The page is notified as if another machine had done it. */
  revoke(): Promise<void>;
  /** Returns the reasons why the frame stays empty, from the answer of the app's server. */
  inspect(): Promise<readonly Finding[]>;
}

export interface Identity {
  readonly userId: string;
  readonly tenantId: string;
}

// Remembers a sign-out, so that a reload does not sign in again.
const SIGNED_OUT = "breezeway-dev-signed-out";
const METHODS_URL: string = PATHS.methods;
const OWN_REQUEST = { "x-breezeway-request": "1" };

export async function createDevHost(config: PageConfig): Promise<DevHost> {
  const app = parseManifest(config.app);
  const { methods, problems } = config.hasMethods ? await loadMethods() : NO_METHODS;
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const ui = createHostUi();
  const errorListeners = new Set<(error: unknown) => void>();
  const host = createHost({
    issuerUrl: ISSUER_PATH,
    apps: [app],
    methods,
    context: {},
    theme: { scheme: systemIsDark.matches ? "dark" : "light" },
    locale: navigator.language,
    ...(config.gatewayUrl === undefined ? {} : { gatewayUrl: config.gatewayUrl }),
    ui,
    // This page has no other app to open, so it shows the path.
    onNavigate: ({ path }, source) =>
      ui.showToast({ app: source.app, text: `navigate: ${path}`, tone: "info" }),
    onError: (error) => {
      for (const listener of errorListeners) listener(error);
    },
  });
  const chosen = new AbortController();
  systemIsDark.addEventListener(
    "change",
    ({ matches }) => host.theme.set({ scheme: matches ? "dark" : "light" }),
    { signal: chosen.signal },
  );
  const dev: DevHost = {
    host,
    app,
    config,
    problems,
    onError: (listener) => void errorListeners.add(listener),
    chooseScheme(scheme) {
      chosen.abort();
      host.theme.set({ scheme });
    },
    async signIn(who) {
      await post(`${ISSUER_PATH}/login/dev`, who);
      sessionStorage.removeItem(SIGNED_OUT);
      await host.session.reload();
    },
    async signOut() {
      sessionStorage.setItem(SIGNED_OUT, "1");
      await host.session.signOut();
    },
    revoke: () => post(PATHS.revoke),
    async inspect() {
      try {
        const answer = await fetch(PATHS.inspect);
        return parseWith(findingsSchema, await answer.json(), {
          code: "UPSTREAM_INVALID",
          source: PATHS.inspect,
        });
      } catch {
        return [
          {
            title: "The command breezeway dev has stopped.",
            hint: "Start it again in the terminal.",
          },
        ];
      }
    },
  };
  await host.session.ready;
  const [userId, tenantId] = [config.users[0], config.tenants[0]];
  const isNobody = host.session.current === null && sessionStorage.getItem(SIGNED_OUT) === null;
  if (isNobody && userId !== undefined && tenantId !== undefined) {
    await dev.signIn({ userId, tenantId });
  }
  return dev;
}

async function post(url: string, body?: object): Promise<void> {
  const { ok, status } = await fetch(url, {
    method: "POST",
    headers: { ...OWN_REQUEST, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!ok) throw new BridgeError("DENIED", `${url} answered with status ${status}.`);
}

interface LoadedMethods {
  readonly methods: NonNullable<HostOptions["methods"]>;
  readonly problems: readonly Finding[];
}

const NO_METHODS: LoadedMethods = { methods: {}, problems: [] };

async function loadMethods(): Promise<LoadedMethods> {
  let module: { readonly default?: unknown };
  try {
    module = await import(METHODS_URL);
  } catch (error) {
    return badMethods(`The browser reports: ${String(error)}`);
  }
  const listed = module.default;
  if (!isRecord(listed)) {
    return badMethods(
      "The default export must be an object of methods: export default { getCustomer: () => 7 }",
    );
  }
  const wrong = Object.keys(listed).find((name) => !isName(name) || isBuiltInMethod(name));
  if (wrong !== undefined) {
    return badMethods(
      `${JSON.stringify(wrong)} must be a name of letters and digits that no built-in method has.`,
    );
  }
  const entries = Object.entries(listed).map(([name, value]) => [name, answerWith(value)] as const);
  return { methods: Object.fromEntries(entries), problems: [] };
}

/** A function answers calls itself. Any other value is the answer. */
function answerWith(value: unknown): (...args: readonly unknown[]) => unknown {
  return typeof value === "function"
    ? function (this: unknown, ...args) {
        return Reflect.apply(value, this, args);
      }
    : () => value;
}

function badMethods(hint: string): LoadedMethods {
  return { methods: {}, problems: [{ title: "The --methods file cannot be used.", hint }] };
}
