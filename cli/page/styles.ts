import { css, type CSSResult } from "lit";

/** Styles of the document. Colours follow `color-scheme`, which the theme sets. */
export const pageStyles: CSSResult = css`
  :root {
    --bg: light-dark(#ffffff, #121312);
    --bg-sunken: light-dark(#f7f7f5, #0c0d0c);
    --bg-hover: light-dark(#f1f1ee, #242724);
    --border: light-dark(#e7e7e3, #2a2d2a);
    --border-control: light-dark(#8d8d86, #747a73);
    --text: light-dark(#1b1c1a, #ecedea);
    --text-muted: light-dark(#5b5c57, #a7aaa4);
    --accent: light-dark(#0b6b53, #4ccaa3);
    --amber: light-dark(#8a5300, #eab661);
    --amber-soft: light-dark(#fcf0da, #2b2110);
    --red: light-dark(#b3261e, #f28b82);
    --red-soft: light-dark(#fdf0ee, #2f1917);
    --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
    --breezeway-accent: var(--accent);
    --breezeway-surface: var(--bg);
    --breezeway-text: var(--text);
    --breezeway-muted: var(--text-muted);
    --breezeway-line: var(--border);
    font:
      400 13px/1.45 system-ui,
      sans-serif;
    color: var(--text);
    background: var(--bg);
  }
  html,
  body {
    block-size: 100%;
    margin: 0;
  }
`;

/** Styles that the elements share. */
export const controls: CSSResult = css`
  :host {
    box-sizing: border-box;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  button,
  select,
  input,
  textarea {
    font: inherit;
    color: inherit;
  }
  button,
  select,
  input {
    min-block-size: 28px;
    padding: 0 8px;
    border: 1px solid var(--border);
    border-radius: 6px;
    background: var(--bg);
  }
  select,
  input,
  textarea {
    border-color: var(--border-control);
  }
  button {
    padding-inline: 10px;
    white-space: nowrap;
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    background: var(--bg-hover);
  }
  button:disabled {
    color: var(--text-muted);
    cursor: default;
  }
  button.primary {
    border-color: var(--accent);
    color: var(--accent);
    font-weight: 600;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 1px;
  }
  h1,
  h2,
  p {
    margin: 0;
    font-size: inherit;
  }
  code,
  .mono {
    font-family: var(--mono);
    font-size: 12px;
  }
  .muted {
    color: var(--text-muted);
  }
  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
