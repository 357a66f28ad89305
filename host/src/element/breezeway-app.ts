/**
 * `<breezeway-app app="orders">` shows an app of the host's registry in a frame, a skeleton while it
 * loads, and an error when it cannot be shown.
 *
 * The mount lives while the element is connected. An element that is moved keeps its mount: the frame
 * reloads, and the bridge reconnects by itself.
 */
import { BridgeError } from "@breezeway/shared";
import {
  html,
  LitElement,
  nothing,
  type CSSResult,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import type { MountState, SizeLimits } from "../mount-types.ts";
import { sizeElement } from "../surfaces/frame-size.ts";
import { getDefaultHost, onDefaultHost, type AnyHost } from "./default-host.ts";
import { ENGLISH, type AppElementLabels } from "./labels.ts";
import { styles } from "./styles.ts";

/** A page may create its host after its elements, but not much later. */
const HOST_EXPECTED_MS = 1_000;

type AnyMount = ReturnType<AnyHost["mount"]>;

export interface AppStateDetail {
  readonly state: MountState;
  readonly error: BridgeError | null;
}

export interface AppPathDetail {
  /** Set it as the element's `path` to open the app at the same page again. */
  readonly path: string;
}

/**
 * @fires breezeway-state - the mount's state has changed; `detail` is an {@link AppStateDetail}
 * @fires breezeway-path - the app has navigated within its own pages; `detail` is an
 *   {@link AppPathDetail}
 * @csspart frame - around the iframe
 * @csspart loading - shown until the app has connected for the first time
 * @csspart error - shown when the app cannot be shown
 * @csspart retry - the button in the error
 */
export class BreezewayAppElement extends LitElement {
  static override readonly styles: CSSResult = styles;
  static override readonly properties: PropertyDeclarations = {
    app: { type: String },
    path: { type: String },
    placement: { type: String },
    minHeightPx: { type: Number, attribute: "min-height-px" },
    maxHeightPx: { type: Number, attribute: "max-height-px" },
    minWidthPx: { type: Number, attribute: "min-width-px" },
    maxWidthPx: { type: Number, attribute: "max-width-px" },
    context: { attribute: false },
    host: { attribute: false },
    labels: { attribute: false },
  };

  /** Id of the app in the host's registry. */
  declare app: string;
  /**
   * The page to open, relative to the app's `url`. Setting the page that the app has navigated to does
   * not load it again.
   */
  declare path: string | undefined;
  declare placement: string | undefined;
  /** The size that the app may give the element, in CSS pixels. Read when the app is mounted. */
  declare minHeightPx: number | undefined;
  /** Default: the app cannot change the height. */
  declare maxHeightPx: number | undefined;
  declare minWidthPx: number | undefined;
  /** Default: the app cannot change the width. */
  declare maxWidthPx: number | undefined;
  /** Overrides members of the host's context for this frame. */
  declare context: Readonly<Record<string, unknown>> | undefined;
  /** Default: the host that was passed to `setDefaultHost`. */
  declare host: AnyHost | undefined;
  declare labels: Partial<AppElementLabels>;

  #mount: AnyMount | undefined;
  #error: BridgeError | undefined;
  #wasConnected = false;
  #isInUpdated = false;
  /** The path that the app has reported. */
  #appPath: string | undefined;
  #stopWaiting: (() => void) | undefined;
  #stopFollowing: (() => void) | undefined;
  #hostTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.app = "";
    this.labels = {};
  }

  /** The mount; `undefined` before the app is mounted and while it cannot be. */
  get mount(): AnyMount | undefined {
    return this.#mount;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopWaiting = onDefaultHost(() => {
      if (!this.hasUpdated || this.#mount !== undefined) return;
      this.#remount();
      this.requestUpdate();
    });
    if (this.hasUpdated && this.#mount === undefined) this.requestUpdate("app");
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWaiting?.();
    clearTimeout(this.#hostTimer);
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#stopFollowing?.();
      this.#unmount();
    });
  }

  protected override updated(changed: PropertyValues<this>): void {
    this.#isInUpdated = true;
    this.#follow(changed);
    this.#isInUpdated = false;
  }

  #follow(changed: PropertyValues<this>): void {
    if (
      changed.has("app") ||
      (changed.has("path") && this.path !== this.#appPath) ||
      changed.has("host") ||
      changed.has("placement")
    ) {
      this.#remount();
    } else if (changed.has("context")) this.#mount?.setContext(this.context ?? {});
  }

  protected override render(): TemplateResult {
    const name = this.#name();
    const state = this.#mount?.state ?? "connecting";
    const isShown = this.#wasConnected && this.#problem() === undefined;
    return html`
      <div class="frame ${isShown ? "shown" : ""}" part="frame" ?inert=${!isShown}></div>
      ${this.#problem() ? this.#renderError() : this.#wasConnected ? nothing : this.#renderLoading()}
      ${
        isShown && state === "lost"
          ? html`<div class="reconnecting" role="status">
              <span class="visually-hidden">${this.#text().reconnecting(name)}</span>
            </div>`
          : nothing
      }
    `;
  }

  #renderLoading(): TemplateResult {
    return html`<div class="cover skeleton" part="loading" role="status" aria-busy="true">
      <span class="visually-hidden">${this.#text().loading(this.#name())}</span>
      <div class="bone title"></div>
      <div class="bone wide"></div>
      <div class="bone short"></div>
      <div class="bone medium"></div>
      <div class="bone block"></div>
    </div>`;
  }

  #renderError(): TemplateResult | typeof nothing {
    const error = this.#problem();
    if (error === undefined) return nothing;
    const { title, text, canRetry } = this.#text().problem(this.#name(), error);
    return html`<div class="cover error" part="error" role="alert">
      <div class="card">
        <svg
          viewBox="0 0 24 24"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
          aria-hidden="true"
        >
          <path
            d="M4 7.5A2.5 2.5 0 0 1 6.5 5h11A2.5 2.5 0 0 1 20 7.5v9a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 16.5z"
          />
          <path d="M4 9h16M12 11.75v3M12 16.9v.1" stroke-linecap="round" />
        </svg>
        <h2>${title}</h2>
        <p>${text}</p>
        <p class="code">${error.code}</p>
        ${
          canRetry
            ? html`<button part="retry" type="button" @click=${() => this.retry()}>
                ${this.#text().retry}
              </button>`
            : nothing
        }
      </div>
    </div>`;
  }

  /** Loads the app again. */
  retry(): void {
    this.#wasConnected = false;
    if (this.#mount) this.#mount.reload();
    else this.#remount();
    this.requestUpdate();
  }

  #remount(): void {
    this.#unmount();
    const host = this.host ?? getDefaultHost();
    const container = this.renderRoot.querySelector(".frame");
    if (container === null || !this.isConnected) return;
    if (this.app === "") {
      const message =
        "<breezeway-app>: app: is required. Set it to the id of an app of the host's registry.";
      return this.#fail(new BridgeError("CONFIG_INVALID", message));
    }
    if (host === undefined) return this.#warnWithoutHost();
    this.#stopFollowing?.();
    this.#stopFollowing = host.apps.subscribe(() => this.#onApps());
    // The skeleton stays until the issuer has said which apps there are.
    if (!host.apps.isReady) return;
    try {
      const mount = host.mount(this.app, {
        container,
        ...(this.path ? { path: this.path } : {}),
        ...(this.placement ? { placement: this.placement } : {}),
        ...(this.context ? { context: this.context } : {}),
        ...this.#sizeLimits(),
        onResize: (size) => sizeElement(this, size),
        onPathChange: (path) => this.#onPath(path),
      });
      this.#mount = mount;
      mount.subscribeState((state) => this.#onState(mount, state));
    } catch (error) {
      if (!BridgeError.is(error)) throw error;
      this.#fail(error);
    }
  }

  /** The host has closed the mount of an app that was suspended or changed; or an app is there that was not. */
  #onApps(): void {
    if (this.#mount && (this.#mount.state !== "closed" || this.#mount.error === null)) return;
    this.#remount();
    this.#refresh();
  }

  #sizeLimits(): SizeLimits {
    const { minHeightPx, maxHeightPx, minWidthPx, maxWidthPx } = this;
    return {
      ...(minHeightPx === undefined ? {} : { minHeightPx }),
      ...(maxHeightPx === undefined ? {} : { maxHeightPx }),
      ...(minWidthPx === undefined ? {} : { minWidthPx }),
      ...(maxWidthPx === undefined ? {} : { maxWidthPx }),
    };
  }

  #onPath(path: string): void {
    this.#appPath = path;
    const detail: AppPathDetail = { path };
    this.dispatchEvent(
      new CustomEvent("breezeway-path", { detail, bubbles: true, composed: true }),
    );
  }

  /** A mount may report while Lit still calls `updated`, where asking for an update is a warning. */
  #refresh(): void {
    if (this.#isInUpdated) queueMicrotask(() => this.requestUpdate());
    else this.requestUpdate();
  }

  #fail(error: BridgeError): void {
    this.#error = error;
    this.#refresh();
    this.#announce("closed", error);
  }

  #warnWithoutHost(): void {
    clearTimeout(this.#hostTimer);
    this.#hostTimer = setTimeout(() => {
      if (!this.isConnected || this.#mount || (this.host ?? getDefaultHost())) return;
      // oxlint-disable-next-line no-console -- without a host there is no onError
      console.warn(
        `<breezeway-app app="${this.app}">: host: is required. Call setDefaultHost(host).`,
      );
    }, HOST_EXPECTED_MS);
  }

  #unmount(): void {
    const mount = this.#mount;
    this.#mount = undefined;
    this.#error = undefined;
    this.#wasConnected = false;
    this.#appPath = undefined;
    mount?.close();
  }

  #onState(mount: AnyMount, state: MountState): void {
    // The first state arrives while the mount is being created.
    if (this.#mount !== mount) return;
    if (state === "connected") this.#wasConnected = true;
    this.#refresh();
    this.#announce(state, mount.error);
  }

  #announce(state: MountState, error: BridgeError | null): void {
    const detail: AppStateDetail = { state, error };
    this.dispatchEvent(
      new CustomEvent("breezeway-state", { detail, bubbles: true, composed: true }),
    );
  }

  /** The error to show instead of the app. A lost channel may reconnect, so it does not count. */
  #problem(): BridgeError | undefined {
    if (this.#error) return this.#error;
    const error = this.#mount?.error;
    return error && error.code !== "CHANNEL_LOST" ? error : undefined;
  }

  #name(): string {
    const host = this.host ?? getDefaultHost();
    return host?.apps.get(this.app)?.name ?? (this.app || "The app");
  }

  #text(): AppElementLabels {
    return { ...ENGLISH, ...this.labels };
  }
}
