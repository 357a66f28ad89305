/** One app in one host page, driven by the test. */
import {
  BridgeError,
  checkArgs,
  checkPayload,
  checkResult,
  createContractGuard,
  originOf,
  type AnyContract,
  type Contract,
  type ContractGuard,
  type ErrorCode,
} from "@breezeway/shared";
import type { ManifestInput } from "@breezeway/shared/schemas";
import type { Page } from "@playwright/test";
import {
  createPageAnswers,
  type AnyMethod,
  type PageAnswers,
  type PageRecord,
} from "./answer-page.ts";
import { pageContract } from "./page-contract.ts";
// Declares the globals of the page, for the functions below that run in it.
import type { HostPage } from "./page/host-page.ts";
import type { PageMessage } from "./page/setup.ts";
import { serveGuest, serveHost, type HostSite, type Site } from "./sites.ts";
import type { EmbeddedApp, EmbedOptions, HtmlGuest, SignedInUser } from "./types.ts";

export interface OpenEmbed<C extends Contract> {
  readonly app: EmbeddedApp<C>;
  close(): Promise<void>;
}

export interface EmbedPlace {
  readonly page: Page;
  readonly hostPort: number;
}

export async function openEmbed<C extends Contract = AnyContract>(
  guest: string | HtmlGuest,
  options: EmbedOptions<C>,
  { page, hostPort }: EmbedPlace,
): Promise<OpenEmbed<C>> {
  const sites: Site[] = [];
  const close = async (): Promise<void> => {
    for (const site of sites) await site.close();
  };
  try {
    let hostOrigin = "";
    const own = typeof guest === "string" ? undefined : await serveGuest(guest, () => hostOrigin);
    if (own) sites.push(own);
    const manifest: ManifestInput = {
      id: "app-under-test",
      name: "App under test",
      version: "1.0.0",
      ...options.manifest,
      url: typeof guest === "string" ? guest : `${own?.origin}/`,
    };
    const host = await serveHost({
      port: hostPort,
      manifest,
      tokenTtlSeconds: options.tokenTtlSeconds,
    });
    sites.push(host);
    hostOrigin = host.origin;
    const app = await startApp({ page, host, manifest }, options);
    return { app: app as EmbeddedApp<C>, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface AppDeps {
  readonly page: Page;
  readonly host: HostSite;
  readonly manifest: ManifestInput;
}

/** The parts that the members of an {@link EmbeddedApp} use. */
interface AppParts extends AppDeps {
  readonly guard: ContractGuard;
  readonly answers: PageAnswers;
  readonly sessions: UserSessions;
}

interface UserSessions {
  /** Signs this user in with the next load of the sign-in page. */
  admit(user: SignedInUser): Promise<void>;
  revoke(): Promise<void>;
}

async function startApp<C extends Contract>(
  deps: AppDeps,
  options: EmbedOptions<C>,
): Promise<EmbeddedApp> {
  const { page, host, manifest } = deps;
  const guard = createContractGuard(options.contract, () => true);
  const methods = new Map(Object.entries((options.methods ?? {}) as Record<string, AnyMethod>));
  const answers = createPageAnswers(guard, methods);
  const sessions = createUserSessions(host);

  await page.exposeBinding("breezewayTest", ({ frame }, message: PageMessage) => {
    // Playwright defines the function in every frame, including the guest's.
    if (frame !== page.mainFrame())
      throw new Error("breezewayTest: only the host page may call it.");
    return answers.answer(message);
  });
  if (options.user !== null) await sessions.admit(options.user ?? {});
  await page.goto(`${host.origin}/${options.user === null ? "" : "sign-in"}`);
  await page.evaluate((setup) => window.breezewayPage.start(setup), {
    manifest,
    contract: pageContract(options.contract),
    methods: [...methods.keys()],
    topics: options.topics ?? Object.keys(options.contract?.events ?? {}),
    context: options.context,
    theme: options.theme ?? { scheme: "light" as const },
    locale: options.locale ?? "en",
    gatewayUrl: options.gatewayUrl,
    path: options.path,
  });
  if (options.waitFor !== "mounted") await connected(page);
  const parts = { ...deps, guard, answers, sessions };
  return { ...viewOf(parts), ...trafficOf(parts), ...controlsOf(parts) };
}

function createUserSessions(host: HostSite): UserSessions {
  let handle: string | undefined;
  return {
    async admit(user) {
      handle = await host.admit(user);
    },
    async revoke() {
      if (handle !== undefined) await host.issuer.sessions.revoke(handle);
    },
  };
}

function connected(page: Page): Promise<void> {
  return page.evaluate(() => window.breezewayPage.connected());
}

type View = "page" | "frame" | "modal" | "hostOrigin" | "guestOrigin" | "issuerUrl" | "state";
type Traffic = keyof PageRecord | "publish" | "waitForEvent" | "call";

function viewOf({ page, host, manifest }: AppParts): Pick<EmbeddedApp, View> {
  return {
    page,
    frame: page.frameLocator("body > iframe"),
    modal: page.frameLocator("breezeway-ui iframe"),
    hostOrigin: host.origin,
    guestOrigin: originOf(manifest.url) ?? "",
    issuerUrl: host.issuer.url,
    state: () => page.evaluate(() => window.breezewayPage.mount.state),
  };
}

/** Calls and events between the test and the guest. */
function trafficOf({ page, guard, answers }: AppParts): Pick<EmbeddedApp, Traffic> {
  return {
    ...answers.record,
    async publish(topic, payload) {
      await checkPayload(topic, guard.topic(topic), payload);
      await page.evaluate(([name, value]) => window.breezewayPage.host.event.publish(name, value), [
        topic,
        payload,
      ] as const);
    },
    async waitForEvent(topic) {
      guard.topic(topic);
      return answers.inbox.take(topic);
    },
    async call(name, ...args) {
      const definition = guard.method(name, "guestMethods");
      await checkArgs(name, definition, args);
      const answer = await page.evaluate(
        ([method, given]) => window.breezewayPage.callGuest(method, given),
        [name, args] as const,
      );
      // Playwright keeps only the message of an error, so the code travels in the answer.
      if (!answer.ok) throw new BridgeError(answer.code as ErrorCode, answer.message);
      return checkResult(name, definition, answer.value);
    },
  };
}

/** Changes that the test makes in the host. */
function controlsOf({ page, sessions }: AppParts): Omit<EmbeddedApp, View | Traffic> {
  return {
    setContext: (value) =>
      page.evaluate((context) => window.breezewayPage.host.context.set(context), value),
    setTheme: (value) =>
      page.evaluate((theme) => window.breezewayPage.host.theme.set(theme), value),
    setLocale: (value) =>
      page.evaluate((locale) => window.breezewayPage.host.locale.set(locale), value),
    async signIn(user = {}) {
      await sessions.admit(user);
      await page.evaluate(async () => {
        await fetch("/sign-in");
        await window.breezewayPage.host.session.reload();
      });
    },
    signOut: () => page.evaluate(() => window.breezewayPage.host.session.signOut()),
    switchTenant: (tenant) =>
      page.evaluate((id) => window.breezewayPage.host.session.switchTenant(id), tenant),
    revoke: () => sessions.revoke(),
    async reload() {
      await page.evaluate(() => window.breezewayPage.mount.reload());
      await connected(page);
    },
  };
}

export type { HostPage };
