/** The sign-in page. A person and a workspace are enough, because the demo has no passwords. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { ArrowRight, CircleAlert } from "lucide";
import { avatar } from "../ui/avatar.ts";
import { describeProblem } from "../ui/describe-problem.ts";
import { icon } from "../ui/icon.ts";
import { LightElement } from "../ui/light-element.ts";
import { plural } from "../ui/format.ts";
import { brandMark } from "./brand.ts";
import type { DemoPerson, PageData } from "./page-data.ts";

export interface SignInDetail {
  readonly userId: string;
  readonly tenantId: string;
}

export class ShellSignIn extends LightElement {
  static override properties = {
    data: { attribute: false },
    notice: { attribute: false },
    busy: { attribute: false },
    problem: { attribute: false },
    userId: { state: true },
    tenantId: { state: true },
  };

  declare data: PageData;
  /** The reason why the session ended, when the person was signed in before. */
  declare notice: string | undefined;
  declare busy: boolean;
  declare problem: string | undefined;
  declare userId: string;
  declare tenantId: string;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("data") && this.userId === undefined) this.#choose(this.data.people[0]);
  }

  override render(): TemplateResult {
    const person = this.data.people.find(({ id }) => id === this.userId);
    return html`<main class="sign-in">
      <form class="sign-in-form" @submit=${(event: SubmitEvent) => this.#submit(event)}>
        <header>
          ${brandMark()}
          <h1>Sign in to Porchlight</h1>
          <p class="muted">Choose a person. You need no password.</p>
        </header>
        ${this.#messages()}
        <fieldset class="people">
          <legend class="label">Person</legend>
          ${this.data.people.map((entry) => this.#person(entry))}
        </fieldset>
        <fieldset class="workspaces">
          <legend class="label">Workspace</legend>
          <div class="segments">
            ${(person?.tenants ?? []).map(
              (id) =>
                html`<label class="segment">
                  <input
                    type="radio"
                    name="tenant"
                    .value=${id}
                    .checked=${id === this.tenantId}
                    @change=${() => (this.tenantId = id)}
                  />
                  <span
                    >${avatar(this.#tenantName(id), "small square")} ${this.#tenantName(id)}</span
                  >
                </label>`,
            )}
          </div>
        </fieldset>
        <button class="button primary wide" type="submit" aria-busy=${this.busy}>
          ${this.busy ? html`<span class="spinner"></span> Signing in…` : html`Continue as ${person?.name.split(" ")[0]} ${icon(ArrowRight)}`}
        </button>
      </form>
      <p class="sign-in-foot subtle">
        Three independent apps run inside this workspace, each on its own origin, each with its own
        short-lived token.
      </p>
    </main>`;
  }

  #messages(): unknown {
    const reason = this.problem ?? this.notice;
    if (reason === undefined) return nothing;
    const { title, text } = describeProblem(reason);
    return html`<div
      class="notice ${this.problem ? "" : "amber"}"
      role="alert"
      data-reason=${reason}
    >
      ${icon(CircleAlert)}
      <div><strong>${title}.</strong> ${text}</div>
    </div>`;
  }

  #person(person: DemoPerson): TemplateResult {
    const tenants = person.tenants.map((id) => this.#tenantName(id));
    const [only] = tenants;
    return html`<label class="person">
      <input
        type="radio"
        name="person"
        .value=${person.id}
        .checked=${person.id === this.userId}
        @change=${() => this.#choose(person)}
      />
      ${avatar(person.name)}
      <span class="person-text">
        <span class="person-name">${person.name}</span>
        <span class="subtle">${person.title}</span>
      </span>
      <span class="subtle person-tenants"
        >${tenants.length === 1 ? only : plural(tenants.length, "workspace", "workspaces")}</span
      >
    </label>`;
  }

  #tenantName(id: string): string {
    return this.data.tenantNames[id] ?? id;
  }

  #choose(person: DemoPerson | undefined): void {
    this.userId = person?.id ?? "";
    this.tenantId = person?.tenants[0] ?? "";
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    if (this.busy) return;
    const detail: SignInDetail = { userId: this.userId, tenantId: this.tenantId };
    this.dispatchEvent(new CustomEvent("shell-sign-in", { detail }));
  }
}
