/** The shell's own toasts. Each one disappears after a few seconds, unless the pointer is over it. */
import { html, type TemplateResult } from "lit";
import { X } from "lucide";
import { icon } from "../ui/icon.ts";
import { LightElement } from "../ui/light-element.ts";

const SHOWN_MS = 5_000;
const MAX_SHOWN = 3;

interface Toast {
  readonly id: number;
  readonly from: string;
  readonly text: string;
}

export class ShellToasts extends LightElement {
  static override properties = { toasts: { state: true } };

  declare toasts: readonly Toast[];
  #nextId = 1;
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** @param from name of the sender */
  show(from: string, text: string): void {
    const toast = { id: this.#nextId++, from, text };
    this.toasts = [...(this.toasts ?? []), toast].slice(-MAX_SHOWN);
    this.#leaveLater(toast);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  override render(): TemplateResult {
    return html`<div class="toasts" role="status">
      ${(this.toasts ?? []).map(
        (toast) =>
          html`<div
            class="toast"
            @pointerenter=${() => clearTimeout(this.#timers.get(toast.id))}
            @pointerleave=${() => this.#leaveLater(toast)}
          >
            <div><strong>${toast.from}</strong><span>${toast.text}</span></div>
            <button
              type="button"
              class="button quiet small icon-only"
              @click=${() => this.#remove(toast.id)}
            >
              ${icon(X)}<span class="visually-hidden">Dismiss</span>
            </button>
          </div>`,
      )}
    </div>`;
  }

  #leaveLater({ id }: Toast): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => this.#remove(id), SHOWN_MS),
    );
  }

  #remove(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }
}
