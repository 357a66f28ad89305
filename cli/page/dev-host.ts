/** The host that the page shows the app with, and what its buttons do. */
import { createHost, type Host, type HostOptions, type RegisteredApp } from "@breezeway/host";
import { createHostUi } from "@breezeway/host/element";
import { BridgeError, isBuiltInMethod, isMethodName, isRecord } from "@breezeway/shared";
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
  /** What is wrong with the file of methods. */
  readonly problems: readonly Finding[];
  /** Errors that nobody waits for, such as one thrown by a method of the file. */
  onError: (error: unknown) => void;
  signIn(who: Identity): Promise<void>;
  signOut(): Promise<void>;
  /** Ends the session on the server; the page hears of it as it would from another machine. */
  revoke(): Promise<void>;
  /** Why the frame might stay empty, by what the app's server answers. */
  inspect(): Promise<readonly Finding[]>;
}

export interface Identity {
  readonly userId: string;
  readonly tenantId: string;
}

// Who has signed out wants to see the app so, also after a reload.
const SIGNED_OUT = "breezeway-dev-signed-out";
const METHODS_URL: string = PATHS.methods;
const OWN_REQUEST = { "x-breezeway-request": "1" };

export async function createDevHost(config: PageConfig): Promise<DevHost> {
  const app = parseManifest(config.app);
  const { methods, problems } = config.hasMethods ? await loadMethods() : NO_METHODS;
  const scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const ui = createHostUi();
  const host = createHost({
    issuerUrl: ISSUER_PATH,
    apps: [app],
    methods,
    context: {},
    theme: { scheme },
    locale: navigator.language,
    ...(config.gatewayUrl === undefined ? {} : { gatewayUrl: config.gatewayUrl }),
    ui,
    // There is no other place here: it says where a host would go.
    onNavigate: ({ path }, source) =>
      ui.showToast({ app: source.app, text: `navigate: ${path}`, tone: "info" }),
    onError: (error) => dev.onError(error),
  });
  const dev: DevHost = {
    host,
    app,
    config,
    problems,
    onError: () => undefined,
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
          { title: "breezeway dev is not running.", hint: "Start it again in the terminal." },
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
  if (!ok) throw new BridgeError("DENIED", `${url} answers ${status}.`);
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
    return badMethods(`The browser says: ${String(error)}`);
  }
  const listed = module.default;
  if (!isRecord(listed)) {
    return badMethods(
      "Its default export must be an object: export default { getCustomer: () => 7 }",
    );
  }
  const wrong = Object.keys(listed).find((name) => !isMethodName(name) || isBuiltInMethod(name));
  if (wrong !== undefined) {
    return badMethods(
      `${JSON.stringify(wrong)} is not a free name for a method: letters and digits.`,
    );
  }
  const entries = Object.entries(listed).map(([name, value]) => [name, answerWith(value)] as const);
  return { methods: Object.fromEntries(entries), problems: [] };
}

/** A function answers itself, any other value is the answer. */
function answerWith(value: unknown): (...args: readonly unknown[]) => unknown {
  return typeof value === "function"
    ? function (this: unknown, ...args) {
        return Reflect.apply(value, this, args);
      }
    : () => value;
}

function badMethods(hint: string): LoadedMethods {
  return { methods: {}, problems: [{ title: "The file of --methods cannot be used.", hint }] };
}
