import { BridgeController } from "@breezeway/guest/lit";
import { html, LitElement, type TemplateResult } from "lit";
import { contract, type Customer } from "../guest-contract.ts";

class CustomerNotes extends LitElement {
  readonly #host = new BridgeController(this, { contract });
  #customer: Customer | undefined;
  #saved = "";

  constructor() {
    super();
    // The topic is retained: the customer of the moment comes at once.
    this.#host.on("customer:changed", (customer) => {
      this.#customer = customer;
      this.requestUpdate();
    });
  }

  protected override render(): TemplateResult {
    const { session, state, error } = this.#host;
    if (error) return html`<p>Open this from the host.</p>`;
    if (state === "connecting") return html`<p>Connecting…</p>`;
    if (session === null) return html`<p>Sign in to write notes.</p>`;
    return html`
      <form @submit=${(event: SubmitEvent) => this.#save(event)}>
        <h1>Notes on ${this.#customer?.name ?? "…"}</h1>
        <p>You are ${session.userId} of ${session.tenantId}.</p>
        <input name="text" aria-label="Note" />
        <button ?disabled=${state !== "connected"}>Save</button>
        <output>${this.#saved}</output>
      </form>
    `;
  }

  #save(event: SubmitEvent): void {
    event.preventDefault();
    const text = new FormData(event.target as HTMLFormElement).get("text");
    if (typeof text !== "string") return;
    const customerId = this.#customer?.id ?? "";
    this.#host.bridge?.event.publish("note:saved", { customerId, text });
    this.#saved = text;
    this.requestUpdate();
  }
}

customElements.define("customer-notes", CustomerNotes);
