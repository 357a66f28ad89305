/**
 * A side panel over the list. It is a modal `<dialog>`, so the browser handles focus and Escape. When the
 * host shows the page in its own dialog, the content fills the page instead.
 */
import { html, type PropertyValues, type TemplateResult } from "lit";
import { X } from "lucide";
import { icon } from "../../ui/icon.ts";
import { LightElement } from "../../ui/light-element.ts";

export abstract class Sheet extends LightElement {
  /** Whether the host shows this page in a dialog, with a heading and a close button. */
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
