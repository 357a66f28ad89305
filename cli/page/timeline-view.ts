/** The list of messages between host and app. It shows kinds, names and times, and never a value. */
import {
  css,
  html,
  LitElement,
  nothing,
  type CSSResultGroup,
  type PropertyDeclarations,
  type TemplateResult,
} from "lit";
import { repeat } from "lit/directives/repeat.js";
import { controls } from "./styles.ts";
import { hintOf, type TimelineRow } from "./timeline.ts";

const ANSWERS: Readonly<Record<TimelineRow["outcome"], string>> = {
  none: "",
  waiting: "waiting",
  done: "done",
  failed: "failed",
};

const time = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

/** @fires dev-clear Requests an empty list. */
export class DevTimeline extends LitElement {
  static override readonly properties: PropertyDeclarations = {
    rows: { attribute: false },
    isOpen: { state: true },
  };

  declare rows: readonly TimelineRow[];
  declare isOpen: boolean;

  constructor() {
    super();
    this.isOpen = true;
  }

  protected override render(): TemplateResult {
    const failed = this.rows.filter(({ outcome }) => outcome === "failed").length;
    return html`<section aria-labelledby="title">
      <header>
        <h2 id="title">Messages</h2>
        <span class="muted">${this.rows.length}</span>
        ${failed > 0 ? html`<span class="failed">${failed} failed</span>` : nothing}
        <span class="space"></span>
        <button
          type="button"
          ?disabled=${this.rows.length === 0}
          @click=${() => this.dispatchEvent(new CustomEvent("dev-clear"))}
        >
          Clear
        </button>
        <button
          type="button"
          aria-expanded=${this.isOpen}
          aria-controls="list"
          @click=${() => (this.isOpen = !this.isOpen)}
        >
          ${this.isOpen ? "Hide" : "Show"}<span class="visually-hidden"> messages</span>
        </button>
      </header>
      <div id="list" role="group" aria-labelledby="title" tabindex="0" ?hidden=${!this.isOpen}>
        ${
          this.rows.length === 0
            ? html`<p class="empty muted">Calls, events and state changes appear here.</p>`
            : this.#table()
        }
      </div>
    </section>`;
  }

  #table(): TemplateResult {
    return html`<table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">From</th>
          <th scope="col">Kind</th>
          <th scope="col">Name</th>
          <th scope="col">Result</th>
          <th scope="col" class="number">Time (ms)</th>
        </tr>
      </thead>
      <tbody>
        ${repeat(
          this.rows,
          ({ key }) => key,
          (row) => this.#row(row),
        )}
      </tbody>
    </table>`;
  }

  #row(row: TimelineRow): TemplateResult {
    const { event, outcome, latencyMs, code } = row;
    const hint = outcome === "failed" ? hintOf(row) : undefined;
    return html`<tr class=${outcome}>
      <td class="mono muted">${time.format(event.atMs)}</td>
      <td>${event.direction === "in" ? "app" : "host"}</td>
      <td>${event.kind}</td>
      <td class="mono name">${event.name ?? ""}</td>
      <td class="answer">
        ${code === undefined ? ANSWERS[outcome] : html`<code>${code}</code>`}
        ${hint === undefined ? nothing : html`<span class="hint">${hint}</span>`}
      </td>
      <td class="number mono">${latencyMs?.toFixed(1)}</td>
    </tr>`;
  }

  static override readonly styles: CSSResultGroup = [
    controls,
    css`
      section {
        border-block-start: 1px solid var(--border);
        background: var(--bg);
      }
      header {
        display: flex;
        align-items: center;
        gap: 8px;
        padding: 4px 12px;
        background: var(--bg-sunken);
      }
      h2 {
        font-weight: 600;
      }
      .space {
        flex: 1;
      }
      #list {
        block-size: clamp(6rem, 26vh, 20rem);
        overflow: auto;
      }
      #list[hidden] {
        display: none;
      }
      #list:focus-visible {
        outline-offset: -2px;
      }
      .empty {
        padding: 12px;
      }
      table {
        inline-size: 100%;
        border-collapse: collapse;
      }
      th {
        position: sticky;
        inset-block-start: 0;
        background: var(--bg);
        color: var(--text-muted);
        font-weight: 500;
        text-align: start;
        box-shadow: 0 1px var(--border);
      }
      th,
      td {
        padding: 3px 8px;
        vertical-align: baseline;
        white-space: nowrap;
      }
      th:first-child,
      td:first-child {
        padding-inline-start: 12px;
      }
      th:last-child,
      td:last-child {
        padding-inline-end: 12px;
      }
      tbody tr + tr td {
        border-block-start: 1px solid var(--border);
      }
      .number {
        text-align: end;
        font-variant-numeric: tabular-nums;
      }
      .name {
        min-inline-size: 10rem;
        overflow-wrap: anywhere;
        white-space: normal;
      }
      .answer {
        inline-size: 55%;
        white-space: normal;
      }
      .hint {
        display: block;
      }
      .failed {
        color: var(--red);
      }
      tr.failed {
        background: var(--red-soft);
      }
      tr.failed .muted {
        color: inherit;
      }
      tr.waiting .answer {
        color: var(--text-muted);
      }
    `,
  ];
}
