/** The sidebar: workspace menu, navigation and account menu. */
import { html, nothing, type TemplateResult } from "lit";
import {
  ChevronsUpDown,
  LogOut,
  Menu,
  Moon,
  Package,
  Puzzle,
  ScanSearch,
  Sun,
  Users,
  type IconNode,
} from "lucide";
import { avatar } from "../ui/avatar.ts";
import { icon } from "../ui/icon.ts";
import { LightElement } from "../ui/light-element.ts";
import type { Scheme } from "./appearance.ts";
import { brandMark } from "./brand.ts";
import type { MenuItem } from "./menu.ts";
import { pathOf, type Route } from "./route.ts";

export interface SidebarApp {
  readonly id: string;
  readonly label: string;
  readonly icon: string | undefined;
}

export interface SidebarTenant {
  readonly id: string;
  readonly name: string;
}

const ICONS: Readonly<Record<string, IconNode>> = { package: Package, "scan-search": ScanSearch };

export class ShellSidebar extends LightElement {
  static override properties = {
    route: { attribute: false },
    apps: { attribute: false },
    tenants: { attribute: false },
    tenantId: { attribute: false },
    person: { attribute: false },
    scheme: { attribute: false },
    open: { state: true },
  };

  declare route: Route;
  declare apps: readonly SidebarApp[];
  declare tenants: readonly SidebarTenant[];
  declare tenantId: string;
  declare person: { readonly name: string; readonly title: string };
  declare scheme: Scheme;
  /** Whether the navigation is open on a narrow screen. */
  declare open: boolean;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has("route")) this.open = false;
  }

  override render(): TemplateResult {
    return html`
      <div class="sidebar-brand">
        ${brandMark()}<span class="brand-name">Porchlight</span>
        <button
          type="button"
          class="button quiet icon-only sidebar-toggle"
          aria-expanded=${this.open}
          aria-controls="sidebar-content"
          @click=${() => (this.open = !this.open)}
        >
          ${icon(Menu)}<span class="visually-hidden">Navigation</span>
        </button>
      </div>
      <div class="sidebar-content ${this.open ? "open" : ""}" id="sidebar-content">
        ${this.#tenantMenu()}
        <nav aria-label="Main">
          <ul>
            ${this.#link("/customers", "Customers", { symbol: Users, on: this.route.name === "customers" })}
          </ul>
          <h2 class="section-title" id="apps-title">Apps</h2>
          <ul aria-labelledby="apps-title">
            ${this.apps.map((app) =>
              this.#link(pathOf({ name: "app", appId: app.id, path: undefined }), app.label, {
                symbol: ICONS[app.icon ?? ""] ?? Puzzle,
                on: this.route.name === "app" && this.route.appId === app.id,
              }),
            )}
          </ul>
        </nav>
        ${this.#personMenu()}
      </div>
    `;
  }

  #link(href: string, label: string, look: { symbol: IconNode; on: boolean }): TemplateResult {
    return html`<li>
      <a class="nav-link" href=${href} aria-current=${look.on ? "page" : nothing}>
        ${icon(look.symbol)} ${label}
      </a>
    </li>`;
  }

  #tenantMenu(): TemplateResult {
    const name = this.tenants.find(({ id }) => id === this.tenantId)?.name ?? this.tenantId;
    const items = this.tenants.map((tenant): MenuItem => ({
      id: tenant.id,
      label: tenant.name,
      leading: avatar(tenant.name, "small square"),
      checked: tenant.id === this.tenantId,
    }));
    return html`<shell-menu
      class="tenant-menu"
      .label=${"Workspace"}
      .items=${items}
      .trigger=${html`${avatar(name, "small square")}
        <span class="truncate">${name}</span>${icon(ChevronsUpDown)}`}
      @shell-choose=${(event: CustomEvent<string>) => this.#announce("shell-tenant", event.detail)}
    ></shell-menu>`;
  }

  #personMenu(): TemplateResult {
    const dark = this.scheme === "dark";
    const items: readonly MenuItem[] = [
      {
        id: "scheme",
        label: dark ? "Light appearance" : "Dark appearance",
        leading: icon(dark ? Sun : Moon),
      },
      { id: "sign-out", label: "Sign out", leading: icon(LogOut) },
    ];
    return html`<shell-menu
      class="person-menu"
      .label=${"Account"}
      .placement=${"above"}
      .items=${items}
      .trigger=${html`${avatar(this.person.name)}
        <span class="person-menu-text">
          <span class="truncate">${this.person.name}</span>
          <span class="subtle truncate">${this.person.title}</span>
        </span>
        ${icon(ChevronsUpDown)}`}
      @shell-choose=${(event: CustomEvent<string>) => this.#announce(`shell-${event.detail}`)}
    ></shell-menu>`;
  }

  #announce(type: string, detail?: string): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
