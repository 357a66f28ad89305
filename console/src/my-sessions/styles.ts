import { css, type CSSResult } from "lit";

/**
 * The custom properties of `<breezeway-ui>`, each with a default for light and dark: `--breezeway-surface`,
 * `--breezeway-text`, `--breezeway-muted`, `--breezeway-line`, `--breezeway-accent`, `--breezeway-danger`,
 * `--breezeway-on-danger`, `--breezeway-radius`, `--breezeway-shadow`, `--breezeway-font`.
 */
export const styles: CSSResult = css`
  :host {
    --_surface: var(--breezeway-surface, light-dark(#ffffff, #16191d));
    --_text: var(--breezeway-text, light-dark(#1c2127, #e8eaed));
    --_muted: var(--breezeway-muted, light-dark(#5c6670, #9aa4af));
    --_line: var(--breezeway-line, light-dark(#e1e5ea, #343b43));
    --_accent: var(--breezeway-accent, light-dark(#0b6e4f, #5fd3a6));
    --_danger: var(--breezeway-danger, light-dark(#b3261e, #f2938b));
    --_on-danger: var(--breezeway-on-danger, light-dark(#ffffff, #33100d));
    --_radius: var(--breezeway-radius, 8px);
    --_shadow: var(
      --breezeway-shadow,
      0 16px 40px -8px light-dark(rgb(16 20 24 / 24%), rgb(0 0 0 / 64%)),
      0 2px 8px light-dark(rgb(16 20 24 / 8%), rgb(0 0 0 / 40%))
    );
    display: block;
    container-type: inline-size;
    color: var(--_text);
    font: 400 0.9375rem/1.5 var(--breezeway-font, system-ui, sans-serif);
  }
  :host([hidden]) {
    display: none;
  }
  h2,
  h3,
  p,
  ul {
    margin: 0;
    padding: 0;
    overflow-wrap: anywhere;
    text-wrap: pretty;
  }
  h2 {
    font-size: 1.0625rem;
    font-weight: 600;
    line-height: 1.35;
  }
  h2:focus {
    outline: 0;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 0.75rem 1.5rem;
    margin-block-end: 1rem;
  }
  .head .words {
    flex: 1 1 16rem;
  }
  .head p {
    margin-block-start: 0.125rem;
    color: var(--_muted);
  }

  .sessions {
    overflow: hidden;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) * 1.5);
    background: var(--_surface);
    list-style: none;
  }
  .session {
    display: grid;
    grid-template-columns: auto 1fr auto;
    align-items: center;
    gap: 0.25rem 1rem;
    padding: 0.875rem 1.25rem;
  }
  .session + .session {
    border-block-start: 1px solid var(--_line);
  }
  .icon {
    display: grid;
    place-items: center;
    inline-size: 2.5rem;
    block-size: 2.5rem;
    border-radius: var(--_radius);
    background: color-mix(in srgb, var(--_text) 6%, transparent);
    color: var(--_muted);
  }
  .current .icon {
    background: color-mix(in srgb, var(--_accent) 12%, transparent);
    color: var(--_accent);
  }
  .icon svg {
    inline-size: 1.375rem;
    block-size: 1.375rem;
  }
  .session .words {
    min-inline-size: 0;
  }
  h3 {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.125rem 0.625rem;
    font-size: 0.9375rem;
    font-weight: 500;
    line-height: 1.4;
  }
  .badge {
    padding: 0.0625rem 0.5rem;
    border-radius: 1rem;
    background: color-mix(in srgb, var(--_accent) 12%, transparent);
    color: var(--_accent);
    font-size: 0.75rem;
    font-weight: 500;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    column-gap: 0.5rem;
    color: var(--_muted);
    font-size: 0.8125rem;
    font-variant-numeric: tabular-nums;
    list-style: none;
  }
  .facts li:not(:last-child)::after {
    content: "·" / "";
    margin-inline-start: 0.5rem;
  }

  button {
    min-block-size: 2.375rem;
    padding: 0.375rem 1rem;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: transparent;
    color: inherit;
    font: inherit;
    font-weight: 500;
    cursor: pointer;
  }
  button:hover {
    background: color-mix(in srgb, var(--_text) 6%, transparent);
  }
  button:focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }
  button[aria-disabled="true"] {
    opacity: 0.6;
    cursor: default;
  }
  .session button {
    font-size: 0.875rem;
  }
  .danger {
    border-color: transparent;
    background: var(--_danger);
    color: var(--_on-danger);
  }
  .danger:hover {
    background: color-mix(in srgb, var(--_danger) 88%, var(--_text));
  }
  .danger:focus-visible {
    outline-color: var(--_danger);
  }
  /* On a phone: the times under each other, and a button that a thumb finds. */
  @container (max-width: 34rem) {
    .head button {
      flex: 1 1 100%;
    }
    .session {
      align-items: start;
      padding: 0.875rem 1rem;
      column-gap: 0.75rem;
    }
    .session button {
      grid-column: 2 / -1;
      justify-self: start;
      margin-block-start: 0.5rem;
    }
    .session .words {
      grid-column: 2 / -1;
    }
    .facts {
      display: block;
    }
    .facts li:not(:last-child)::after {
      content: none;
    }
  }

  .card {
    padding: 2.5rem 1.5rem;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) * 1.5);
    background: var(--_surface);
    text-align: center;
    text-wrap: balance;
  }
  .card p {
    margin-block-start: 0.25rem;
    color: var(--_muted);
  }
  .card button {
    margin-block-start: 1.25rem;
  }
  .skeleton .session {
    /* A fast answer appears before the skeleton flickers. */
    animation: appear 160ms 180ms ease-out backwards;
  }
  .bone {
    display: block;
    block-size: 0.75rem;
    border-radius: calc(var(--_radius) / 2);
    background: var(--_line);
    animation: pulse 1.4s ease-in-out infinite alternate;
  }
  .bone.square {
    inline-size: 2.5rem;
    block-size: 2.5rem;
    border-radius: var(--_radius);
  }
  .bone.name {
    inline-size: min(11rem, 60%);
  }
  .bone.text {
    inline-size: min(18rem, 90%);
    margin-block-start: 0.5rem;
  }

  dialog {
    box-sizing: border-box;
    inline-size: min(26rem, 100vw - 2rem);
    padding: 1.25rem 1.5rem 1.5rem;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) * 1.5);
    background: var(--_surface);
    box-shadow: var(--_shadow);
    color: inherit;
  }
  dialog::backdrop {
    background: light-dark(rgb(16 20 24 / 40%), rgb(0 0 0 / 60%));
  }
  dialog p {
    margin-block-start: 0.375rem;
    color: var(--_muted);
  }
  dialog .failed {
    color: var(--_danger);
  }
  .actions {
    display: flex;
    justify-content: flex-end;
    gap: 0.625rem;
    margin-block-start: 1.5rem;
  }
  @media (max-width: 30rem) {
    .actions button {
      flex: 1;
    }
  }

  .visually-hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
  @keyframes pulse {
    to {
      opacity: 0.45;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .skeleton .session,
    .bone {
      animation: none;
    }
  }
  @media (forced-colors: active) {
    .danger {
      border-color: ButtonText;
    }
  }
`;
