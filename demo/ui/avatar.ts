import { html, type TemplateResult } from "lit";
import { hueOf, initials } from "./format.ts";

/** @param kind more classes, from `small`, `large` and `square` */
export function avatar(name: string, kind = ""): TemplateResult {
  return html`<span class="avatar hue-${hueOf(name)} ${kind}" aria-hidden="true"
    >${initials(name)}</span
  >`;
}
