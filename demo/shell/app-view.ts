/** Elements that mount an app: as the whole page, or in a pane beside a record. */
import type { MountState } from "@breezeway/host";
import type { AppPathDetail, AppStateDetail } from "@breezeway/host/element";
import { html, type TemplateResult } from "lit";
import { LightElement } from "../ui/light-element.ts";
import type { AppPlacement, PlatformHost } from "./platform-host.ts";

const LOOKS: Readonly<Record<MountState, readonly [colour: string, label: string]>> = {
  connecting: ["amber", "Connecting"],
  connected: ["green", "Connected"],
  lost: ["red", "Not connected"],
  closed: ["", "Closed"],
};

export class ShellAppView extends LightElement {
  static override properties = {
    place: { attribute: false },
    path: { attribute: false },
    host: { attribute: false },
    mountState: { state: true },
  };

  declare place: AppPlacement;
  /** Path of the app's page. Default: the placement's path. */
  declare path: string | undefined;
  declare host: PlatformHost;
  declare mountState: MountState;

  constructor() {
    super();
    this.mountState = "connecting";
  }

  override render(): TemplateResult {
    const { app } = this.place;
    const [colour, label] = LOOKS[this.mountState];
    return html`<section class="app-view">
      <header class="app-head">
        <div class="app-head-title">
          <h1 tabindex="-1">${app.name}</h1>
          <span class="origin mono truncate">${app.origin}</span>
        </div>
        <span class="badge ${colour}" role="status" data-testid="mount-state">${label}</span>
      </header>
      <div class="app-body">
        <breezeway-app
          .host=${this.host.host}
          app=${app.id}
          path=${this.path ?? this.place.path}
          placement="menu"
          @breezeway-path=${(event: CustomEvent<AppPathDetail>) =>
            this.dispatchEvent(new CustomEvent("shell-path", { detail: event.detail.path }))}
          @breezeway-state=${(event: CustomEvent<AppStateDetail>) =>
            (this.mountState = event.detail.state)}
        ></breezeway-app>
      </div>
    </section>`;
  }
}

export class ShellPane extends LightElement {
  static override properties = { place: { attribute: false }, host: { attribute: false } };

  declare place: AppPlacement;
  declare host: PlatformHost;

  override render(): TemplateResult {
    const { app, label, path } = this.place;
    return html`<section class="pane" aria-label=${app.name}>
      <header class="pane-head">
        <h3>${label}</h3>
        <span class="subtle">by ${app.name}</span>
      </header>
      <div class="pane-body">
        <breezeway-app
          .host=${this.host.host}
          app=${app.id}
          path=${path}
          placement="pane"
          min-height-px="240"
          max-height-px="1600"
        ></breezeway-app>
      </div>
    </section>`;
  }
}
