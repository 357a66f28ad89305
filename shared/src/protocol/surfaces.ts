/** What a guest can ask of the page around it. The host parses each; `schemas/surface-args.ts`. */

/** Capabilities that an app's manifest must list. Methods that are not here need none. */
export const SURFACE_CAPABILITIES = {
  /** Shows another place of the host, or another page of the app itself. */
  navigate: "navigation:write",
  /** The same, to a page of another app. Needed besides the one above. */
  navigateToApps: "navigation:apps",
  showToast: "toasts:show",
  confirm: "dialogs:show",
  openModal: "dialogs:show",
} as const;

/** A path of the host, or a page of an app. */
export type NavigateTarget =
  | string
  | {
      /** Default: the app that asks. */
      readonly app?: string;
      /** Default: that of the app's first menu item, else its start page. */
      readonly path?: string;
    };

export interface NavigateOptions {
  /** Takes the place of the present entry in the history. Default `false`. */
  readonly replace?: boolean;
}

/** `error` stays longer. */
export type ToastTone = "info" | "success" | "error";

export interface ToastOptions {
  /** Default `info`. */
  readonly tone?: ToastTone;
}

export interface ConfirmOptions {
  /** The question. At most 120 characters. */
  readonly title: string;
  /** At most 600 characters; line breaks are kept. */
  readonly text?: string;
  /** At most 30 characters. Default: the host's word for yes. */
  readonly confirmLabel?: string;
  /** At most 30 characters. Default: the host's word for no. */
  readonly cancelLabel?: string;
  /** `danger`: something is lost. Default `normal`. */
  readonly tone?: "normal" | "danger";
}

export interface OpenModalOptions {
  /** Anything that can be cloned. */
  readonly data?: unknown;
}

/** CSS pixels. What is left out stays as it is. */
export interface FrameSize {
  readonly heightPx?: number;
  readonly widthPx?: number;
}

/** What the context of a frame in a host's dialog has as `modal`. */
export interface GuestModal {
  /** Of the manifest's placement. */
  readonly name: string;
  /** What the app gave to `openModal`. */
  readonly data: unknown;
}
