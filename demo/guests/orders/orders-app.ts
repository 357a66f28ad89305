/** The orders app: lists, shows and creates orders of the active workspace, and changes their status. */
import { html, nothing, type TemplateResult } from "lit";
import { Download, PackageOpen, Plus, Search, SearchX } from "lucide";
import {
  ORDER_STATUSES,
  type Order,
  type OrderList,
  type OrderStatus,
  type OrderSummary,
} from "../../domain/orders.ts";
import { describeProblem, type Description } from "../../ui/describe-problem.ts";
import { day, money } from "../../ui/format.ts";
import { icon } from "../../ui/icon.ts";
import { message, trouble } from "../../ui/message.ts";
import { reasonOfError } from "../../ui/reason-of.ts";
import { GuestApp, type PlatformBridge } from "../guest-app.ts";
import { STATUS_LABELS, statusBadge } from "../order-status-badge.ts";
import { createOrdersApi, type OrdersApi } from "./orders-api.ts";

const PAGE_SIZE = 50;
/** The search starts this long after the last key press. */
const SEARCH_DELAY_MS = 180;

type Panel = { readonly is: "none" } | { readonly is: "order"; readonly id: string };

export class OrdersApp extends GuestApp {
  static override properties = {
    list: { state: true },
    failure: { state: true },
    busy: { state: true },
    status: { state: true },
    search: { state: true },
    limit: { state: true },
    panel: { state: true },
  };

  declare list: OrderList | undefined;
  declare failure: Description | undefined;
  declare busy: boolean;
  declare status: OrderStatus | undefined;
  declare search: string;
  declare limit: number;
  declare panel: Panel;

  #api: OrdersApi | undefined;
  #loading: AbortController | undefined;
  #searchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.busy = false;
    this.search = "";
    this.limit = PAGE_SIZE;
    // The shell reopens the app at its last path. The path of an order is its number.
    const id = /^\/(\d+)$/.exec(location.pathname)?.[1];
    this.panel = id === undefined ? { is: "none" } : { is: "order", id };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#loading?.abort();
    clearTimeout(this.#searchTimer);
  }

  protected override start(bridge: PlatformBridge): void {
    this.#api = createOrdersApi(bridge);
    if (this.ui?.modal) return void this.ui.autoResize(this);
    let tenantId = bridge.session.current?.tenantId;
    if (tenantId !== undefined) void this.#load();
    bridge.session.subscribe((session) => {
      if (session?.tenantId === tenantId) return;
      tenantId = session?.tenantId;
      // The displayed list belongs to the previous workspace.
      this.list = undefined;
      this.#open({ is: "none" });
      if (session !== null) void this.#load();
    });
  }

  protected override renderLoading(): TemplateResult {
    return html`<main class="orders" aria-label="Orders">${skeleton()}</main>`;
  }

