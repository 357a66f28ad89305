/** Shows one order with its lines and the possible next statuses. */
import type { AppUi } from "@breezeway/guest/ui";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ArrowUpRight, CircleAlert } from "lucide";
import { nextStatuses, type Order, type OrderStatus } from "../../domain/orders.ts";
import { describeProblem, type Description } from "../../ui/describe-problem.ts";
import { dayAndTime, money } from "../../ui/format.ts";
import { icon } from "../../ui/icon.ts";
import { trouble } from "../../ui/message.ts";
import { reasonOfError } from "../../ui/reason-of.ts";
import type { PlatformBridge } from "../guest-app.ts";
import { statusBadge } from "../order-status-badge.ts";
import type { OrdersApi } from "./orders-api.ts";
import { Sheet } from "./sheet.ts";

const STEP_LABELS: Readonly<Record<OrderStatus, string>> = {
  new: "Reopen",
  confirmed: "Confirm order",
  shipped: "Mark as shipped",
  delivered: "Mark as delivered",
  cancelled: "Cancel order",
};

export class OrderDetail extends Sheet {
  static override properties = {
    api: { attribute: false },
    bridge: { attribute: false },
    ui: { attribute: false },
    orderId: { attribute: false },
    order: { state: true },
    failure: { state: true },
    refusal: { state: true },
    pending: { state: true },
  };

  declare api: OrdersApi;
  declare bridge: PlatformBridge;
  declare ui: AppUi;
  declare orderId: string;
  declare order: Order | undefined;
  /** Why the order could not be loaded. */
  declare failure: Description | undefined;
  /** Why the last change was refused. The order is still shown. */
  declare refusal: Description | undefined;
  declare pending: OrderStatus | undefined;

  protected override get heading(): string {
    return `Order #${this.orderId}`;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("orderId")) void this.#load();
  }

  protected override renderBody(): TemplateResult {
    if (this.failure !== undefined) {
      return trouble(this.failure, {
        actions: html`<button class="button" type="button" @click=${() => void this.#load()}>
          Try again
        </button>`,
      });
    }
    const { order } = this;
    if (order === undefined) {
      return html`<div class="skeleton-list" role="status">
        <span class="visually-hidden">Loading the order…</span>
        ${Array.from({ length: 5 }, () => html`<span class="skeleton"></span>`)}
      </div>`;
    }
    return html`<div class="sheet-body">
        <div class="order-summary">
          <div>
            <p class="order-total">${money(order.totalMinor, order.currency)}</p>
            <p class="subtle">
              Placed
              ${dayAndTime(order.placedAt)}${
                order.createdBy === "import" ? nothing : ` by ${order.createdBy}`
              }
            </p>
          </div>
          ${statusBadge(order.status)}
        </div>
        <div class="order-customer">
          <div>
            <p class="section-title">Customer</p>
            <p>${order.customer.name}</p>
          </div>
          ${
            this.bridge.can("customers:open")
              ? html`<button
                  class="button small"
                  type="button"
                  @click=${() => void this.#openCustomer()}
                >
                  Open ${icon(ArrowUpRight)}
                </button>`
              : nothing
          }
        </div>
        ${this.#lines(order)}
        ${
          order.note === ""
            ? nothing
            : html`<div>
                <p class="section-title">Note</p>
                <p>${order.note}</p>
              </div>`
        }
      </div>
      ${this.#steps(order)}`;
  }

  #lines(order: Order): TemplateResult {
    return html`<table class="lines">
      <thead>
        <tr>
          <th scope="col">Item</th>
          <th scope="col" class="number">Qty</th>
          <th scope="col" class="number">Amount</th>
        </tr>
      </thead>
      <tbody>
        ${order.lines.map(
          (line) =>
            html`<tr>
              <td>${line.name}<span class="subtle mono sku">${line.sku}</span></td>
              <td class="number">${line.quantity}</td>
              <td class="number">${money(line.quantity * line.unitMinor, order.currency)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  #steps(order: Order): unknown {
    const steps = nextStatuses(order.status);
    if (steps.length === 0 && this.refusal === undefined) return nothing;
    return html`<footer class="sheet-foot">
      ${
        this.refusal
          ? html`<div class="notice" role="alert" data-reason=${this.refusal.reason}>
              ${icon(CircleAlert)}
              <div><strong>${this.refusal.title}.</strong> ${this.refusal.text}</div>
            </div>`
          : nothing
      }
      <div class="sheet-actions">
        ${steps.map(
          (status) =>
            html`<button
              type="button"
              class="button ${status === "cancelled" ? "quiet danger" : "primary"}"
              ?disabled=${this.pending !== undefined}
              aria-busy=${this.pending === status}
              @click=${() => void this.#take(status)}
            >
              ${this.pending === status ? html`<span class="spinner"></span>` : nothing}
              ${STEP_LABELS[status]}
            </button>`,
        )}
      </div>
    </footer>`;
  }

  async #load(): Promise<void> {
    this.order = undefined;
    this.failure = undefined;
    this.refusal = undefined;
    const answer = await this.api.get(this.orderId);
    if (answer.ok) this.order = answer.value;
    else this.failure = answer.problem;
  }

  async #take(status: OrderStatus): Promise<void> {
    if (status === "cancelled" && !(await this.#isSureToCancel())) return;
    this.pending = status;
    this.refusal = undefined;
    const answer = await this.api.changeStatus(this.orderId, status);
    this.pending = undefined;
    if (answer.ok) {
      this.order = answer.value;
      this.dispatchEvent(new CustomEvent<Order>("orders-changed", { detail: answer.value }));
      return;
    }
    if (answer.problem.reason === "status-refused") await this.#load();
    this.refusal = answer.problem;
  }

  async #isSureToCancel(): Promise<boolean> {
    try {
      return await this.ui.confirm({
        title: `Cancel order #${this.orderId}?`,
        text: `${this.order?.customer.name ?? "The customer"} will not get these items. A cancelled order stays in the list.`,
        confirmLabel: "Cancel order",
        cancelLabel: "Keep it",
        tone: "danger",
      });
    } catch (error) {
      this.refusal = describeProblem(reasonOfError(error));
      return false;
    }
  }

  async #openCustomer(): Promise<void> {
    if (this.order === undefined) return;
    try {
      await this.bridge.method.call("openCustomer", this.order.customer.id);
    } catch (error) {
      this.refusal = describeProblem(reasonOfError(error));
    }
  }
}
