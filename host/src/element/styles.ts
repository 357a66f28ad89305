import { css, type CSSResult } from "lit";

/**
 * Custom properties, each with a default for light and dark: `--breezeway-surface`,
 * `--breezeway-text`, `--breezeway-muted`, `--breezeway-line`, `--breezeway-accent`,
 * `--breezeway-radius`, `--breezeway-font`. `--breezeway-frame-radius` rounds an app that does not have
 * the host's scheme; its default is `--breezeway-radius`.
 */
export const styles: CSSResult = css`
  :host {
    --_surface: var(--breezeway-surface, light-dark(#ffffff, #16191d));
    --_text: var(--breezeway-text, light-dark(#1c2127, #e8eaed));
    --_muted: var(--breezeway-muted, light-dark(#5c6670, #9aa4af));
    --_line: var(--breezeway-line, light-dark(#e7eaee, #2a3037));
    --_accent: var(--breezeway-accent, light-dark(#0b6e4f, #5fd3a6));
    --_radius: var(--breezeway-radius, 8px);
    display: block;
    position: relative;
    box-sizing: border-box;
    min-block-size: 12rem;
    background: var(--_surface);
    color: var(--_text);
    font: 400 0.9375rem/1.5 var(--breezeway-font, system-ui, sans-serif);
  }
  /* The app sets the height, within the limits of the page. */
  :host([max-height-px]) {
    min-block-size: 0;
  }
  :host([hidden]) {
    display: none;
  }
  .frame {
    position: absolute;
    inset: 0;
  }
  .frame iframe {
    display: block;
    inline-size: 100%;
    block-size: 100%;
    border: 0;
    opacity: 0;
    transition: opacity 120ms ease-out;
  }
  /* A light app in a dark page, or the reverse, looks like a card. */
  .frame iframe[data-opaque] {
    border-radius: var(--breezeway-frame-radius, var(--_radius));
  }
  .frame.shown iframe {
    opacity: 1;
  }
  .cover {
    position: absolute;
    inset: 0;
    overflow: auto;
    background: var(--_surface);
  }
  .skeleton {
    display: grid;
    align-content: start;
    gap: 0.75rem;
    padding: 1.75rem 1.5rem;
    /* A fast app appears before the skeleton flickers. */
    animation: appear 160ms 180ms ease-out backwards;
  }
  .bone {
    block-size: 0.75rem;
    border-radius: calc(var(--_radius) / 2);
    background: linear-gradient(
        100deg,
        transparent 30%,
        color-mix(in srgb, var(--_surface) 70%, transparent) 50%,
        transparent 70%
      )
      var(--_line);
    background-size: 200% 100%;
    animation: sheen 1.4s linear infinite;
  }
  .bone.title {
    block-size: 1.25rem;
    inline-size: min(14rem, 40%);
    margin-block-end: 0.75rem;
  }
  /* Classes: a strict CSP refuses style attributes. */
  .bone.wide {
    inline-size: 92%;
  }
  .bone.medium {
    inline-size: 85%;
  }
  .bone.short {
    inline-size: 78%;
  }
  .bone.block {
    block-size: 6rem;
    border-radius: var(--_radius);
    margin-block-start: 0.5rem;
  }
  .error {
    display: grid;
    place-items: center;
    padding: 1.5rem;
  }
  .card {
    max-inline-size: 26rem;
    text-align: center;
    text-wrap: balance;
  }
  .card svg {
    inline-size: 2.5rem;
    block-size: 2.5rem;
    color: var(--_muted);
  }
  h2 {
    margin: 0.75rem 0 0.25rem;
    font-size: 1.0625rem;
    font-weight: 600;
  }
  p {
    margin: 0;
    color: var(--_muted);
  }
  .code {
    margin-block-start: 0.75rem;
    font:
      0.75rem/1.5 ui-monospace,
      monospace;
  }
  button {
    margin-block-start: 1.25rem;
    padding: 0.5rem 1.125rem;
    border: 1px solid var(--_accent);
    border-radius: var(--_radius);
    background: transparent;
    color: var(--_accent);
    font: inherit;
    font-weight: 500;
    cursor: pointer;
  }
  button:hover {
    background: color-mix(in srgb, var(--_accent) 10%, transparent);
  }
  button:focus-visible {
    outline: 2px solid var(--_accent);
    outline-offset: 2px;
  }
  .reconnecting {
    position: absolute;
    inset-block-start: 0;
    inset-inline: 0;
    block-size: 2px;
    overflow: hidden;
    animation: appear 160ms 400ms ease-out backwards;
  }
  .reconnecting::before {
    content: "";
    display: block;
    block-size: 100%;
    inline-size: 30%;
    background: var(--_accent);
    animation: pass 1.1s ease-in-out infinite;
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
  @keyframes sheen {
    from {
      background-position: 150% 0;
    }
    to {
      background-position: -50% 0;
    }
  }
  @keyframes pass {
    from {
      transform: translateX(-100%);
    }
    to {
      transform: translateX(340%);
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .bone,
    .reconnecting::before {
      animation: none;
    }
  }
`;
