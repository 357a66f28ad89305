/** One app in its frame, with what the person sees while it loads, is lost, or cannot be reached. */
import type { Mount, MountState } from "@breezeway/host";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { describeProblem } from "../ui/describe-problem.ts";
import { LightElement } from "../ui/light-element.ts";
import { trouble } from "../ui/message.ts";
import type { PlatformHost } from "./platform-host.ts";

export class ShellAppFrame extends LightElement {
  static override properties = {
    app: { attribute: false },
    host: { attribute: false },
    placement: { attribute: false },
    path: { attribute: false },
    mountState: { state: true },
    problem: { state: true },
  };

  declare app: RegisteredApp;
  declare host: PlatformHost;
  declare placement: string;
  declare path: string | undefined;
  declare mountState: MountState;
  declare problem: string | undefined;

  #mount: Mount | undefined;

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("app") || changed.has("host")) this.#show();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#mount?.close();
    this.#mount = undefined;
  }

  override render(): TemplateResult {
    return html`<div class="app-frame ${this.mountState === "connected" ? "ready" : ""}"></div>
      ${this.#cover()}`;
  }

  #cover(): unknown {
    if (this.mountState === "connected") return nothing;
    if (this.problem !== undefined) {
      const problem = describeProblem(this.problem);
      return html`<div class="app-cover">
        ${trouble(
          this.problem === "handshake-timeout"
            ? { ...problem, title: `${this.app.name} did not answer` }
            : problem,
          html`<button class="button" type="button" @click=${() => this.#mount?.reload()}>
            Try again
          </button>`,
        )}
      </div>`;
    }
    return html`<div class="app-cover app-loading" role="status">
      <span class="visually-hidden">Opening ${this.app.name}…</span>
      ${Array.from({ length: 6 }, () => html`<span class="skeleton"></span>`)}
    </div>`;
  }

  #show(): void {
    this.#mount?.close();
    const container = this.querySelector(".app-frame");
    if (container === null) return;
    try {
      const mount = this.host.host.mount(this.app.id, {
        container,
        placement: this.placement,
        ...(this.path !== undefined && { path: this.path }),
      });
      this.#mount = mount;
      mount.subscribeState((state) => {
        if (this.#mount !== mount) return;
        this.mountState = state;
        this.problem = state === "lost" ? mount.error?.reason : undefined;
        this.dispatchEvent(new CustomEvent("shell-mount", { detail: state, bubbles: true }));
      });
    } catch {
      this.mountState = "lost";
      this.problem = "handshake-refused";
    }
  }
}
