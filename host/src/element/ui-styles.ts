import { css, type CSSResult } from "lit";

/**
 * The custom properties of `<breezeway-app>`, and `--breezeway-on-accent`, `--breezeway-danger`,
 * `--breezeway-on-danger`, `--breezeway-success`, `--breezeway-shadow`.
 */
export const uiStyles: CSSResult = css`
  :host {
    --_surface: var(--breezeway-surface, light-dark(#ffffff, #1c2025));
    --_text: var(--breezeway-text, light-dark(#1c2127, #e8eaed));
    --_muted: var(--breezeway-muted, light-dark(#5c6670, #9aa4af));
    --_line: var(--breezeway-line, light-dark(#e1e5ea, #343b43));
    --_accent: var(--breezeway-accent, light-dark(#0b6e4f, #5fd3a6));
    --_on-accent: var(--breezeway-on-accent, light-dark(#ffffff, #06231a));
    --_danger: var(--breezeway-danger, light-dark(#b3261e, #f2938b));
    --_on-danger: var(--breezeway-on-danger, light-dark(#ffffff, #33100d));
    --_success: var(--breezeway-success, light-dark(#0b6b43, #5fd09a));
    --_radius: var(--breezeway-radius, 8px);
    --_shadow: var(
      --breezeway-shadow,
      0 16px 40px -8px light-dark(rgb(16 20 24 / 24%), rgb(0 0 0 / 64%)),
      0 2px 8px light-dark(rgb(16 20 24 / 8%), rgb(0 0 0 / 40%))
    );
    display: contents;
    color: var(--_text);
    font: 400 0.9375rem/1.5 var(--breezeway-font, system-ui, sans-serif);
  }
  h2,
  p {
    margin: 0;
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

  .dialog {
    box-sizing: border-box;
    inline-size: min(26rem, 100vw - 2rem);
    max-block-size: calc(100dvh - 2rem);
    padding: 0;
    overflow: auto;
    border: 1px solid var(--_line);
    border-radius: calc(var(--_radius) * 1.5);
    background: var(--_surface);
    box-shadow: var(--_shadow);
    color: inherit;
    font: inherit;
    overscroll-behavior: contain;
  }
  .dialog[open] {
    animation: rise 160ms cubic-bezier(0.2, 0, 0, 1);
  }
  .dialog::backdrop {
    background: light-dark(rgb(16 20 24 / 40%), rgb(0 0 0 / 60%));
    animation: appear 160ms ease-out;
  }
  /* The answered dialog is invisible and still covers the page. */
  .dialog.over {
    visibility: hidden;
    animation: none;
  }
  .dialog.over::backdrop {
    visibility: visible;
    background: none;
    animation: none;
  }
  .confirm[open] {
    display: flex;
    flex-direction: column;
    padding: 1.25rem 1.5rem 1.5rem;
  }
  .confirm .words {
    min-block-size: 1.5rem;
    overflow: auto;
    /* A shadow shows that the text continues. */
    background:
      linear-gradient(var(--_surface) 60%, transparent) top / 100% 1rem no-repeat local,
      linear-gradient(transparent, var(--_surface) 40%) bottom / 100% 1rem no-repeat local,
      linear-gradient(var(--_line), transparent) top / 100% 0.5rem no-repeat scroll,
      linear-gradient(transparent, var(--_line)) bottom / 100% 0.5rem no-repeat scroll;
    overscroll-behavior: contain;
  }
  .confirm .text {
    margin-block-start: 0.375rem;
    color: var(--_muted);
    white-space: pre-line;
  }
  .scopes {
    display: grid;
    gap: 0.25rem;
    margin: 0.625rem 0 0;
    padding: 0;
    list-style: none;
  }
  .scopes li {
    padding: 0.5rem 0.75rem;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    overflow-wrap: anywhere;
  }
  .confirm .scopes ~ .text {
    margin-block-start: 0.75rem;
    font-size: 0.8125rem;
  }
  .speaker {
    display: flex;
    align-items: center;
    gap: 0.5rem;
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  .confirm .speaker {
    margin-block-end: 0.875rem;
  }
  .initial {
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 1.375rem;
    block-size: 1.375rem;
    border-radius: calc(var(--_radius) * 0.75);
    background: color-mix(in srgb, var(--_accent) 14%, transparent);
    color: var(--_accent);
    font-size: 0.75rem;
    font-weight: 600;
    line-height: 1;
    text-transform: uppercase;
  }
  .actions {
    display: flex;
    flex: none;
    justify-content: flex-end;
    gap: 0.625rem;
    margin-block-start: 1.5rem;
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
  .actions bdi {
    display: block;
    max-block-size: 3lh;
    overflow: clip;
    overflow-wrap: anywhere;
  }
  button:hover {
    background: color-mix(in srgb, var(--_text) 6%, transparent);
  }
  button:focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }
  .primary {
    border-color: transparent;
    background: var(--_accent);
    color: var(--_on-accent);
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  .primary:hover {
    background: color-mix(in srgb, var(--_accent) 88%, var(--_text));
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
  .icon {
    display: grid;
    flex: none;
    place-items: center;
    inline-size: 2rem;
    min-block-size: 2rem;
    padding: 0;
    border-color: transparent;
    color: var(--_muted);
  }
  .icon svg {
    inline-size: 1rem;
    block-size: 1rem;
  }

  .modal {
    overflow: hidden;
  }
  .modal.small {
    inline-size: min(26rem, 100vw - 2rem);
  }
  .modal.medium {
    inline-size: min(38rem, 100vw - 2rem);
  }
  .modal.large {
    inline-size: min(54rem, 100vw - 2rem);
  }
  .modal .head {
    display: flex;
    align-items: flex-start;
    justify-content: space-between;
    gap: 1rem;
    padding: 0.875rem 0.875rem 0.75rem 1.25rem;
    border-block-end: 1px solid var(--_line);
  }
  .modal .initial {
    display: none;
  }
  .modal breezeway-app {
    --breezeway-surface: var(--_surface);
    block-size: 22rem;
    max-block-size: calc(100dvh - 8rem);
  }
  .modal.small breezeway-app {
    block-size: 16rem;
  }
  .modal.large breezeway-app {
    block-size: 34rem;
  }

  /* Toasts are centred: drawers and forms have their buttons at the right edge. */
  .toasts {
    position: fixed;
    inset: auto 0 1rem;
    display: grid;
    gap: 0.5rem;
    inline-size: min(23rem, 100vw - 2rem);
    margin: 0 auto;
    padding: 0;
    overflow: visible;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    pointer-events: none;
  }
  /* On a phone they are at the top: buttons are at the bottom. */
  @media (max-width: 40rem) {
    .toasts {
      inset: 1rem 0 auto;
    }
  }
  .toast {
    display: flex;
    align-items: flex-start;
    gap: 0.75rem;
    padding: 0.75rem 0.5rem 0.75rem 0.875rem;
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    background: var(--_surface);
    box-shadow: var(--_shadow);
    font-size: 0.875rem;
    line-height: 1.4;
    pointer-events: auto;
    animation: rise 160ms cubic-bezier(0.2, 0, 0, 1);
  }
  .toast .words {
    flex: 1;
    min-inline-size: 0;
    padding-block: 0.0625rem;
  }
  /* Clipped: stacked accents would cover the name above, and wide characters the top of the page. */
  .toast .says {
    max-block-size: 6lh;
    overflow: hidden auto;
  }
  .toast .name {
    color: var(--_muted);
    font-size: 0.75rem;
  }
  .toast .tone {
    flex: none;
    inline-size: 1.25rem;
    block-size: 1.25rem;
    margin-block-start: 0.0625rem;
    color: var(--_muted);
  }
  .toast.success .tone {
    color: var(--_success);
  }
  .toast.error .tone {
    color: var(--_danger);
  }
  .toast .icon {
    inline-size: 1.75rem;
    min-block-size: 1.75rem;
  }

  @media (max-width: 30rem) {
    .dialog.modal {
      inline-size: 100vw;
      max-inline-size: 100vw;
      max-block-size: calc(100dvh - 1.5rem);
      margin-block-end: 0;
      border-inline: 0;
      border-block-end: 0;
      border-end-start-radius: 0;
      border-end-end-radius: 0;
    }
    .actions button {
      flex: 1;
    }
  }
  @keyframes appear {
    from {
      opacity: 0;
    }
  }
  @keyframes rise {
    from {
      opacity: 0;
      translate: 0 0.5rem;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .dialog[open],
    .dialog::backdrop,
    .toast {
      animation: none;
    }
  }
  @media (forced-colors: active) {
    .primary,
    .danger {
      border-color: ButtonText;
    }
  }
`;
