/**
 * The inspector app: its connection, token and capabilities, and the events that it receives. It decodes
 * the token only to display it. A backend must verify a token before it relies on the claims.
 */
import { decodeSessionToken, type ConnectionState, type DecodedToken } from "@breezeway/guest";
import { html, nothing, type TemplateResult } from "lit";
import { Check, Copy, RadioTower, Send } from "lucide";
import { orderListSchema } from "../../domain/orders.ts";
import { clockTime } from "../../ui/format.ts";
import { icon } from "../../ui/icon.ts";
import { callGateway } from "../call-gateway.ts";
import { GuestApp, type PlatformBridge } from "../guest-app.ts";
import { CLAIM_NOTES, isTimeClaim } from "./claim-notes.ts";

const TICK_MS = 250;
const EVENTS_SHOWN = 12;
const COPIED_SHOWN_MS = 1_500;

interface HeardEvent {
  readonly key: number;
  readonly atMs: number;
  readonly name: string;
  readonly detail: string;
}

interface Shown {
  readonly token: string;
  readonly decoded: DecodedToken;
}

const STATE_LOOKS: Readonly<Record<ConnectionState, readonly [colour: string, label: string]>> = {
  connecting: ["amber", "Connecting"],
  connected: ["green", "Connected"],
  lost: ["amber", "Lost, reconnecting"],
  closed: ["", "Closed"],
};

export class InspectorApp extends GuestApp {
  static override properties = {
    shown: { state: true },
    nowMs: { state: true },
    connection: { state: true },
    events: { state: true },
    trial: { state: true },
    copied: { state: true },
  };

  /** `undefined` before the first token, and `null` when nobody is signed in. */
  declare shown: Shown | null | undefined;
  declare nowMs: number;
  declare connection: ConnectionState;
  declare events: readonly HeardEvent[];
  declare trial: string | undefined;
  declare copied: boolean;

  #ticking: ReturnType<typeof setInterval> | undefined;
  #copiedTimer: ReturnType<typeof setTimeout> | undefined;
  #nextKey = 1;

  constructor() {
    super();
    this.nowMs = Date.now();
    this.connection = "connecting";
    this.events = [];
    this.copied = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#ticking);
    clearTimeout(this.#copiedTimer);
  }

  protected override start(bridge: PlatformBridge): void {
    this.#ticking = setInterval(() => (this.nowMs = Date.now()), TICK_MS);
    bridge.subscribeState((state) => {
      this.connection = state;
      this.#hear("connection", state);
    });
    bridge.event.subscribe("customer:changed", ({ customerId }) =>
      this.#hear("customer:changed", customerId ?? "none"),
    );
    bridge.event.subscribe("order:changed", ({ orderId, status }) =>
      this.#hear("order:changed", `#${orderId} ${status}`),
    );
    bridge.theme.subscribe(({ scheme }) => this.#hear("theme", scheme));
    void this.#followTokens(bridge);
  }

  protected override renderLoading(): TemplateResult {
    return html`<main class="inspector" aria-label="Inspector">
      <div class="skeleton-list" role="status">
        <span class="visually-hidden">Connecting…</span>
        ${Array.from({ length: 8 }, () => html`<span class="skeleton"></span>`)}
      </div>
    </main>`;
  }

  protected override renderApp(bridge: PlatformBridge): TemplateResult {
    return html`<main class="inspector" aria-label="Inspector">
      <h1 class="visually-hidden">Inspector</h1>
      <div class="column">${this.#tokenCard()} ${this.#claimsCard()}</div>
      <div class="column">
        ${this.#connectionCard(bridge)} ${this.#rightsCard(bridge)} ${this.#trialCard(bridge)}
        ${this.#eventsCard()}
      </div>
    </main>`;
  }

  #tokenCard(): TemplateResult {
    if (!this.shown) {
      return html`<section class="card" aria-labelledby="token-title">
        <header class="card-head"><h2 id="token-title">Session token</h2></header>
        <p class="card-body muted">
          ${this.shown === null ? "Nobody is signed in, so there is no token." : "Waiting for a token…"}
        </p>
      </section>`;
    }
    const { token, decoded } = this.shown;
    const [header, payload, signature] = token.split(".");
    const { iat, exp } = decoded.claims;
    const remaining = Math.max(0, Number(exp) - this.nowMs / 1000);
    const life = Math.max(1, Number(exp) - Number(iat));
    return html`<section class="card" aria-labelledby="token-title">
      <header class="card-head">
        <h2 id="token-title">Session token</h2>
        <button class="button small" type="button" @click=${() => void this.#copy(token)}>
          ${icon(this.copied ? Check : Copy)} ${this.copied ? "Copied" : "Copy"}
        </button>
      </header>
      <div class="card-body">
        <div class="countdown">
          <p>
            <span class="countdown-seconds" data-testid="countdown">${Math.ceil(remaining)}</span>
            <span class="muted">seconds left</span>
          </p>
          <p class="subtle">of ${Math.round(life)}, renewed before expiry</p>
        </div>
        <progress
          max=${life}
          value=${remaining}
          aria-label="Remaining life of the token"
        ></progress>
        <p class="token mono" data-testid="token">
          <span class="token-header">${header}</span>.<span class="token-payload">${payload}</span
          >.<span class="token-signature">${signature}</span>
        </p>
        <p class="token-legend subtle">
          <span class="token-header">Header</span>
          <code class="mono">${JSON.stringify(decoded.header)}</code>
        </p>
      </div>
    </section>`;
  }

  #claimsCard(): TemplateResult {
    const claims = Object.entries(this.shown?.decoded.claims ?? {});
    if (claims.length === 0) return html``;
    return html`<section class="card" aria-labelledby="claims-title">
      <header class="card-head">
        <h2 id="claims-title">Claims</h2>
        <span class="badge plain amber">decoded, not verified</span>
      </header>
      <dl class="claims">
        ${claims.map(
          ([name, value]) =>
            html`<div class="claim" data-claim=${name}>
              <dt>
                <span class="mono">${name}</span>
                <span class="subtle">${CLAIM_NOTES[name] ?? nothing}</span>
              </dt>
              <dd class="mono">
                ${String(value) === "" ? html`<span class="subtle">none</span>` : String(value)}
                ${
                  isTimeClaim(name)
                    ? html`<span class="subtle">${clockTime(Number(value) * 1000)}</span>`
                    : nothing
                }
              </dd>
            </div>`,
        )}
      </dl>
    </section>`;
  }

