/**
 * The shell's root element. It holds the session, the current page and the selected customer, and it owns
 * the host. Child elements get their state as properties and report back with events.
 */
import { BridgeError, type NavigationTarget } from "@breezeway/host";
import { html, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { Compass } from "lucide";
import type { Unsubscribe } from "./platform-host.ts";
import { describeProblem } from "../ui/describe-problem.ts";
import { LightElement } from "../ui/light-element.ts";
import { message, trouble } from "../ui/message.ts";
import {
  followSystem,
  initialScheme,
  rememberScheme,
  showScheme,
  type Scheme,
} from "./appearance.ts";
import type { CustomersState } from "./customers-view.ts";
import { loadCustomers } from "./load-customers.ts";
import type { PageData } from "./page-data.ts";
import { createPlatformHost, type PlatformHost, type ShellSession } from "./platform-host.ts";
import { parseRoute, pathOf, type Route } from "./route.ts";
import type { SidebarApp } from "./sidebar.ts";
import type { SignInDetail } from "./sign-in.ts";
import type { ShellToasts } from "./toasts.ts";

export class PorchlightShell extends LightElement {
  static override properties = {
    data: { attribute: false },
    session: { state: true },
    isUnreachable: { state: true },
    route: { state: true },
    scheme: { state: true },
    customers: { state: true },
    signInBusy: { state: true },
    signInProblem: { state: true },
    signInNotice: { state: true },
  };

  declare data: PageData;
  /** `undefined` until the issuer has answered, and `null` when nobody is signed in. */
  declare session: ShellSession | null | undefined;
  /** Whether the first session request failed. The host keeps trying. */
  declare isUnreachable: boolean;
  declare route: Route;
  declare scheme: Scheme;
  declare customers: CustomersState;
  declare signInBusy: boolean;
  declare signInProblem: string | undefined;
  declare signInNotice: string | undefined;

  #host: PlatformHost | undefined;
  #unsubscribe: Unsubscribe | undefined;
  #leaving = false;
  #loading: AbortController | undefined;
  #cleanup: AbortController | undefined;

  constructor() {
    super();
    this.session = undefined;
    this.isUnreachable = false;
    this.route = parseRoute(location.pathname);
    this.scheme = initialScheme();
    this.customers = { is: "loading" };
    this.signInBusy = false;
    showScheme(this.scheme);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#cleanup = new AbortController();
    const { signal } = this.#cleanup;
    window.addEventListener("popstate", () => this.#follow(), { signal });
    this.addEventListener("click", (event) => this.#onLink(event), { signal });
    followSystem((scheme) => this.#setScheme(scheme), signal);
    this.#host = createPlatformHost(this.data, {
      scheme: this.scheme,
      currentCustomerId: () => this.#selectedCustomerId() ?? null,
      openCustomer: (customerId) => this.#go({ name: "customers", customerId }),
      navigate: (target) => this.#navigate(target),
    });
    const ends = [
      this.#host.subscribeSession((session) => this.#onSession(session)),
      this.#host.subscribeApps(() => this.#onApps()),
    ];
    this.#unsubscribe = () => {
      for (const end of ends) end();
    };
    void this.#host.ready.then(() => (this.isUnreachable = this.session === undefined));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#cleanup?.abort();
    this.#loading?.abort();
    this.#unsubscribe?.();
    this.#host?.close();
  }

  override render(): TemplateResult {
    if (this.session === undefined) return this.#beforeAnswer();
    if (this.session === null) {
      return html`<shell-sign-in
        .data=${this.data}
        .notice=${this.signInNotice}
        .busy=${this.signInBusy}
        .problem=${this.signInProblem}
        @shell-sign-in=${(event: CustomEvent<SignInDetail>) => void this.#signIn(event.detail)}
      ></shell-sign-in>`;
    }
    const { userId, tenantId, tenants } = this.session;
    const person = this.data.people.find(({ id }) => id === userId);
    return html`<div class="layout">
        <a class="button skip-link" href="#page" @click=${(event: MouseEvent) => this.#skip(event)}
          >Skip to the page</a
        >
        <shell-sidebar
          role="banner"
          .route=${this.route}
          .apps=${this.#menuApps()}
          .tenants=${tenants.map((id) => ({ id, name: this.data.tenantNames[id] ?? id }))}
          .tenantId=${tenantId}
          .person=${{ name: person?.name ?? userId, title: person?.title ?? "" }}
          .scheme=${this.scheme}
          @shell-tenant=${(event: CustomEvent<string>) => void this.#switchTenant(event.detail)}
          @shell-scheme=${() => this.#toggleScheme()}
          @shell-sign-out=${() => void this.#signOut()}
        ></shell-sidebar>
        <main id="page" tabindex="-1">${this.#page()}</main>
      </div>
      <shell-toasts></shell-toasts>`;
  }

  #beforeAnswer(): TemplateResult {
    if (!this.isUnreachable) return html`<main aria-busy="true"></main>`;
    const retry = html`<button class="button" @click=${() => this.#host?.recheckSession()}>
      Try again
    </button>`;
    return html`<main>
      ${trouble(describeProblem("offline"), { isPage: true, actions: retry })}
    </main>`;
  }

  #page(): TemplateResult {
    const { route } = this;
    if (route.name === "unknown") {
      return message({
        symbol: Compass,
        title: "There is nothing at this address",
        text: "The link may be outdated or mistyped.",
        isPage: true,
        actions: html`<a class="button" href="/customers">Go to customers</a>`,
      });
    }
    if (route.name === "app") {
      const place = this.#host?.placements("menu").find(({ app }) => app.id === route.appId);
      if (this.#host?.hasApps !== true) return html`<div aria-busy="true"></div>`;
      if (place === undefined) {
        return this.#noPage(route.appId);
      }
      // Each app has its own element, so one app never gets the frame of another.
      return html`${keyed(
        route.appId,
        html`<shell-app
          .place=${place}
          .path=${route.path}
          .host=${this.#host}
          @shell-path=${(event: CustomEvent<string>) => this.#onAppPath(route.appId, event.detail)}
        ></shell-app>`,
      )}`;
    }
    return html`<shell-customers
      .state=${this.customers}
      .selectedId=${route.customerId}
      .panes=${this.#panes()}
      @shell-retry=${() => void this.#loadCustomers()}
    ></shell-customers>`;
  }

  #noPage(appId: string): TemplateResult {
    const isInstalled = this.#host?.host.apps.get(appId) !== undefined;
    const problem = describeProblem(isInstalled ? "route-unknown" : "app-unknown");
    const title = isInstalled ? "This app has no page" : `There is no app called “${appId}”`;
    const text = isInstalled
      ? "This app appears beside the records that it belongs to."
      : problem.text;
    return trouble(
      { ...problem, title, text },
      { isPage: true, actions: html`<a class="button" href="/customers">Go to customers</a>` },
    );
  }

  /** Renders the apps whose manifest has a pane for customers. */
  #panes(): unknown {
    return (this.#host?.placements("pane", "customer") ?? []).map(
      (place) => html`<shell-pane .place=${place} .host=${this.#host}></shell-pane>`,
    );
  }

  #menuApps(): readonly SidebarApp[] {
    return (this.#host?.placements("menu") ?? []).map(({ app, label, icon }) => ({
      id: app.id,
      label,
      icon,
    }));
  }

  #selectedCustomerId(): string | undefined {
    return this.route.name === "customers" ? this.route.customerId : undefined;
  }

  // Session ------------------------------------------------------------------------------------

  #onSession(session: ShellSession | null | undefined): void {
    const before = this.session;
    this.session = session;
    if (session === undefined) return;
    if (session === null) {
      this.#loading?.abort();
      this.customers = { is: "loading" };
      this.signInNotice = before && !this.#leaving ? "session-expired" : undefined;
      document.title = "Sign in · Porchlight";
      return;
    }
    this.#leaving = false;
    this.#announceRoute();
    if (before?.tenantId !== session.tenantId) void this.#loadCustomers();
  }

  #onApps(): void {
    this.requestUpdate();
    // The title names the app, and may have waited for it.
    if (this.session) this.#announceRoute();
  }

  async #signIn(detail: SignInDetail): Promise<void> {
    this.signInBusy = true;
    this.signInProblem = undefined;
    this.signInProblem = await this.#host?.signIn(detail);
    this.signInBusy = false;
  }

  async #signOut(): Promise<void> {
    this.#leaving = true;
    this.signInProblem = undefined;
    await this.#host?.signOut();
    history.replaceState(null, "", "/");
    this.route = parseRoute("/");
  }

  async #switchTenant(tenantId: string): Promise<void> {
    if (tenantId === this.session?.tenantId) return;
    // A customer id of one workspace names another customer in the next one.
    if (this.#selectedCustomerId() !== undefined)
      this.#go({ name: "customers", customerId: undefined });
    this.customers = { is: "loading" };
    const problem = await this.#host?.switchTenant(tenantId);
    if (problem === undefined) return;
    this.querySelector<ShellToasts>("shell-toasts")?.show(
      "Porchlight",
      describeProblem(problem).title,
    );
    void this.#loadCustomers();
  }

  async #loadCustomers(): Promise<void> {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.customers = { is: "loading" };
    const state = await loadCustomers(signal);
    if (signal.aborted) return;
    this.customers = state;
    if (state.is === "failed" && state.problem.action === "sign-in") this.#host?.recheckSession();
  }

  // Navigation ---------------------------------------------------------------------------------

  #onLink(event: MouseEvent): void {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!isPlain || link === undefined || link.origin !== location.origin || link.hash !== "")
      return;
    event.preventDefault();
    if (link.pathname !== location.pathname) history.pushState(null, "", link.pathname);
    this.#follow();
  }

  #navigate(target: NavigationTarget): void {
    const { pathname } = new URL(target.path, location.origin);
    const route: Route =
      target.to === "host"
        ? parseRoute(pathname)
        : { name: "app", appId: target.app.id, path: pathname };
    if (route.name === "unknown") {
      throw new BridgeError(
        "SURFACE_REFUSED",
        "navigate: path: the shell has no page at this path.",
      );
    }
    // Through the shell's own path an app could avoid the capability that opening other apps requires.
    if (target.to === "host" && route.name === "app") {
      throw new BridgeError(
        "SURFACE_REFUSED",
        "navigate: path: must not lead to an app. Pass the option app instead.",
      );
    }
    this.#go(route, target.replace);
  }

  /** Puts the app's own path into the address, so that a reload opens the same page. */
  #onAppPath(appId: string, path: string): void {
    const { pathname } = new URL(path, location.origin);
    history.replaceState(null, "", pathOf({ name: "app", appId, path: pathname }));
    this.route = parseRoute(location.pathname);
  }

  #go(route: Exclude<Route, { name: "unknown" }>, isReplacing = false): void {
    if (isReplacing) history.replaceState(null, "", pathOf(route));
    else history.pushState(null, "", pathOf(route));
    this.#follow();
  }

  #follow(): void {
    const before = this.route;
    this.route = parseRoute(location.pathname);
    this.#announceRoute();
    const isNewPage =
      before.name !== this.route.name ||
      (before.name === "app" && this.route.name === "app" && before.appId !== this.route.appId);
    if (isNewPage) {
      // The heading gets the focus, so a screen reader starts there, as after a page load.
      void this.updateComplete.then(() => this.querySelector<HTMLElement>("main h1")?.focus());
    }
  }

  #announceRoute(): void {
    this.#host?.customerChanged(this.#selectedCustomerId() ?? null);
    const { route } = this;
    const app = route.name === "app" ? this.#host?.host.apps.get(route.appId) : undefined;
    document.title = `${app?.name ?? (route.name === "customers" ? "Customers" : "Not found")} · Porchlight`;
  }

  #skip(event: MouseEvent): void {
    event.preventDefault();
    this.querySelector<HTMLElement>("#page")?.focus();
  }

  #setScheme(scheme: Scheme): void {
    this.scheme = scheme;
    showScheme(scheme);
    this.#host?.setScheme(scheme);
  }

  #toggleScheme(): void {
    this.#setScheme(this.scheme === "dark" ? "light" : "dark");
    rememberScheme(this.scheme);
  }
}
