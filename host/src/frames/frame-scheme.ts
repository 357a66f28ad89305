/** What stands behind an app: the `color-scheme` of its frame, and its background. */
import type { Theme } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";

/**
 * States on the frame what the app's pages need, so that nothing is inherited by chance. An app that has the
 * theme's scheme stands on the host's page: its document and the frame have the same `color-scheme`, and the
 * browser leaves the frame transparent. Every other app stands on the plain background of its own scheme.
 *
 * The browser's own opaque canvas for documents of another scheme does not suffice. Chromium paints it only
 * if the document differed from the frame when it loaded, so it is missing after a live switch.
 *
 * @param theme `undefined` when the host has not said what its page looks like
 * @see https://drafts.csswg.org/css-color-adjust-1/#color-scheme-effect
 */
export function showScheme(
  frame: HTMLIFrameElement,
  { colorSchemes }: RegisteredApp,
  theme: Theme | undefined,
): void {
  const asked = theme?.scheme ?? "light";
  const shown = colorSchemes.includes(asked) ? asked : colorSchemes[0];
  const isSeamless = theme !== undefined && shown === asked;
  frame.style.colorScheme = shown ?? "light";
  frame.style.backgroundColor = isSeamless ? "transparent" : "Canvas";
  frame.toggleAttribute("data-opaque", !isSeamless);
}
