/** The form for a new order. */
import { html, nothing, type TemplateResult } from "lit";
import { CircleAlert, Plus, Trash2 } from "lucide";
import type { Customer } from "../../domain/customers.ts";
import type { Order, ProductList } from "../../domain/orders.ts";
import type { Description } from "../../ui/describe-problem.ts";
import { money } from "../../ui/format.ts";
import { icon } from "../../ui/icon.ts";
import { trouble } from "../../ui/message.ts";
import type { PlatformBridge } from "../guest-app.ts";
import type { OrdersApi } from "./orders-api.ts";
import { Sheet } from "./sheet.ts";

const MAX_QUANTITY = 999;

interface Line {
  readonly key: number;
  readonly productId: string;
  readonly quantity: number;
}

export class NewOrderForm extends Sheet {
  static override properties = {
    api: { attribute: false },
    bridge: { attribute: false },
    customers: { state: true },
    catalogue: { state: true },
    customerId: { state: true },
    lines: { state: true },
    failure: { state: true },
    refusal: { state: true },
    saving: { state: true },
  };

  declare api: OrdersApi;
  declare bridge: PlatformBridge;
  declare customers: readonly Customer[] | undefined;
  declare catalogue: ProductList | undefined;
  declare customerId: string;
  declare lines: readonly Line[];
  declare failure: Description | undefined;
  declare refusal: Description | undefined;
  declare saving: boolean;

  #nextKey = 1;

  constructor() {
    super();
    this.customerId = "";
    this.lines = [this.#emptyLine()];
    this.saving = false;
  }

  protected override readonly heading = "New order";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#load();
  }

  protected override renderBody(): TemplateResult {
    if (this.failure !== undefined) {
      return trouble(this.failure, {
        actions: html`<button class="button" type="button" @click=${() => void this.#load()}>
          Try again
        </button>`,
      });
    }
    if (this.customers === undefined || this.catalogue === undefined) {
      return html`<div class="skeleton-list" role="status">
        <span class="visually-hidden">Loading the form…</span>
        ${Array.from({ length: 4 }, () => html`<span class="skeleton"></span>`)}
      </div>`;
    }
    const { currency } = this.catalogue;
    return html`<form class="order-form" @submit=${(event: SubmitEvent) => this.#onSubmit(event)}>
      <div class="sheet-body">
        <div class="field">
          <label for="customer">Customer</label>
          <select
            id="customer"
            class="input"
            required
            @change=${(event: Event) =>
              (this.customerId = (event.target as HTMLSelectElement).value)}
          >
            <option value="" ?selected=${this.customerId === ""}>Choose a customer</option>
            ${this.customers.map(
              ({ id, name }) =>
                html`<option value=${id} ?selected=${id === this.customerId}>${name}</option>`,
            )}
          </select>
        </div>
        <fieldset class="field">
          <legend>Items</legend>
          <div class="form-lines">${this.lines.map((line, index) => this.#line(line, index))}</div>
          <button
            class="button small quiet add-line"
            type="button"
            @click=${() => (this.lines = [...this.lines, this.#emptyLine()])}
          >
            ${icon(Plus)} Add item
          </button>
        </fieldset>
        <div class="field">
          <label for="note">Note <span class="subtle">optional</span></label>
          <textarea id="note" class="input" maxlength="500" rows="2"></textarea>
        </div>
      </div>
      <footer class="sheet-foot">
        ${
          this.refusal
            ? html`<div class="notice" role="alert" data-reason=${this.refusal.reason}>
                ${icon(CircleAlert)}
                <div><strong>${this.refusal.title}.</strong> ${this.refusal.text}</div>
              </div>`
            : nothing
        }
        <div class="form-total">
          <span class="muted">Total</span>
          <output class="order-total">${money(this.#totalMinor(), currency)}</output>
        </div>
        <div class="sheet-actions">
          <button class="button primary" type="submit" ?disabled=${this.saving}>
            ${this.saving ? html`<span class="spinner"></span> Creating…` : "Create order"}
          </button>
          <button class="button quiet" type="button" @click=${() => this.closeSheet()}>
            Discard
          </button>
        </div>
      </footer>
    </form>`;
  }

  #line(line: Line, index: number): TemplateResult {
    const position = index + 1;
    return html`<div class="form-line">
      <select
        class="input"
        required
        aria-label=${`Item ${position}`}
        @change=${(event: Event) =>
          this.#change(line.key, { productId: (event.target as HTMLSelectElement).value })}
      >
        <option value="" ?selected=${line.productId === ""}>Choose an item</option>
        ${this.catalogue?.products.map(
          ({ id, name, unitMinor }) =>
            html`<option value=${id} ?selected=${id === line.productId}>
              ${name} · ${money(unitMinor, this.catalogue?.currency ?? "EUR")}
            </option>`,
        )}
      </select>
      <input
        class="input number"
        type="number"
        required
        min="1"
        max=${MAX_QUANTITY}
        aria-label=${`Quantity of item ${position}`}
        .value=${String(line.quantity)}
        @input=${(event: Event) =>
          this.#change(line.key, { quantity: (event.target as HTMLInputElement).valueAsNumber })}
      />
      <button
        class="button quiet icon-only"
        type="button"
        ?disabled=${this.lines.length === 1}
        @click=${() => (this.lines = this.lines.filter(({ key }) => key !== line.key))}
      >
        ${icon(Trash2)}<span class="visually-hidden">Remove item ${position}</span>
      </button>
    </div>`;
  }

  #change(key: number, change: Partial<Line>): void {
    this.lines = this.lines.map((line) => (line.key === key ? { ...line, ...change } : line));
  }

  #emptyLine(): Line {
    return { key: this.#nextKey++, productId: "", quantity: 1 };
  }

  #totalMinor(): number {
    const prices = new Map(this.catalogue?.products.map(({ id, unitMinor }) => [id, unitMinor]));
    return this.lines.reduce(
      (sum, { productId, quantity }) => sum + (prices.get(productId) ?? 0) * (quantity || 0),
      0,
    );
  }

  async #load(): Promise<void> {
    this.failure = undefined;
    const [customers, catalogue] = await Promise.all([this.api.customers(), this.api.products()]);
    if (!customers.ok) this.failure = customers.problem;
    else if (!catalogue.ok) this.failure = catalogue.problem;
    else {
      this.customers = customers.value.customers;
      this.catalogue = catalogue.value;
    }
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    void this.#save();
  }

  async #save(): Promise<void> {
    if (this.saving) return;
    this.saving = true;
    this.refusal = undefined;
    const answer = await this.api.create({
      customerId: this.customerId,
      note: this.querySelector<HTMLTextAreaElement>("#note")?.value.trim() ?? "",
      lines: this.lines.map(({ productId, quantity }) => ({ productId, quantity })),
    });
    this.saving = false;
    if (!answer.ok) {
      this.refusal = answer.problem;
      return;
    }
    this.dispatchEvent(new CustomEvent<Order>("orders-changed", { detail: answer.value }));
  }
}
