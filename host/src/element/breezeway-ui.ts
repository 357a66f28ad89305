/**
 * `<breezeway-ui>`: toasts and dialogs that the host's page shows for apps.
 *
 * [UI-1] Each toast and dialog names its app, by the name in the registry. Texts of the app are text, in
 *        a box of their own: neither markup nor a writing direction affects anything outside.
 * [UI-2] Dialogs are native and modal: focus stays inside, Escape closes, and focus returns to where it
 *        was. A long text never moves the app's name or the buttons out of view.
 * [UI-3] Toasts appear in a live region that exists before them. They wait while a dialog is open: they
 *        could hide a part of it, and the region is inert then, so screen readers would skip them.
 * [UI-4] Events of the frame in a dialog stay inside: the page listens for events of its own frames.
 * [UI-5] A dialog that has ended disappears at once but covers the page a moment longer, and only then
 *        the next dialog may open: a click that was meant for the dialog must not reach anything else.
 * [UI-6] A question about scopes has no word of the app but its name in the registry, and takes no yes at once.
 */
import { BridgeError, dialogOpen } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import {
  html,
  LitElement,
  nothing,
  type CSSResult,
  type PropertyDeclarations,
  type TemplateResult,
} from "lit";
import { repeat } from "lit/directives/repeat.js";
import { createFixedApps } from "../apps/host-apps.ts";
import type {
  ConfirmRequest,
  ModalRequest,
  ScopesRequest,
  ToastRequest,
} from "../surfaces/host-ui.ts";
import type { AppStateDetail } from "./breezeway-app.ts";
import type { AnyHost } from "./default-host.ts";
import { coverPage, pageUncovered } from "./page-cover.ts";
import { ARMED_AFTER_MS, renderScopesQuestion } from "./scopes-question.ts";
import { createToastStack, type ShownToast } from "./toast-stack.ts";
import { CROSS, TONES } from "./ui-icons.ts";
import { UI_ENGLISH, type HostUiLabels } from "./ui-labels.ts";
import { uiStyles } from "./ui-styles.ts";

/** Height of the dialog around an app's frame, in CSS pixels. */
const CHROME_HEIGHT_PX = 128;
const MIN_FRAME_HEIGHT_PX = 96;

interface OpenDialog {
  readonly content: DialogContent;
  /** Only the first answer counts. */
  settle(answer: boolean): void;
  /** Removes the dialog and its cover. */
  leave(): void;
}

type DialogContent =
  | { readonly is: "confirm"; readonly request: ConfirmRequest }
  | { readonly is: "scopes"; readonly request: ScopesRequest }
  | { readonly is: "modal"; readonly request: ModalRequest; readonly host: AnyHost };

/** The elements of all hosts: while one shows a dialog, the toasts of all wait. */
const inPage = new Set<BreezewayUiElement>();

/**
 * @csspart dialog - a question, or the frame around an app's page
 * @csspart toast - one message
 * @csspart speaker - the name of the app
 * @csspart button - any button; also `primary` or `danger`
 */
export class BreezewayUiElement extends LitElement {
  static override readonly styles: CSSResult = uiStyles;
  static override readonly properties: PropertyDeclarations = {
    labels: { attribute: false },
    dialog: { state: true },
    isOver: { state: true },
    isArmed: { state: true },
  };

  declare labels: Partial<HostUiLabels>;
  declare protected dialog: OpenDialog | undefined;
  /** The dialog was answered, and still covers the page. */
  declare protected isOver: boolean;
  /** The dialog has been there for long enough that a yes is meant. */
  declare protected isArmed: boolean;

  /** From a request until its answer. */
  #isTaken = false;