  protected override renderApp(bridge: PlatformBridge): TemplateResult {
    const { panel } = this;
    if (this.ui?.modal?.name === "new-order") {
      return html`<main class="orders in-dialog" aria-label="New order">
        <new-order-form
          .api=${this.#api}
          .bridge=${bridge}
          .isPage=${true}
          @orders-changed=${(event: CustomEvent<Order>) =>
            void this.ui?.closeModal(event.detail.id)}
          @orders-close=${() => void this.ui?.closeModal()}
        ></new-order-form>
      </main>`;
    }
    return html`<main class="orders" aria-label="Orders">
      <h1 class="visually-hidden">Orders</h1>
      <div class="toolbar">
        <div class="tabs" role="group" aria-label="Status">
          ${this.#tab(undefined, "All")}
          ${ORDER_STATUSES.map((status) => this.#tab(status, STATUS_LABELS[status]))}
        </div>
        <div class="toolbar-end">
          <label class="search">
            <span class="visually-hidden">Search orders</span>${icon(Search)}
            <input
              class="input"
              type="search"
              placeholder="Order or customer"
              .value=${this.search}
              @input=${(event: InputEvent) => this.#onSearch(event)}
            />
          </label>
          <button class="button" type="button" @click=${() => void this.#export()}>
            ${icon(Download)}<span class="wide-text">Export</span>
          </button>
          <button class="button primary" type="button" @click=${() => void this.#create()}>
            ${icon(Plus)} New order
          </button>
        </div>
      </div>
      <div class="list" aria-busy=${this.busy}>${this.#content()}</div>
      ${
        panel.is === "order"
          ? html`<order-detail
              .api=${this.#api}
              .bridge=${bridge}
              .ui=${this.ui}
              .orderId=${panel.id}
              @orders-changed=${(event: CustomEvent<Order>) => this.#announce(event.detail)}
              @orders-close=${() => this.#open({ is: "none" })}
            ></order-detail>`
          : nothing
      }
    </main>`;
  }

  #tab(status: OrderStatus | undefined, label: string): TemplateResult {
    const counts = this.list?.counts;
    const count =
      counts &&
      (status === undefined
        ? Object.values(counts).reduce((sum, value) => sum + value, 0)
        : counts[status]);
    return html`<button
      type="button"
      class="tab"
      aria-pressed=${this.status === status}
      @click=${() => this.#show(status)}
    >
      ${label}${count === undefined ? nothing : html`<span class="tab-count">${count}</span>`}
    </button>`;
  }

  #content(): TemplateResult {
    if (this.failure !== undefined) {
      return trouble(this.failure, {
        actions:
          this.failure.action === "retry"
            ? html`<button class="button" type="button" @click=${() => void this.#load()}>
                Try again
              </button>`
            : undefined,
      });
    }
    if (this.list === undefined) return skeleton();
    if (this.list.orders.length === 0) {
      return this.search === ""
        ? message({
            symbol: PackageOpen,
            title: "No orders",
            text: "This workspace has no orders with this status.",
          })
        : message({
            symbol: SearchX,
            title: "No order matches",
            text: `No order number or customer contains “${this.search}”. Try another search.`,
          });
    }
    const rest = this.list.total - this.list.orders.length;
    return html`<table class="table">
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">Customer</th>
            <th scope="col" class="wide-only">Placed</th>
            <th scope="col" class="number wide-only">Items</th>
            <th scope="col">Status</th>
            <th scope="col" class="number">Total</th>
          </tr>
        </thead>
        <tbody>
          ${this.list.orders.map((order) => this.#row(order))}
        </tbody>
      </table>
      ${
        rest > 0
          ? html`<div class="more">
              <button
                class="button"
                type="button"
                @click=${() => {
                  this.limit += PAGE_SIZE;
                  void this.#load();
                }}
              >
                Show more (${rest} left)
              </button>
            </div>`
          : nothing
      }`;
  }

  #row(order: OrderSummary): TemplateResult {
    const isOpen = this.panel.is === "order" && this.panel.id === order.id;
    return html`<tr class=${isOpen ? "selected" : ""} data-order=${order.id}>
      <td>
        <button
          type="button"
          class="row-link number"
          @click=${() => this.#open({ is: "order", id: order.id })}
        >
          #${order.id}
        </button>
      </td>
      <td class="truncate customer">${order.customer.name}</td>
      <td class="muted wide-only">${day(order.placedAt)}</td>
      <td class="number muted wide-only">${order.itemCount}</td>
      <td>${statusBadge(order.status)}</td>
      <td class="number">${money(order.totalMinor, order.currency)}</td>
    </tr>`;
  }

  #show(status: OrderStatus | undefined): void {
    this.status = status;
    this.limit = PAGE_SIZE;
    void this.#load();
  }

  #onSearch(event: InputEvent): void {
    this.search = (event.target as HTMLInputElement).value;
    clearTimeout(this.#searchTimer);
    this.#searchTimer = setTimeout(() => void this.#load(), SEARCH_DELAY_MS);
  }

  /** Puts the open order into the path, so that a link or a reload opens it again. */
  #open(panel: Panel): void {
    this.panel = panel;
    history.replaceState(null, "", panel.is === "order" ? `/${panel.id}` : "/");
    this.ui?.reportPath().catch(() => undefined);
  }

  /** Opens the form in a dialog of the host, which has enough room even when the app's frame is small. */
  async #create(): Promise<void> {
    try {
      const id = await this.ui?.openModal("new-order");
      const answer = typeof id === "string" ? await this.#api?.get(id) : undefined;
      if (!answer?.ok) return;
      this.#open({ is: "order", id: answer.value.id });
      this.#announce(answer.value);
    } catch (error) {
      this.failure = describeProblem(reasonOfError(error));
    }
  }

  /** Needs a scope that the workspace may not have granted yet. */
  async #export(): Promise<void> {
    try {
      const answer = await this.bridge?.scopes.request(["orders:export"]);
      if (answer === "asked-admin") {
        await this.ui?.showToast("Your administrator was asked to allow the export.");
      }
      if (answer !== "granted") return;
      const file = await this.#api?.export();
      if (file?.ok) save(file.value, "orders.csv");
      else this.failure = file?.problem;
    } catch (error) {
      this.failure = describeProblem(reasonOfError(error));
    }
  }

  /** Shows a toast, and publishes the order to the host, which forwards it to other apps. */
  #announce(order: Order): void {
    this.bridge?.event.publish("order:announced", {
      orderId: order.id,
      customerId: order.customer.id,
      status: order.status,
    });
    // The host refuses toasts above its rate limit. The order is changed either way.
    this.ui
      ?.showToast(`Order #${order.id} is ${order.status}`, { tone: "success" })
      .catch(() => undefined);
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#loading?.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.busy = true;
    const { status, limit } = this;
    const answer = await this.#api?.list({ status, search: this.search.trim(), limit }, signal);
    if (signal.aborted || answer === undefined) return;
    this.busy = false;
    this.failure = answer.ok ? undefined : answer.problem;
    if (answer.ok) this.list = answer.value;
  }
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function skeleton(): TemplateResult {
  return html`<div class="skeleton-list" role="status">
    <span class="visually-hidden">Loading orders…</span>
    ${Array.from({ length: 10 }, () => html`<span class="skeleton"></span>`)}
  </div>`;
}
