/**
 * A panel from the side over the list: modal, so focus and Escape are the browser's business. Or the
 * whole page, when the host shows it in a dialog of its own.
 */
import { html, type PropertyValues, type TemplateResult } from "lit";
import { X } from "lucide";
import { icon } from "../../ui/icon.ts";
import { LightElement } from "../../ui/light-element.ts";

export abstract class Sheet extends LightElement {
  /** The host has a dialog around this page, with a heading and a button to close it. */
  isPage = false;

  protected override firstUpdated(changed: PropertyValues): void {
    super.firstUpdated(changed);
    this.querySelector("dialog")?.showModal();
  }

  protected abstract readonly heading: string;
  protected abstract renderBody(): TemplateResult;

  override render(): TemplateResult {
    if (this.isPage) return html`<div class="sheet-content">${this.renderBody()}</div>`;
    return html`<dialog
      class="sheet"
      aria-labelledby="sheet-title"
      @close=${() => this.dispatchEvent(new CustomEvent("orders-close"))}
      @click=${(event: MouseEvent) => {
        if (event.target === event.currentTarget) this.closeSheet();
      }}
    >
      <div class="sheet-content">
        <header class="sheet-head">
          <h2 id="sheet-title">${this.heading}</h2>
          <button
            type="button"
            class="button quiet small icon-only"
            @click=${() => this.closeSheet()}
          >
            ${icon(X)}<span class="visually-hidden">Close</span>
          </button>
        </header>
        ${this.renderBody()}
      </div>
    </dialog>`;
  }

  protected closeSheet(): void {
    if (this.isPage) this.dispatchEvent(new CustomEvent("orders-close"));
    else this.querySelector("dialog")?.close();
  }
}
