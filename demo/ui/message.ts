import { html, nothing, type TemplateResult } from "lit";
import { CircleAlert, type IconNode } from "lucide";
import type { Description } from "./describe-problem.ts";
import { icon } from "./icon.ts";

export interface MessageOptions {
  readonly symbol: IconNode;
  readonly title: string;
  readonly text: string;
  readonly actions?: unknown;
}

/** Says that there is nothing to show, and what to do next. */
export function message({ symbol, title, text, actions }: MessageOptions): TemplateResult {
  return html`<div class="message">
    <span class="symbol">${icon(symbol)}</span>
    <h2>${title}</h2>
    <p>${text}</p>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
  </div>`;
}

/** Says that something failed, read out at once by a screen reader. */
export function trouble(problem: Description, actions?: unknown): TemplateResult {
  return html`<div class="message trouble" role="alert" data-reason=${problem.reason}>
    <span class="symbol">${icon(CircleAlert)}</span>
    <h2>${problem.title}</h2>
    <p>${problem.text}</p>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
    <p class="reason mono">${problem.reason}</p>
  </div>`;
}
