/** What a guest can ask of the page around it. The host parses each; `schemas/surface-args.ts`. */

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

export const TOAST_TONES = ["info", "success", "error"] as const;

/** A toast of the tone `error` stays longer. */
export type ToastTone = (typeof TOAST_TONES)[number];

export interface ToastOptions {
  /** Default `info`. */
  readonly tone?: ToastTone;
}

export const CONFIRM_TONES = ["normal", "danger"] as const;

/** `danger`: something is lost by a yes. */
export type ConfirmTone = (typeof CONFIRM_TONES)[number];

export interface ConfirmOptions {
  /** The question. At most 120 characters. */
  readonly title: string;
  /** At most 600 characters; line breaks are kept. */
  readonly text?: string;
  /** At most 30 characters. Default: the host's word for yes. */
  readonly confirmLabel?: string;
  /** At most 30 characters. Default: the host's word for no. */
  readonly cancelLabel?: string;
  /** Default `normal`. */
  readonly tone?: ConfirmTone;
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
