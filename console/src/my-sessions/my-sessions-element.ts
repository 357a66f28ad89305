/**
 * `<breezeway-my-sessions>`: the sessions of the user, with a way to end each of the others.
 *
 * Texts from the issuer are shown as text only. A question stands before every end. It stays open when the
 * end fails, and says so.
 */
import { BridgeError } from "@breezeway/shared";
import type { Host, SessionDevice } from "@breezeway/host";
import {
  html,
  LitElement,
  nothing,
  type CSSResult,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { repeat } from "lit/directives/repeat.js";
import { iconOf } from "./icons.ts";
import { ENGLISH, type MySessionsLabels } from "./labels.ts";
import { createSessionList, type ListedSession, type SessionList } from "./session-list.ts";
import { agoOf, dateOf } from "./session-times.ts";
import { styles } from "./styles.ts";

/** The part of a host that the element uses. */
export interface MySessionsHost extends Pick<Host, "locale"> {
  readonly session: ListedSession;
}

interface Asked {
  /** `undefined` for all others. */
  readonly session: SessionDevice | undefined;
  readonly isBusy: boolean;
  readonly hasFailed: boolean;
}

/**
 * @csspart title - the heading
 * @csspart session - one session; also `current` for that of this page
 * @csspart button - any button; also `danger`
 * @csspart dialog - the question before sessions end
 */
export class BreezewayMySessionsElement extends LitElement {
  static override readonly styles: CSSResult = styles;
  static override readonly properties: PropertyDeclarations = {
    host: { attribute: false },
    labels: { attribute: false },
    asked: { state: true },
    said: { state: true },
  };

  /** Shows a skeleton until it is set. */
  declare host: MySessionsHost | undefined;
  declare labels: Partial<MySessionsLabels>;
  declare protected asked: Asked | undefined;
  /** For screen readers. */
  declare protected said: string;

  #list: SessionList | undefined;
  #stop: (() => void) | undefined;

  constructor() {
    super();
    this.labels = {};
    this.said = "";
  }

  /** Reads the sessions again. The element does it by itself when its page becomes visible. */
  async reload(): Promise<void> {
    await this.#list?.load();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
    this.#stop = undefined;
    this.#list = undefined;
    this.asked = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("host")) this.#follow();
  }

  protected override updated(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  #follow(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#list = undefined;
    const { host } = this;
    if (host === undefined || !this.isConnected) return;
    const list = createSessionList(host.session, () => this.requestUpdate());
    this.#list = list;
    const unsubscribe = host.locale.subscribe(() => this.requestUpdate());
    const onVisible = (): void => {
      if (document.visibilityState === "visible") void list.load();
    };
    document.addEventListener("visibilitychange", onVisible);
    this.#stop = () => {
      list.close();
      unsubscribe();
      document.removeEventListener("visibilitychange", onVisible);
    };
    void list.load();
  }

  protected override render(): TemplateResult {
    return html`${this.#renderView()}
      <p class="visually-hidden" role="status">${this.said}</p>
      ${this.asked ? this.#renderQuestion(this.asked) : nothing}`;
  }

  #renderView(): TemplateResult {
    const view = this.#list?.view ?? { is: "loading" };
    switch (view.is) {
      case "loading":
        return this.#renderLoading();
      case "signed-out":
        return this.#renderCard(this.#text().signedOut, false);
      case "failed":
        return this.#renderCard(this.#text().problem(view.error), true);
      case "shown":
        return this.#renderSessions(view.sessions);
    }
  }

  #renderLoading(): TemplateResult {
    return html`<div role="status" aria-busy="true">
      <div class="head">
        <div class="words">
          <h2 part="title">${this.#text().title}</h2>
          <p class="visually-hidden">${this.#text().loading}</p>
          <span class="bone text"></span>
        </div>
      </div>
      <div class="sessions skeleton" aria-hidden="true">
        ${[1, 2, 3].map(
          () =>
            html`<div class="session">
              <span class="bone square"></span>
              <span class="words"
                ><span class="bone name"></span><span class="bone text"></span
              ></span>
            </div>`,
        )}
      </div>
    </div>`;
  }

  #renderCard({ title, text }: { title: string; text: string }, canRetry: boolean): TemplateResult {
    return html`<div class="card" role=${canRetry ? "alert" : nothing}>
      <h2 part="title">${title}</h2>
      <p>${text}</p>
      ${
        canRetry
          ? html`<button type="button" part="button" @click=${() => this.reload()}>
              ${this.#text().retry}
            </button>`
          : nothing
      }
    </div>`;
  }

  #renderSessions(sessions: readonly SessionDevice[]): TemplateResult {
    const text = this.#text();
    const isAlone = sessions.every(({ isCurrent }) => isCurrent);
    const showsTenant = new Set(sessions.map(({ tenantId }) => tenantId)).size > 1;
    return html`<div class="head">
        <div class="words">
          <h2 id="title" part="title" tabindex="-1">${text.title}</h2>
          <p>${isAlone ? text.alone : text.several}</p>
        </div>
        ${
          isAlone
            ? nothing
            : html`<button type="button" part="button" @click=${() => this.#ask(undefined)}>
                ${text.signOutOthers}
              </button>`
        }
      </div>
      <ul class="sessions" role="list" aria-labelledby="title">
        ${repeat(
          sessions,
          ({ handle }) => handle,
          (session) => this.#renderSession(session, showsTenant),
        )}
      </ul>`;
  }

  #renderSession(session: SessionDevice, showsTenant: boolean): TemplateResult {
    const text = this.#text();
    const { isCurrent, device, handle } = session;
    const name = text.device(device);
    return html`<li
      class="session ${isCurrent ? "current" : ""}"
      part="session ${isCurrent ? "current" : ""}"
    >
      <span class="icon" aria-hidden="true"
        ><svg
          viewBox="0 0 24 24"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
          stroke-linecap="round"
          stroke-linejoin="round"
        >
          ${iconOf(device)}
        </svg></span
      >
      <div class="words">
        <h3 id="name-${handle}">
          <bdi>${name}</bdi>${
            isCurrent ? html`<span class="badge">${text.current}</span>` : nothing
          }
        </h3>
        <ul class="facts" role="list">
          ${this.#factsOf(session, showsTenant).map((fact) => html`<li>${fact}</li>`)}
        </ul>
      </div>
      ${
        isCurrent
          ? nothing
          : html`<button
              type="button"
              part="button"
              id="end-${handle}"
              aria-labelledby="end-${handle} name-${handle}"
              @click=${() => this.#ask(session)}
            >
              ${text.signOut}
            </button>`
      }
    </li>`;
  }

  #factsOf(session: SessionDevice, showsTenant: boolean): (string | TemplateResult)[] {
    const text = this.#text();
    const { network, tenantId, createdAtSeconds, lastActiveAtSeconds } = session;
    const locale = this.host?.locale.current ?? "en";
    const ago = agoOf(lastActiveAtSeconds, { nowSeconds: Date.now() / 1_000, locale });
    const lastUse = ago === undefined ? text.usedRecently : text.lastUsed(ago);
    return [
      session.isCurrent ? text.usedNow : lastUse,
      text.signedIn(dateOf(createdAtSeconds, locale)),
      ...(network === null ? [] : [html`<bdi>${text.network(network)}</bdi>`]),
      ...(showsTenant ? [html`<bdi>${text.tenant(tenantId)}</bdi>`] : []),
    ];
  }

  #renderQuestion({ session, isBusy, hasFailed }: Asked): TemplateResult {
    const label = this.#text();
    const { title, text } = session
      ? label.confirmOne(label.device(session.device))
      : label.confirmOthers(this.#others());
    return html`<dialog
      part="dialog"
      role="alertdialog"
      aria-labelledby="question"
      aria-describedby="consequence"
      @close=${() => (this.asked = undefined)}
    >
      <h2 id="question"><bdi>${title}</bdi></h2>
      <p id="consequence">${text}</p>
      ${hasFailed ? html`<p class="failed" role="alert">${label.failed}</p>` : nothing}
      <div class="actions">
        <button type="button" part="button" autofocus @click=${() => this.#dialog()?.close()}>
          ${label.cancel}
        </button>
        <button
          type="button"
          class="danger"
          part="button danger"
          aria-disabled=${isBusy ? "true" : nothing}
          @click=${() => this.#end()}
        >
          ${session ? label.signOut : label.signOutOthers}
        </button>
      </div>
    </dialog>`;
  }

  #ask(session: SessionDevice | undefined): void {
    this.asked = { session, isBusy: false, hasFailed: false };
  }

  async #end(): Promise<void> {
    const [asked, list] = [this.asked, this.#list];
    if (!asked || !list || asked.isBusy) return;
    const { session } = asked;
    const busy: Asked = { session, isBusy: true, hasFailed: false };
    this.asked = busy;
    try {
      const count = session ? await endOne(list, session) : await list.endOthers();
      if (this.#list === list) this.#finish(busy, count);
    } catch (error) {
      if (!BridgeError.is(error)) throw error;
      if (this.asked === busy) this.asked = { session, isBusy: false, hasFailed: true };
    }
  }

  #finish(busy: Asked, count: number): void {
    this.said = this.#text().ended(count);
    // The user may have closed the question meanwhile, and is elsewhere.
    if (this.asked !== busy) return;
    this.#dialog()?.close();
    this.asked = undefined;
    // The button that opened the question is gone with its session.
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>("#title")?.focus(),
    );
  }

  #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  #others(): number {
    const view = this.#list?.view;
    return view?.is === "shown" ? view.sessions.filter(({ isCurrent }) => !isCurrent).length : 0;
  }

  #text(): MySessionsLabels {
    return { ...ENGLISH, ...this.labels };
  }
}

async function endOne(list: SessionList, { handle }: SessionDevice): Promise<number> {
  await list.endOther(handle);
  return 1;
}
