/** The bar above the app: the session, and the theme, locale and context of the host. */
import type { MountState, SessionSummary } from "@breezeway/host";
import {
  css,
  html,
  LitElement,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from "lit";
import type { DevHost, Identity } from "./dev-host.ts";
import { controls } from "./styles.ts";

const STATES: Readonly<Record<MountState, string>> = {
  connecting: "Connecting",
  connected: "Connected",
  lost: "Not connected",
  closed: "Closed",
};

/**
 * @fires dev-reload Requests a reload of the app.
 * @fires dev-context Requests the dialog for the context.
 * @fires dev-problem Reports the end of an action. `detail` is the error, or `null` after success.
 */
export class DevToolbar extends LitElement {
  static override readonly properties: PropertyDeclarations = {
    dev: { attribute: false },
    mountState: { attribute: false },
    session: { state: true },
    scheme: { state: true },
    locale: { state: true },
    chosen: { state: true },
  };

  declare dev: DevHost;
  declare mountState: MountState;
  declare session: SessionSummary | null;
  declare scheme: "light" | "dark";
  declare locale: string;
  /** The identity of the next sign-in. */
  declare chosen: Identity;

  override connectedCallback(): void {
    super.connectedCallback();
    const { host, config } = this.dev;
    this.chosen = { userId: config.users[0] ?? "", tenantId: config.tenants[0] ?? "" };
    host.session.subscribe((session) => {
      this.session = session;
      if (session) this.chosen = { userId: session.userId, tenantId: session.tenantId };
    });
    host.theme.subscribe(({ scheme }) => (this.scheme = scheme));
    host.locale.subscribe((locale) => (this.locale = locale));
  }

  protected override render(): TemplateResult {
    const { app } = this.dev;
    return html`<header>
      <div class="app">
        <span class="state ${this.mountState}" role="status">${STATES[this.mountState]}</span>
        <h1>${app.name}</h1>
        <span class="mono muted origin">${app.origin}</span>
      </div>
      <div class="group" role="group" aria-label="Session">${this.#session()}</div>
      <div class="group" role="group" aria-label="Host">
        <label>
          <span>Locale</span>
          <input
            class="locale"
            .value=${this.locale}
            spellcheck="false"
            @change=${(event: Event) => this.#setLocale(event.target as HTMLInputElement)}
          />
        </label>
        <button type="button" @click=${() => this.#toggleScheme()}>
          ${this.scheme === "dark" ? "Light theme" : "Dark theme"}
        </button>
        <button type="button" @click=${() => this.#announce("dev-context")}>Context</button>
        <button type="button" @click=${() => this.#announce("dev-reload")}>Reload app</button>
      </div>
    </header>`;
  }

  #session(): TemplateResult {
    const { users, tenants } = this.dev.config;
    const { userId, tenantId } = this.chosen;
    return html`
      ${choice("User", users, userId, (id) => this.#choose({ userId: id, tenantId }))}
      ${choice("Tenant", tenants, tenantId, (id) => this.#choose({ userId, tenantId: id }))}
      ${
        this.session
          ? html`<button type="button" @click=${() => this.#do(() => this.dev.signOut())}>
                Sign out
              </button>
              <button type="button" @click=${() => this.#do(() => this.dev.revoke())}>
                Revoke session
              </button>`
          : html`<button
              type="button"
              class="primary"
              @click=${() => this.#do(() => this.dev.signIn(this.chosen))}
            >
              Sign in
            </button>`
      }
    `;
  }

  #choose(who: Identity): void {
    const { session } = this;
    this.chosen = who;
    if (!session) return;
    const isSamePerson = session.userId === who.userId;
    this.#do(() =>
      isSamePerson ? this.dev.host.session.switchTenant(who.tenantId) : this.dev.signIn(who),
    );
  }

  #setLocale(input: HTMLInputElement): void {
    try {
      this.dev.host.locale.set(new Intl.Locale(input.value.trim()).toString());
    } catch {
      input.value = this.locale;
      this.#announce("dev-problem", "Locale: must be a BCP 47 tag, such as en or pt-BR.");
    }
  }

  #toggleScheme(): void {
    this.dev.chooseScheme(this.scheme === "dark" ? "light" : "dark");
  }

  #do(action: () => Promise<void>): void {
    action().then(
      () => this.#announce("dev-problem", null),
      (error: unknown) => {
        this.#announce("dev-problem", error instanceof Error ? error.message : String(error));
      },
    );
  }

  #announce(type: string, detail: string | null = null): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  static override readonly styles: CSSResultGroup = [
    controls,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 16px;
        padding: 6px 12px;
        border-block-end: 1px solid var(--border);
        background: var(--bg-sunken);
      }
      .app {
        display: flex;
        flex: 1 1 18rem;
        align-items: center;
        gap: 8px;
        min-inline-size: 0;
      }
      h1,
      .origin {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      h1 {
        flex: none;
        max-inline-size: 16rem;
        font-weight: 600;
      }
      .state {
        display: inline-flex;
        flex: none;
        align-items: center;
        gap: 6px;
        color: var(--amber);
        font-weight: 600;
      }
      .state::before {
        content: "";
        inline-size: 8px;
        block-size: 8px;
        border-radius: 50%;
        background: currentColor;
      }
      .connected {
        color: var(--accent);
      }
      .lost {
        color: var(--red);
      }
      .group {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
      }
      label {
        display: flex;
        align-items: center;
        gap: 6px;
      }
      label > span {
        color: var(--text-muted);
      }
      select {
        max-inline-size: 10rem;
      }
      .locale {
        inline-size: 5rem;
      }
    `,
  ];
}

function choice(
  label: string,
  names: readonly string[],
  chosen: string,
  choose: (name: string) => void,
): TemplateResult {
  return html`<label>
    <span>${label}</span>
    <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      ${names.map((name) => html`<option .value=${name} .selected=${name === chosen}>${name}</option>`)}
    </select>
  </label>`;
}
