/** The customer insights app: sales figures of the customer that is selected in the host. */
import { html, type TemplateResult } from "lit";
import { MousePointerClick, PackageOpen } from "lucide";
import { customerInsightsSchema, type CustomerInsights } from "../../domain/customers.ts";
import type { OrderSummary } from "../../domain/orders.ts";
import { describeProblem, type Description } from "../../ui/describe-problem.ts";
import { day, money, plural, roundMoney } from "../../ui/format.ts";
import { message, trouble } from "../../ui/message.ts";
import { reasonOfError } from "../../ui/reason-of.ts";
import { callGateway } from "../call-gateway.ts";
import { GuestApp, type PlatformBridge } from "../guest-app.ts";
import { statusBadge } from "../order-status-badge.ts";
import { revenueChart } from "./revenue-chart.ts";

export class CustomerPane extends GuestApp {
  static override properties = {
    customerId: { state: true },
    insights: { state: true },
    failure: { state: true },
  };

  /** `undefined` until the host has answered, and `null` when no customer is selected. */
  declare customerId: string | null | undefined;
  declare insights: CustomerInsights | undefined;
  declare failure: Description | undefined;

  #loading: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#loading?.abort();
  }

  protected override start(bridge: PlatformBridge): void {
    this.ui?.autoResize(this);
    void this.#askForCustomer(bridge);
    bridge.event.subscribe("customer:changed", ({ customerId }) => this.#show(bridge, customerId));
    bridge.event.subscribe("order:changed", ({ customerId }) => {
      if (customerId === this.customerId) void this.#load(bridge);
    });
    let tenantId = bridge.session.current?.tenantId;
    bridge.session.subscribe((session) => {
      if (session?.tenantId === tenantId) return;
      tenantId = session?.tenantId;
      this.#loading?.abort();
      this.customerId = null;
      this.insights = undefined;
    });
  }

  protected override renderLoading(): TemplateResult {
    return html`<main class="insights" aria-label="Insights">${skeleton()}</main>`;
  }

  protected override renderApp(bridge: PlatformBridge): TemplateResult {
    return html`<main class="insights" aria-label="Insights">${this.#content(bridge)}</main>`;
  }

  #content(bridge: PlatformBridge): TemplateResult {
    if (this.failure !== undefined) {
      return trouble(this.failure, {
        actions:
          this.failure.action === "retry"
            ? html`<button class="button" type="button" @click=${() => void this.#load(bridge)}>
                Try again
              </button>`
            : undefined,
      });
    }
    if (this.customerId === null) {
      return message({
        symbol: MousePointerClick,
        title: "No customer selected",
        text: "Choose a customer in the list to see their figures here.",
      });
    }
    const { insights } = this;
    if (insights === undefined) return skeleton();
    const { currency } = insights;
    return html`<h1 class="visually-hidden">Insights for ${insights.customer.name}</h1>
      <dl class="figures">
        ${figure("Lifetime value", roundMoney(insights.lifetimeMinor, currency))}
        ${figure("Average order", roundMoney(insights.averageMinor, currency))}
        ${figure("Orders", String(insights.orderCount))}
        ${figure("Open", String(insights.openCount))}
      </dl>
      <section class="block">
        <h2 class="section-title">
          Revenue, last ${plural(insights.months.length, "month", "months")}
        </h2>
        ${revenueChart(insights.months, currency)}
      </section>
      <section class="block">
        <h2 class="section-title">Recent orders</h2>
        ${
          insights.recent.length === 0
            ? message({
                symbol: PackageOpen,
                title: "No orders yet",
                text: "The customer’s first order will appear here.",
              })
            : html`<ul class="recent">
                ${insights.recent.map((order) => recentOrder(order, () => this.#openOrder(order.id)))}
              </ul>`
        }
      </section>`;
  }

  /** Asks for the customer that is selected before the first `customer:changed` event. */
  async #askForCustomer(bridge: PlatformBridge): Promise<void> {
    try {
      const customerId = await bridge.method.call("getCurrentCustomerId");
      if (this.customerId === undefined) this.#show(bridge, customerId);
    } catch (error) {
      this.failure = describeProblem(reasonOfError(error));
    }
  }

  /** Opens the order in the orders app. */
  #openOrder(id: string): void {
    this.ui?.navigate({ app: "orders", path: `/${id}` }).catch((error: unknown) => {
      this.failure = describeProblem(reasonOfError(error));
    });
  }

  #show(bridge: PlatformBridge, customerId: string | null): void {
    if (customerId === this.customerId) return;
    this.customerId = customerId;
    this.insights = undefined;
    void this.#load(bridge);
  }

  async #load(bridge: PlatformBridge): Promise<void> {
    this.#loading?.abort();
    this.failure = undefined;
    if (typeof this.customerId !== "string") return;
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    const answer = await callGateway(bridge, {
      path: `/customers/${encodeURIComponent(this.customerId)}`,
      schema: customerInsightsSchema,
      signal,
    });
    if (signal.aborted) return;
    if (answer.ok) this.insights = answer.value;
    else this.failure = answer.problem;
  }
}

function figure(name: string, value: string): TemplateResult {
  return html`<div class="figure">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function recentOrder(order: OrderSummary, open: () => void): TemplateResult {
  return html`<li>
    <div>
      <button type="button" class="row-link recent-id" @click=${open}>#${order.id}</button>
      <span class="subtle">${day(order.placedAt)}</span>
    </div>
    ${statusBadge(order.status)}
    <span class="number">${money(order.totalMinor, order.currency)}</span>
  </li>`;
}

function skeleton(): TemplateResult {
  return html`<div class="skeleton-list" role="status">
    <span class="visually-hidden">Loading…</span>
    ${Array.from({ length: 7 }, () => html`<span class="skeleton"></span>`)}
  </div>`;
}
