/** The whole page: the bar, notices, the app, and its messages. */
import type { MountState, TapEvent } from "@breezeway/host";
import type { AppStateDetail } from "@breezeway/host/element";
import {
  css,
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from "lit";
import type { Finding } from "../src/dev/page-config.ts";
import type { DevContextDialog } from "./context-dialog.ts";
import type { DevHost } from "./dev-host.ts";
import { controls } from "./styles.ts";
import { addEvent, type TimelineRow } from "./timeline.ts";

export class DevShell extends LitElement {
  static override readonly properties: PropertyDeclarations = {
    dev: { attribute: false },
    mountState: { state: true },
    rows: { state: true },
    findings: { state: true },
    problem: { state: true },
    thrown: { state: true },
  };

  declare dev: DevHost;
  declare mountState: MountState;
  declare rows: readonly TimelineRow[];
  /** The reasons why the app does not connect. */
  declare findings: readonly Finding[];
  /** The error of the last action. */
  declare problem: string | null;
  /** The last error that a method of the file threw. */
  declare thrown: string | undefined;

  constructor() {
    super();
    this.mountState = "connecting";
    this.rows = [];
    this.findings = [];
    this.problem = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const { host } = this.dev;
    host.tap((event) => this.#add(event));
    host.theme.subscribe(({ scheme }) => {
      document.documentElement.style.colorScheme = scheme;
    });
    host.locale.subscribe((locale) => (document.documentElement.lang = locale));
    this.dev.onError((error) => (this.thrown = String(error)));
    document.title = `${this.dev.app.name} · breezeway dev`;
    void this.#inspect(false);
  }

  protected override render(): TemplateResult {
    const { host, app, config } = this.dev;
    return html`
      <dev-toolbar
        .dev=${this.dev}
        .mountState=${this.mountState}
        @dev-reload=${() => this.#reload()}
        @dev-context=${() => this.renderRoot.querySelector("dev-context-dialog")?.show()}
        @dev-problem=${(event: CustomEvent<string | null>) => (this.problem = event.detail)}
      ></dev-toolbar>
      <div class="notices" role="alert">
        ${this.#notices().map((finding) => this.#notice(finding))}
      </div>
      <main aria-label="The app">
        <breezeway-app
          .host=${host}
          app=${app.id}
          path=${config.path ?? nothing}
          @breezeway-state=${(event: CustomEvent<AppStateDetail>) => this.#onState(event.detail)}
        ></breezeway-app>
      </main>
      <dev-timeline .rows=${this.rows} @dev-clear=${() => (this.rows = [])}></dev-timeline>
      <dev-context-dialog .host=${host}></dev-context-dialog>
    `;
  }

  #notices(): readonly Finding[] {
    const own: Finding[] = [];
    if (this.problem !== null) own.push({ title: "The action failed.", hint: this.problem });
    if (this.thrown !== undefined) {
      own.push({ title: "A method of the --methods file failed.", hint: this.thrown });
    }
    return [...own, ...this.dev.problems, ...this.findings];
  }

  #notice({ title, hint, code }: Finding): TemplateResult {
    return html`<div class="notice">
      <p><strong>${title}</strong> ${hint}</p>
      ${code === undefined ? nothing : html`<pre tabindex="0"><code>${code}</code></pre>`}
    </div>`;
  }

  #add(event: TapEvent): void {
    this.rows = addEvent(this.rows, event);
  }

  #onState({ state, error }: AppStateDetail): void {
    this.mountState = state;
    if (state === "connected") this.findings = [];
    else if (state === "lost") void this.#inspect(error?.code === "HANDSHAKE_TIMEOUT");
  }

  /** @param isSilent Whether the app loaded without connecting. */
  async #inspect(isSilent: boolean): Promise<void> {
    const findings = await this.dev.inspect();
    if (this.mountState === "connected") return;
    this.findings = findings.length === 0 && isSilent ? [notConnected()] : findings;
  }

  #reload(): void {
    this.problem = null;
    this.thrown = undefined;
    this.findings = [];
    this.renderRoot.querySelector("breezeway-app")?.retry();
    void this.#inspect(false);
  }

  static override readonly styles: CSSResultGroup = [
    controls,
    css`
      :host {
        display: grid;
        grid-template-rows: auto auto minmax(8rem, 1fr) auto;
        grid-template-columns: minmax(0, 1fr);
        block-size: 100%;
      }
      main {
        display: grid;
        min-block-size: 0;
      }
      breezeway-app {
        min-block-size: 0;
      }
      .notice {
        padding: 8px 12px;
        border-block-end: 1px solid var(--border);
        background: var(--amber-soft);
      }
      strong {
        color: var(--amber);
        font-weight: 600;
      }
      pre {
        margin: 6px 0 0;
        padding: 6px 8px;
        overflow-x: auto;
        border-radius: 6px;
        background: var(--bg);
      }
    `,
  ];
}

function notConnected(): Finding {
  return {
    title: "The app loaded but did not connect.",
    hint: "Its page must call createAppBridge() and name this host:",
    code: `<meta name="breezeway-host-origins" content="${location.origin}" />`,
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "dev-context-dialog": DevContextDialog;
  }
}