  #connectionCard(bridge: PlatformBridge): TemplateResult {
    const [colour, label] = STATE_LOOKS[this.connection];
    const session = bridge.session.current;
    return html`<section class="card" aria-labelledby="connection-title">
      <header class="card-head">
        <h2 id="connection-title">Connection</h2>
        <span class="badge ${colour}" data-testid="connection">${label}</span>
      </header>
      <dl class="facts">
        ${fact("App", bridge.appId)} ${fact("Own origin", location.origin)}
        ${fact("Workspace", session?.tenantId ?? "none")}
        ${fact("Theme", bridge.theme.current.scheme)} ${fact("Locale", bridge.locale.current)}
      </dl>
    </section>`;
  }

  #rightsCard(bridge: PlatformBridge): TemplateResult {
    const capabilities = [
      "customers:read",
      "customers:open",
      "orders:follow",
      "navigation:write",
      "toasts:show",
      "dialogs:show",
    ];
    return html`<section class="card" aria-labelledby="rights-title">
      <header class="card-head"><h2 id="rights-title">Capabilities</h2></header>
      <ul class="rights">
        ${capabilities.map((capability) => {
          const has = bridge.can(capability);
          return html`<li>
            <span class="mono">${capability}</span>
            <span class="badge plain ${has ? "green" : ""}"
              >${has ? "granted" : "not granted"}</span
            >
          </li>`;
        })}
      </ul>
    </section>`;
  }

  #trialCard(bridge: PlatformBridge): TemplateResult {
    return html`<section class="card" aria-labelledby="trial-title">
      <header class="card-head"><h2 id="trial-title">Try the gateway</h2></header>
      <div class="card-body trial">
        <p class="muted">
          This app has no scopes. The gateway refuses its request for orders with 403.
        </p>
        <button class="button" type="button" @click=${() => void this.#try(bridge)}>
          ${icon(Send)} <span class="mono">GET /orders</span>
        </button>
        <p role="status" data-testid="trial">${this.trial ?? nothing}</p>
      </div>
    </section>`;
  }

  #eventsCard(): TemplateResult {
    return html`<section class="card" aria-labelledby="events-title">
      <header class="card-head"><h2 id="events-title">Recent events</h2></header>
      <ol class="events">
        ${this.events.map(
          (event) =>
            html`<li>
              ${icon(RadioTower)}
              <span class="mono">${event.name}</span>
              <span class="muted truncate">${event.detail}</span>
              <time class="subtle">${clockTime(event.atMs)}</time>
            </li>`,
        )}
      </ol>
    </section>`;
  }

  async #followTokens(bridge: PlatformBridge): Promise<void> {
    for await (const token of bridge.session.tokens()) {
      this.shown = token === null ? null : { token, decoded: decodeSessionToken(token) };
      this.#hear("token", token === null ? "signed out" : "fresh token");
    }
  }

  async #try(bridge: PlatformBridge): Promise<void> {
    this.trial = "Sending the request…";
    const answer = await callGateway(bridge, { path: "/orders", schema: orderListSchema });
    this.trial = answer.ok
      ? `Allowed: ${answer.value.total} orders.`
      : `Refused (${answer.problem.reason}): ${answer.problem.text}`;
  }

  async #copy(token: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(token);
      this.copied = true;
    } catch {
      // The frame has no clipboard permission. The person can still select the text.
      this.#hear("clipboard", "not permitted here");
    }
    clearTimeout(this.#copiedTimer);
    this.#copiedTimer = setTimeout(() => (this.copied = false), COPIED_SHOWN_MS);
  }

  #hear(name: string, detail: string): void {
    const event = { key: this.#nextKey++, atMs: Date.now(), name, detail };
    this.events = [event, ...this.events].slice(0, EVENTS_SHOWN);
  }
}

function fact(name: string, value: string): TemplateResult {
  return html`<div>
    <dt class="muted">${name}</dt>
    <dd class="mono truncate">${value}</dd>
  </div>`;
}
