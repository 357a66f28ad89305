/** The shell's own page: the list of customers, and apps in panes beside the selected customer. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Mail, MapPin, Phone, Search, SearchX, UserRound, X } from "lucide";
import type { CustomerList, CustomerRow } from "../domain/customers.ts";
import { avatar } from "../ui/avatar.ts";
import type { Description } from "../ui/describe-problem.ts";
import { day, plural, roundMoney } from "../ui/format.ts";
import { icon } from "../ui/icon.ts";
import { LightElement } from "../ui/light-element.ts";
import { message, trouble } from "../ui/message.ts";
import { pathOf } from "./route.ts";

export type CustomersState =
  | { readonly is: "loading" }
  | { readonly is: "failed"; readonly problem: Description }
  | { readonly is: "ready"; readonly list: CustomerList };

export class ShellCustomers extends LightElement {
  static override properties = {
    state: { attribute: false },
    selectedId: { attribute: false },
    panes: { attribute: false },
    search: { state: true },
  };

  declare state: CustomersState;
  declare selectedId: string | undefined;
  /** Rendered panes, which stand beside the selected customer. */
  declare panes: unknown;
  declare search: string;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("state") && this.search === undefined) this.search = "";
  }

  override render(): TemplateResult {
    const selected =
      this.state.is === "ready"
        ? this.state.list.customers.find(({ id }) => id === this.selectedId)
        : undefined;
    return html`<section class="customers ${this.selectedId === undefined ? "" : "with-record"}">
      <div class="customers-list">
        <header class="page-head">
          <div>
            <h1 tabindex="-1">Customers</h1>
            <p class="subtle">
              ${
                this.state.is === "ready"
                  ? plural(this.state.list.customers.length, "customer", "customers")
                  : " "
              }
            </p>
          </div>
          <label class="search">
            <span class="visually-hidden">Search customers</span>${icon(Search)}
            <input
              class="input"
              type="search"
              placeholder="Search customers"
              .value=${this.search}
              @input=${(event: InputEvent) => (this.search = (event.target as HTMLInputElement).value)}
            />
          </label>
        </header>
        ${this.#list()}
      </div>
      ${
        this.selectedId === undefined || this.state.is !== "ready"
          ? nothing
          : this.#record(selected)
      }
    </section>`;
  }

  #list(): TemplateResult {
    if (this.state.is === "loading") return skeletonRows();
    if (this.state.is === "failed") {
      return trouble(this.state.problem, {
        actions: html`<button
          class="button"
          type="button"
          @click=${() => this.#announce("shell-retry")}
        >
          Try again
        </button>`,
      });
    }
    const { customers, currency } = this.state.list;
    const wanted = this.search.trim().toLowerCase();
    const shown = customers.filter((row) =>
      [row.name, row.contact, row.city, row.segment].some((text) =>
        text.toLowerCase().includes(wanted),
      ),
    );
    if (shown.length === 0) {
      return message({
        symbol: SearchX,
        title: "No customer matches",
        text: `No name, contact, city or segment contains “${this.search}”. Try another search.`,
      });
    }
    return html`<div class="table-scroll">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Customer</th>
            <th scope="col" class="wide-only">Segment</th>
            <th scope="col" class="number wide-only">Orders</th>
            <th scope="col" class="number">Lifetime value</th>
          </tr>
        </thead>
        <tbody @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
          ${shown.map((row) => this.#row(row, currency))}
        </tbody>
      </table>
    </div>`;
  }

  #row(row: CustomerRow, currency: string): TemplateResult {
    const isSelected = row.id === this.selectedId;
    return html`<tr class=${isSelected ? "selected" : ""}>
      <td>
        <div class="customer-cell">
          ${avatar(row.name)}
          <div class="customer-text">
            <a
              class="row-link"
              href=${pathOf({ name: "customers", customerId: row.id })}
              aria-current=${isSelected ? "true" : nothing}
              >${row.name}</a
            >
            <div class="subtle truncate">${row.contact} · ${row.city}</div>
          </div>
        </div>
      </td>
      <td class="muted wide-only">${row.segment}</td>
      <td class="number wide-only">${row.orderCount}</td>
      <td class="number">${roundMoney(row.lifetimeMinor, currency)}</td>
    </tr>`;
  }

  #record(customer: CustomerRow | undefined): TemplateResult {
    const close = html`<a class="button quiet small icon-only record-close" href="/customers">
      ${icon(X)}<span class="visually-hidden">Close customer</span>
    </a>`;
    if (customer === undefined) {
      return html`<aside class="record" aria-label="Customer">
        ${close}
        ${message({
          symbol: UserRound,
          title: "Customer not found",
          text: "The customer may belong to another workspace.",
        })}
      </aside>`;
    }
    return html`<aside class="record" aria-label=${customer.name}>
      ${close}
      <header class="record-head">
        ${avatar(customer.name, "large")}
        <div>
          <h2>${customer.name}</h2>
          <p class="subtle">${customer.segment} · since ${day(customer.since)}</p>
        </div>
      </header>
      <ul class="record-facts">
        <li>${icon(UserRound)}<span class="truncate">${customer.contact}</span></li>
        <li>${icon(Mail)}<span class="truncate">${customer.email}</span></li>
        <li>${icon(Phone)}<span class="truncate">${customer.phone}</span></li>
        <li>${icon(MapPin)}<span class="truncate">${customer.city}, ${customer.country}</span></li>
      </ul>
      ${this.panes}
    </aside>`;
  }

  /** The up and down arrow keys select the previous and next row, as in a list box. */
  #onKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const links = [...this.querySelectorAll<HTMLAnchorElement>("a.row-link")];
    const current = links.findIndex((link) => link === document.activeElement);
    const target = links[current + (event.key === "ArrowDown" ? 1 : -1)];
    if (target === undefined) return;
    event.preventDefault();
    target.focus();
    target.click();
  }

  #announce(type: string): void {
    this.dispatchEvent(new CustomEvent(type));
  }
}

function skeletonRows(): TemplateResult {
  return html`<div class="skeleton-rows" role="status">
    <span class="visually-hidden">Loading customers…</span>
    ${Array.from(
      { length: 9 },
      () =>
        html`<div class="skeleton-row">
          <span class="skeleton round"></span><span class="skeleton long"></span
          ><span class="skeleton short"></span>
        </div>`,
    )}
  </div>`;
}
