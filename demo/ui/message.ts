import { html, nothing, type TemplateResult } from "lit";
import { CircleAlert, type IconNode } from "lucide";
import type { Description } from "./describe-problem.ts";
import { icon } from "./icon.ts";

export interface MessageOptions {
  readonly symbol: IconNode;
  readonly title: string;
  readonly text: string;
  readonly actions?: unknown;
  /** `true` when the message is the whole page: its heading is an `h1` instead of an `h2`. */
  readonly isPage?: boolean;
}

/** Renders an empty state: why nothing is shown, and what to do next. */
export function message({ symbol, title, text, actions, isPage }: MessageOptions): TemplateResult {
  return html`<div class="message">
    <span class="symbol">${icon(symbol)}</span>
    ${heading(title, isPage)}
    <p>${text}</p>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
  </div>`;
}

export interface TroubleOptions {
  readonly actions?: unknown;
  readonly isPage?: boolean;
}

/** Renders a failure, which a screen reader announces at once. */
export function trouble(
  problem: Description,
  { actions, isPage }: TroubleOptions = {},
): TemplateResult {
  return html`<div class="message trouble" role="alert" data-reason=${problem.reason}>
    <span class="symbol">${icon(CircleAlert)}</span>
    ${heading(problem.title, isPage)}
    <p>${problem.text}</p>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
    <p class="reason mono">${problem.reason}</p>
  </div>`;
}

function heading(title: string, isPage = false): TemplateResult {
  return isPage ? html`<h1 tabindex="-1">${title}</h1>` : html`<h2>${title}</h2>`;
}