  readonly #toasts = createToastStack({
    changed: () => this.requestUpdate(),
    isBusy: () => this.renderRoot.querySelector(".toast:is(:hover, :focus-within)") !== null,
  });

  constructor() {
    super();
    this.labels = {};
    this.isOver = false;
    this.isArmed = false;
  }

  showToast(request: ToastRequest): void {
    this.#toasts.add(request);
  }

  /** Resolves to the user's answer; `false` when the dialog was dismissed. */
  confirm(request: ConfirmRequest): Promise<boolean> {
    return this.#open({ is: "confirm", request });
  }

  /** Resolves to the user's answer; `false` when the dialog was dismissed. */
  requestScopes(request: ScopesRequest): Promise<boolean> {
    return this.#open({ is: "scopes", request });
  }

  /** Resolves when the dialog is closed. */
  async openModal(request: ModalRequest): Promise<void> {
    const { app } = request;
    const host: AnyHost = {
      apps: createFixedApps({ get: () => app, byOrigin: () => [app], all: [app] }),
      mount: (_appId, options) => request.mount(options),
    };
    await this.#open({ is: "modal", request, host });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    inPage.add(this);
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.dialog?.settle(false);
    this.dialog?.leave();
    inPage.delete(this);
    this.#toasts.close();
  }

  protected override render(): TemplateResult {
    return html`${this.#renderToasts()}${this.dialog ? this.#renderDialog(this.dialog) : nothing}`;
  }

  protected override updated(): void {
    if (!this.isConnected) return;
    const toasts = this.renderRoot.querySelector<HTMLElement>(".toasts");
    if (toasts && !toasts.matches(":popover-open")) toasts.showPopover();
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  async #open(content: DialogContent): Promise<boolean> {
    const { signal } = content.request;
    if (!this.isConnected) {
      throw new BridgeError("SURFACE_REFUSED", "<breezeway-ui> is not in the page.");
    }
    if (this.#isTaken) throw dialogOpen();
    this.#isTaken = true;
    await pageUncovered();
    this.#isTaken = !signal.aborted && this.isConnected;
    return this.#isTaken && this.#show(content);
  }

  #show(content: DialogContent): Promise<boolean> {
    const { signal } = content.request;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const hadFocus = deepActiveElement();
    const settled = new AbortController();
    const opened: OpenDialog = {
      content,
      settle: (answer) => {
        if (this.dialog !== opened || this.isOver) return;
        settled.abort();
        this.isOver = true;
        this.#isTaken = false;
        const { activeElement } = this.shadowRoot ?? document;
        if (activeElement instanceof HTMLElement) activeElement.blur();
        void coverPage().then(opened.leave);
        resolve(answer);
      },
      leave: () => {
        if (this.dialog !== opened) return;
        this.renderRoot.querySelector("dialog")?.close();
        // Browsers return the focus to elements of the page, but not to a frame.
        if (hadFocus instanceof HTMLElement && hadFocus.isConnected) hadFocus.focus();
        this.dialog = undefined;
        this.isOver = false;
        for (const ui of inPage) ui.#toasts.resume();
      },
    };
    signal.addEventListener("abort", () => opened.settle(false), { signal: settled.signal });
    this.dialog = opened;
    this.isArmed = false;
    const arming = setTimeout(() => (this.isArmed = true), ARMED_AFTER_MS);
    settled.signal.addEventListener("abort", () => clearTimeout(arming));
    for (const ui of inPage) ui.#toasts.pause();
    return promise;
  }

  #renderDialog({ content, settle }: OpenDialog): TemplateResult {
    const isQuestion = content.is !== "modal";
    const look = isQuestion ? "confirm" : `modal ${content.request.size}`;
    const isDescribed = content.is === "scopes" || (isQuestion && content.request.text);
    return html`<dialog
      class="dialog ${look} ${this.isOver ? "over" : ""}"
      part="dialog"
      role=${isQuestion ? "alertdialog" : nothing}
      aria-labelledby=${isQuestion ? "speaker title" : "title speaker"}
      aria-describedby=${isDescribed ? "text" : nothing}
      @cancel=${(event: Event) => this.isOver && event.preventDefault()}
      @close=${onClose(settle)}
    >
      ${this.#renderContent(content, settle)}
    </dialog>`;
  }

  #renderContent(content: DialogContent, settle: (answer: boolean) => void): TemplateResult {
    switch (content.is) {
      case "confirm":
        return this.#renderQuestion(content.request, settle);
      case "modal":
        return this.#renderPage(content.request, settle, content.host);
      case "scopes": {
        const [{ request }, labels, { isArmed }] = [content, this.#text(), this];
        return html`${this.#renderSpeaker(request.app, request.app.name)}
        ${renderScopesQuestion({ request, labels, isArmed, settle })}`;
      }
    }
  }

  #renderQuestion(request: ConfirmRequest, settle: (answer: boolean) => void): TemplateResult {
    const { app, title, text, tone } = request;
    const isDanger = tone === "danger";
    const { confirm, cancel } = this.#text();
    return html`${this.#renderSpeaker(app)}
      <div class="words">
        <h2 id="title"><bdi>${title}</bdi></h2>
        ${text ? html`<p id="text" class="text"><bdi>${text}</bdi></p>` : nothing}
      </div>
      <div class="actions">
        <button type="button" part="button" ?autofocus=${isDanger} @click=${() => settle(false)}>
          <bdi>${request.cancelLabel ?? cancel}</bdi>
        </button>
        <button
          type="button"
          class=${isDanger ? "danger" : "primary"}
          part="button ${isDanger ? "danger" : "primary"}"
          ?autofocus=${!isDanger}
          @click=${() => settle(true)}
        >
          <bdi>${request.confirmLabel ?? confirm}</bdi>
        </button>
      </div>`;
  }

  #renderPage(
    { app, title }: ModalRequest,
    settle: (answer: boolean) => void,
    host: AnyHost,
  ): TemplateResult {
    return html`<div class="head">
        <div>
          <h2 id="title" tabindex="-1" autofocus><bdi>${title}</bdi></h2>
          ${this.#renderSpeaker(app)}
        </div>
        ${this.#renderCross(this.#text().close, () => settle(false))}
      </div>
      <breezeway-app
        .host=${host}
        app=${app.id}
        min-height-px=${MIN_FRAME_HEIGHT_PX}
        max-height-px=${Math.max(MIN_FRAME_HEIGHT_PX, window.innerHeight - CHROME_HEIGHT_PX)}
        @breezeway-path=${(event: Event) => event.stopPropagation()}
        @breezeway-state=${(event: CustomEvent<AppStateDetail>) => this.#onAppState(event)}
      ></breezeway-app>`;
  }

  #renderCross(label: string, onClick: () => void): TemplateResult {
    return html`<button
      type="button"
      class="icon"
      part="button"
      aria-label=${label}
      @click=${onClick}
    >
      ${CROSS}
    </button>`;
  }

  /** @param text Default: says that what follows comes from the app. */
  #renderSpeaker({ name }: RegisteredApp, text = this.#text().speaker(name)): TemplateResult {
    return html`<p id="speaker" class="speaker" part="speaker">
      <span class="initial" aria-hidden="true"
        >${String.fromCodePoint(name.codePointAt(0) ?? 0)}</span
      >
      <bdi>${text}</bdi>
    </p>`;
  }

  #renderToasts(): TemplateResult {
    return html`<div
      class="toasts"
      part="toasts"
      role="status"
      popover="manual"
      aria-label=${this.#text().toasts}
    >
      ${repeat(
        this.#toasts.shown,
        ({ id }) => id,
        (toast) => this.#renderToast(toast),
      )}
    </div>`;
  }

  #renderToast({ id, app, text, tone }: ShownToast): TemplateResult {
    return html`<div class="toast ${tone}" part="toast">
      ${TONES[tone]}
      <div class="words">
        <p class="name" part="speaker"><bdi>${this.#text().speaker(app.name)}</bdi></p>
        <p class="says"><bdi>${text}</bdi></p>
      </div>
      ${this.#renderCross(this.#text().dismiss, () => this.#toasts.remove(id))}
    </div>`;
  }

  /** Moves the focus into the app in the dialog, unless the user has moved it meanwhile. */
  #onAppState(event: CustomEvent<AppStateDetail>): void {
    event.stopPropagation();
    const { state } = event.detail;
    const { activeElement } = this.shadowRoot ?? document;
    if (state !== "connected" || activeElement?.id !== "title") return;
    const app = this.renderRoot.querySelector("breezeway-app");
    // The frame is inert until the element has rendered the connected state.
    void app?.updateComplete.then(() => app.mount?.element.focus());
  }

  #text(): HostUiLabels {
    return { ...UI_ENGLISH, ...this.labels };
  }
}

function deepActiveElement(): Element | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

/** The event fires a task later: the next dialog may be open in the same element by then. */
function onClose(settle: (answer: boolean) => void) {
  return ({ currentTarget }: Event): void => {
    if (currentTarget instanceof HTMLDialogElement && !currentTarget.open) settle(false);
  };
}
