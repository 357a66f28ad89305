/**
 * The base class of the three guests. It opens the bridge, follows the host's theme, and describes the
 * problem when the bridge cannot be opened.
 */
import { createAppBridge, type AppBridge } from "@breezeway/guest";
import { createUi, type AppUi } from "@breezeway/guest/ui";
import { html, type PropertyDeclarations, type TemplateResult } from "lit";
import { contract, type PlatformContract } from "../contract.ts";
import { describeProblem } from "../ui/describe-problem.ts";
import { LightElement } from "../ui/light-element.ts";
import { trouble } from "../ui/message.ts";
import { reasonOfError } from "../ui/reason-of.ts";

export type PlatformBridge = AppBridge<PlatformContract>;

export abstract class GuestApp extends LightElement {
  static override properties: PropertyDeclarations = {
    bridge: { state: true },
    problem: { state: true },
  };

  declare bridge: PlatformBridge | undefined;
  /** The reason why the bridge could not be opened. */
  declare problem: string | undefined;

  /** The host's surfaces. Set before `start` is called. */
  protected ui: AppUi | undefined;
  #isOpening = false;

  /** Called once, when the bridge is connected. */
  protected abstract start(bridge: PlatformBridge): void;
  protected abstract renderApp(bridge: PlatformBridge): TemplateResult;
  protected abstract renderLoading(): TemplateResult;

  override connectedCallback(): void {
    super.connectedCallback();
    document.documentElement.dataset["theme"] = matchMedia("(prefers-color-scheme: dark)").matches
      ? "dark"
      : "light";
    void this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.ui?.close();
    this.bridge?.close();
    this.bridge = undefined;
  }

  override render(): TemplateResult {
    if (this.problem !== undefined) {
      const isRetryable = this.problem !== "handshake-not-embedded";
      return html`<main>
        ${trouble(describeProblem(this.problem), {
          isPage: true,
          actions: isRetryable
            ? html`<button class="button" type="button" @click=${() => void this.#open()}>
                Try again
              </button>`
            : undefined,
        })}
      </main>`;
    }
    return this.bridge === undefined ? this.renderLoading() : this.renderApp(this.bridge);
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.problem = undefined;
    try {
      const bridge = await createAppBridge({ contract });
      bridge.theme.subscribe(({ scheme }) => {
        document.documentElement.dataset["theme"] = scheme;
      });
      this.ui = createUi(bridge);
      this.start(bridge);
      this.bridge = bridge;
    } catch (error) {
      this.problem = reasonOfError(error);
    } finally {
      this.#isOpening = false;
    }
  }
}
