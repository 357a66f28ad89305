import { html, type TemplateResult } from "lit";
import { hueOf, initials } from "./format.ts";

/** @param kind further classes: `small`, `large`, `square` */
export function avatar(name: string, kind = ""): TemplateResult {
  return html`<span class="avatar hue-${hueOf(name)} ${kind}" aria-hidden="true"
    >${initials(name)}</span
  >`;
}
