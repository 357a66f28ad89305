/**
 * The host's UI as a reactive controller, available while the element has a bridge.
 *
 * [LU-1] It uses the bridge of a `BridgeController` of the same element.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { createUi, type AppUi, type UiBridge } from "../ui/create-ui.ts";

export interface UiControllerOptions {
  /** Keeps the frame as high as the element, within the host's limits. Default `false`. */
  readonly autoResize?: boolean;
}

/**
 * @example
 * class OrderForm extends LitElement {
 *   readonly #host = new BridgeController(this);
 *   readonly #page = new UiController(this, this.#host, { autoResize: true });
 *   render() {
 *     return html`<button @click=${() => this.#page.ui?.closeModal("saved")}>Save</button>`;
 *   }
 * }
 */
export class UiController implements ReactiveController {
  readonly #element: HTMLElement;
  readonly #host: { readonly bridge: UiBridge | undefined };
  readonly #options: UiControllerOptions;
  #bridge: UiBridge | undefined;
  #ui: AppUi | undefined;

  /** @param host A `BridgeController` of the same element. */
  constructor(
    element: ReactiveControllerHost & HTMLElement,
    host: { readonly bridge: UiBridge | undefined },
    options: UiControllerOptions = {},
  ) {
    this.#element = element;
    this.#host = host;
    this.#options = options;
    element.addController(this);
  }

  /** The host's UI; `undefined` while the element has no bridge. */
  get ui(): AppUi | undefined {
    this.#follow();
    return this.#ui;
  }

  hostUpdated(): void {
    this.#follow();
  }

  hostDisconnected(): void {
    // An element that only moves keeps its bridge; see [LC-2].
    queueMicrotask(() => this.#follow());
  }

  #follow(): void {
    const { bridge } = this.#host;
    if (bridge === this.#bridge) return;
    this.#ui?.close();
    this.#bridge = bridge;
    this.#ui = bridge && createUi(bridge);
    if (this.#options.autoResize) this.#ui?.autoResize(this.#element);
  }
}
