/** The question whether an app may have more scopes. All its words are the host's and the registry's. */
import { html, type TemplateResult } from "lit";
import type { ScopesRequest } from "../surfaces/host-ui.ts";
import type { HostUiLabels } from "./ui-labels.ts";

/**
 * A yes counts only so long after the dialog has appeared. An app may ask for scopes in the first click of a double click,
 * whose second one must agree to nothing.
 */
export const ARMED_AFTER_MS = 700;

export interface ScopesQuestion {
  readonly request: ScopesRequest;
  readonly labels: HostUiLabels;
  readonly isArmed: boolean;
  settle(answer: boolean): void;
}

export function renderScopesQuestion(question: ScopesQuestion): TemplateResult {
  const { request, labels, isArmed, settle } = question;
  const { app, scopes, mayDecide } = request;
  const words = mayDecide
    ? { title: labels.allowTitle(app.name), text: labels.allowText, yes: labels.allow }
    : { title: labels.askTitle(app.name), text: labels.askText, yes: labels.ask };
  return html`<div class="words">
      <h2 id="title"><bdi>${words.title}</bdi></h2>
      <ul class="scopes">
        ${scopes.map(({ scope, label }) => html`<li data-scope=${scope}><bdi>${label}</bdi></li>`)}
      </ul>
      <p id="text" class="text">${words.text}</p>
    </div>
    <div class="actions">
      <button type="button" part="button" autofocus @click=${() => settle(false)}>
        <bdi>${labels.notNow}</bdi>
      </button>
      <button
        type="button"
        class="primary"
        part="button primary"
        ?disabled=${!isArmed}
        @click=${() => settle(true)}
      >
        <bdi>${words.yes}</bdi>
      </button>
    </div>`;
}
