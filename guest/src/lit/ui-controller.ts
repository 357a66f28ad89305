/**
 * The page around the app as a reactive controller: there while the element has a bridge.
 *
 * [LU-1] It follows the bridge of a `BridgeController`, with which its element renders again.
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

  /** @param host a `BridgeController` of the same element */
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

  /** `undefined` while the element has no bridge. */
  get ui(): AppUi | undefined {
    this.#follow();
    return this.#ui;
  }

  hostUpdated(): void {
    this.#follow();
  }

  hostDisconnected(): void {
    // As the bridge itself: an element that is only moved keeps it.
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
