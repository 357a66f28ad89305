import type { TemplateResult } from "lit";
import { html, unsafeStatic } from "lit/static-html.js";
import type { IconNode } from "lucide";

const cache = new WeakMap<IconNode, TemplateResult>();

/** Renders a decorative icon. The text beside it or the button's label carries the meaning. */
export function icon(node: IconNode): TemplateResult {
  let template = cache.get(node);
  if (template === undefined) {
    const shapes = node
      .map(([tag, attributes]) => `<${tag} ${attributeText(attributes)}/>`)
      .join("");
    template = html`<svg
      class="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      ${unsafeStatic(shapes)}
    </svg>`;
    cache.set(node, template);
  }
  return template;
}

function attributeText(attributes: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}="${value ?? ""}"`)
    .join(" ");
}
