/** Icons of toasts and dialogs. They have the colour of the text around them. */
import { html, type TemplateResult } from "lit";
import type { ToastTone } from "@breezeway/shared";

export const CROSS: TemplateResult = html`<svg
  viewBox="0 0 16 16"
  fill="none"
  stroke="currentColor"
  aria-hidden="true"
>
  <path d="m4 4 8 8m0-8-8 8" stroke-width="1.5" stroke-linecap="round" />
</svg>`;

export const TONES: Readonly<Record<ToastTone, TemplateResult>> = {
  info: html`<svg
    class="tone"
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    aria-hidden="true"
  >
    <circle cx="10" cy="10" r="7.25" stroke-width="1.5" />
    <path d="M10 9.25v4M10 6.6v.1" stroke-width="1.75" stroke-linecap="round" />
  </svg>`,
  success: html`<svg
    class="tone"
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    aria-hidden="true"
  >
    <circle cx="10" cy="10" r="7.25" stroke-width="1.5" />
    <path
      d="m6.9 10.2 2.2 2.2 4-4.6"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
    />
  </svg>`,
  error: html`<svg
    class="tone"
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    aria-hidden="true"
  >
    <circle cx="10" cy="10" r="7.25" stroke-width="1.5" />
    <path d="M10 6.5v4.25M10 13.4v.1" stroke-width="1.75" stroke-linecap="round" />
  </svg>`,
};
