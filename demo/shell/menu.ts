/**
 * A button that opens a menu, after the menu button pattern of the ARIA Authoring Practices Guide. Arrow
 * keys, Home and End move through the items. Escape, Tab and a click elsewhere close the menu.
 */
import { html, nothing, type TemplateResult } from "lit";
import { Check } from "lucide";
import { icon } from "../ui/icon.ts";
import { LightElement } from "../ui/light-element.ts";

export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly leading?: TemplateResult;
  /** Set for an item of a radio group: whether it is the selected one. */
  readonly checked?: boolean;
}

export class ShellMenu extends LightElement {
  static override properties = {
    label: { attribute: false },
    trigger: { attribute: false },
    items: { attribute: false },
    placement: { attribute: false },
    open: { state: true },
  };

  /** Name of the menu for screen readers. */
  declare label: string;
  /** Content of the button. */
  declare trigger: TemplateResult;
  declare items: readonly MenuItem[];
  declare placement: "below" | "above";
  declare open: boolean;

  #closing: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#closing?.abort();
  }

  override render(): TemplateResult {
    return html`<div class="menu" @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
      <button
        class="menu-trigger"
        type="button"
        aria-haspopup="menu"
        aria-expanded=${this.open ?? false}
        @click=${() => (this.open ? this.#close() : void this.#show())}
      >
        <span class="visually-hidden">${this.label}:</span>${this.trigger}
      </button>
      <div
        class="menu-list ${this.placement ?? "below"}"
        role="menu"
        aria-label=${this.label}
        ?hidden=${!this.open}
      >
        ${this.items.map((item) => this.#item(item))}
      </div>
    </div>`;
  }

  #item(item: MenuItem): TemplateResult {
    const isChoice = item.checked !== undefined;
    return html`<button
      type="button"
      class="menu-item"
      role=${isChoice ? "menuitemradio" : "menuitem"}
      aria-checked=${isChoice ? item.checked : nothing}
      tabindex="-1"
      @click=${() => this.#choose(item)}
    >
      ${item.leading ?? nothing}
      <span class="menu-item-label">${item.label}</span>
      ${item.checked ? icon(Check) : nothing}
    </button>`;
  }

  #choose(item: MenuItem): void {
    this.#close();
    this.querySelector<HTMLElement>(".menu-trigger")?.focus();
    this.dispatchEvent(new CustomEvent<string>("shell-choose", { detail: item.id }));
  }

  async #show(): Promise<void> {
    this.open = true;
    this.#closing = new AbortController();
    const { signal } = this.#closing;
    const closeOutside = (event: Event): void => {
      if (!event.composedPath().includes(this)) this.#close();
    };
    document.addEventListener("pointerdown", closeOutside, { signal });
    document.addEventListener("focusin", closeOutside, { signal });
    // A click in a guest's frame sends this document no pointer event, only `blur`.
    window.addEventListener("blur", () => this.#close(), { signal });
    await this.updateComplete;
    this.#focusItem(
      Math.max(
        0,
        this.items.findIndex((item) => item.checked),
      ),
    );
  }

  #close(): void {
    this.open = false;
    this.#closing?.abort();
  }

  #focusItem(index: number): void {
    const items = [...this.querySelectorAll<HTMLElement>(".menu-item")];
    items[(index + items.length) % items.length]?.focus();
  }

  #onKey(event: KeyboardEvent): void {
    if (!this.open) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      void this.#show();
      return;
    }
    const current = [...this.querySelectorAll(".menu-item")].indexOf(
      document.activeElement ?? this,
    );
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      Home: 0,
      End: this.items.length - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      this.#focusItem(target);
    } else if (event.key === "Escape" || event.key === "Tab") {
      this.#close();
      this.querySelector<HTMLElement>(".menu-trigger")?.focus();
    }
  }
}
