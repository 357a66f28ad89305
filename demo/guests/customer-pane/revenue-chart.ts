/** A bar chart of the revenue per month. Its text alternative lists the figures. */
import { html, svg, type TemplateResult } from "lit";
import type { CustomerInsights } from "../../domain/customers.ts";
import { monthName, roundMoney } from "../../ui/format.ts";

const WIDTH = 360;
const HEIGHT = 96;
const LABEL_HEIGHT = 20;
const GAP = 14;
/** Lowest height of a bar, so that a month with little revenue differs from one without any. */
const LOWEST_BAR = 3;

export function revenueChart(months: CustomerInsights["months"], currency: string): TemplateResult {
  const most = Math.max(1, ...months.map(({ totalMinor }) => totalMinor));
  const step = (WIDTH + GAP) / Math.max(1, months.length);
  const description = months
    .map(({ month, totalMinor }) => `${monthName(month)}: ${roundMoney(totalMinor, currency)}`)
    .join(", ");
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} ${HEIGHT + LABEL_HEIGHT}"
    role="img"
    aria-label=${description}
  >
    <line class="axis" x1="0" x2=${WIDTH} y1=${HEIGHT + 0.5} y2=${HEIGHT + 0.5} />
    ${months.map(({ month, totalMinor }, index) => {
      const height =
        totalMinor === 0 ? 0 : Math.max(LOWEST_BAR, (totalMinor / most) * (HEIGHT - 6));
      const x = index * step;
      const width = step - GAP;
      return svg`<g>
        <title>${monthName(month)}: ${roundMoney(totalMinor, currency)}</title>
        <rect class="hit" x=${x} y="0" width=${width} height=${HEIGHT} />
        <rect class="bar" x=${x} y=${HEIGHT - height} width=${width} height=${height} rx="3" />
        <text x=${x + width / 2} y=${HEIGHT + LABEL_HEIGHT - 4}>${monthName(month)}</text>
      </g>`;
    })}
  </svg>`;
}
