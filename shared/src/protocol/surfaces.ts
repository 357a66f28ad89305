/** Types for the host's UI for apps. `schemas/surface-args.ts` parses what a guest sends. */

/** A path of the host, or a page of an app. */
export type NavigateTarget =
  | string
  | {
      /** App id. Default: the calling app. */
      readonly app?: string;
      /** Default: the path of the app's first menu placement, else its start page. */
      readonly path?: string;
    };

export interface NavigateOptions {
  /** Replaces the current history entry. Default `false`. */
  readonly replace?: boolean;
}

export const TOAST_TONES = ["info", "success", "error"] as const;

/** A toast with the tone `error` stays longer. */
export type ToastTone = (typeof TOAST_TONES)[number];

export interface ToastOptions {
  /** Default `info`. */
  readonly tone?: ToastTone;
}

export const CONFIRM_TONES = ["normal", "danger"] as const;

/** `danger`: a yes destroys something. */
export type ConfirmTone = (typeof CONFIRM_TONES)[number];

export interface ConfirmOptions {
  /** The question. At most 120 characters. */
  readonly title: string;
  /** At most 600 characters. Line breaks are kept. */
  readonly text?: string;
  /** At most 30 characters. Default: the host's text for yes. */
  readonly confirmLabel?: string;
  /** At most 30 characters. Default: the host's text for no. */
  readonly cancelLabel?: string;
  /** Default `normal`. */
  readonly tone?: ConfirmTone;
}

export interface OpenModalOptions {
  /** Any value that can be cloned. */
  readonly data?: unknown;
}

/** The scopes of an app in the tenant of the session. */
export interface AppScopes {
  /** What the tenant has granted. A token has those that its user has, too. */
  readonly granted: readonly string[];
  /** `scopes` of the manifest. */
  readonly required: readonly string[];
  /** `optionalScopes` of the manifest. */
  readonly optional: readonly string[];
}

/**
 * `granted`: tokens have the scopes from now on, if their user has them. `declined`: the user said no. `asked-admin`: the
 * user may not decide, and the wish waits for an administrator.
 */
export type ScopeAnswer = "granted" | "declined" | "asked-admin";

/** A size in CSS pixels. A side that is left out does not change. */
export interface FrameSize {
  readonly heightPx?: number;
  readonly widthPx?: number;
}

/** The member `modal` in the context of a frame in a dialog. */
export interface GuestModal {
  /** Name of the manifest's placement. */
  readonly name: string;
  /** The data that the app passed to `openModal`. */
  readonly data: unknown;
}
