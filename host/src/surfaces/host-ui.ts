/**
 * What a host shows in its own page on behalf of an app. `createHostUi()` of `@breezeway/host/element`
 * is one that is ready; a product may write its own. Types only.
 *
 * Every request names the app, from the registry. Texts are the app's: show them as text, beside the
 * app's name, so that nobody takes them for the host's.
 */
import type { ToastTone } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { Mount, MountOptions } from "../host-types.ts";

export interface ToastRequest {
  readonly app: RegisteredApp;
  /** 1 to 200 characters. */
  readonly text: string;
  readonly tone: ToastTone;
}

export interface ConfirmRequest {
  readonly app: RegisteredApp;
  /** 1 to 120 characters. */
  readonly title: string;
  /** At most 600 characters. */
  readonly text?: string;
  /** 1 to 30 characters. */
  readonly confirmLabel?: string;
  /** 1 to 30 characters. */
  readonly cancelLabel?: string;
  readonly tone: "normal" | "danger";
  /** Nobody waits for the answer any more: the dialog must go. */
  readonly signal: AbortSignal;
}

export interface ModalRequest {
  readonly app: RegisteredApp;
  /** The placement's label in the host's language. */
  readonly title: string;
  readonly size: "small" | "medium" | "large";
  /** The app has closed the dialog, or is gone: the dialog must go. */
  readonly signal: AbortSignal;
  /**
   * Shows the app's page in the dialog. Path, placement and context are those of the request,
   * whatever `options` says.
   */
  mount(options: MountOptions): Mount;
}

/** Surfaces that a host leaves out are refused with SURFACE_REFUSED. */
export interface HostUi {
  showToast?(request: ToastRequest): void;
  /** Resolves to the person's answer; `false` also when the dialog was dismissed. */
  confirm?(request: ConfirmRequest): boolean | PromiseLike<boolean>;
  /** Resolves when the person has closed the dialog. What it showed is closed by the host. */
  openModal?(request: ModalRequest): PromiseLike<void>;
}

/** Where an app wants to go. Paths have a query and a fragment, if any, and stay on their origin. */
export type NavigationTarget =
  | {
      /** A path of the host. */
      readonly to: "host";
      readonly path: string;
      readonly replace: boolean;
    }
  | {
      /** A page of an app; another than the one that asks has the capability for it. */
      readonly to: "app";
      readonly app: RegisteredApp;
      readonly path: string;
      readonly replace: boolean;
    };
