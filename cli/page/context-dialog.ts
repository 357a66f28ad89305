/** A dialog that edits the context of the app as JSON. */
import type { Host } from "@breezeway/host";
import {
  css,
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from "lit";
import { controls } from "./styles.ts";

export class DevContextDialog extends LitElement {
  static override readonly properties: PropertyDeclarations = {
    host: { attribute: false },
    fault: { state: true },
  };

  declare host: Host;
  declare fault: string | undefined;

  show(): void {
    const { dialog, text } = this.#parts();
    text.value = JSON.stringify(this.host.context.current, undefined, 2);
    this.fault = undefined;
    dialog.showModal();
  }

  protected override render(): TemplateResult {
    return html`<dialog aria-labelledby="title">
      <form method="dialog" @submit=${(event: SubmitEvent) => this.#apply(event)}>
        <h2 id="title">Context</h2>
        <p id="what" class="muted">
          A JSON value, which the app reads as <code>bridge.context</code>.
        </p>
        <textarea
          rows="12"
          spellcheck="false"
          autofocus
          aria-labelledby="title"
          aria-describedby="what fault"
          aria-invalid=${this.fault === undefined ? nothing : "true"}
        ></textarea>
        <p id="fault" role="alert">${this.fault ?? nothing}</p>
        <div class="actions">
          <button type="button" @click=${() => this.#parts().dialog.close()}>Cancel</button>
          <button class="primary">Apply</button>
        </div>
      </form>
    </dialog>`;
  }

  #apply(event: SubmitEvent): void {
    // Malformed JSON keeps the dialog open. The page's policy forbids form submission anyway.
    event.preventDefault();
    const { dialog, text } = this.#parts();
    try {
      this.host.context.set(JSON.parse(text.value));
      dialog.close();
    } catch (error) {
      this.fault = error instanceof SyntaxError ? error.message : String(error);
      text.focus();
    }
  }

  #parts(): { readonly dialog: HTMLDialogElement; readonly text: HTMLTextAreaElement } {
    const dialog = this.renderRoot.querySelector("dialog");
    const text = this.renderRoot.querySelector("textarea");
    if (!dialog || !text)
      throw new TypeError("dev-context-dialog: show() was called before the first rendering.");
    return { dialog, text };
  }

  static override readonly styles: CSSResultGroup = [
    controls,
    css`
      dialog {
        inline-size: min(36rem, 100vw - 2rem);
        padding: 16px;
        border: 1px solid var(--border);
        border-radius: 10px;
        background: var(--bg);
        color: inherit;
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 45%);
      }
      form {
        display: grid;
        gap: 8px;
      }
      h2 {
        font-size: 15px;
        font-weight: 600;
      }
      textarea {
        padding: 8px;
        border: 1px solid var(--border-control);
        border-radius: 6px;
        background: var(--bg-sunken);
        font: 12px/1.5 var(--mono);
        resize: vertical;
      }
      #fault {
        min-block-size: 1.45em;
        color: var(--red);
      }
      .actions {
        display: flex;
        justify-content: end;
        gap: 8px;
      }
    `,
  ];
}
