/**
 * What a host shows in its own page on behalf of an app. `createHostUi()` of `@breezeway/host/element`
 * is ready to use; a product may write its own. Types only.
 *
 * Every request names the app, from the registry. Its texts come from the app: show them as text,
 * next to the app's name, so that users do not take them for the host's own.
 */
import type { ToastTone } from "@breezeway/shared";
import type { RegisteredApp } from "@breezeway/shared/schemas";
import type { Mount, MountOptions } from "../mount-types.ts";

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
  /** Aborts when the caller no longer waits for the answer. Close the dialog then. */
  readonly signal: AbortSignal;
}

export interface ModalRequest {
  readonly app: RegisteredApp;
  /** The placement's label in the host's language. */
  readonly title: string;
  readonly size: "small" | "medium" | "large";
  /** Aborts when the app has closed the dialog, or is gone. Close the dialog then. */
  readonly signal: AbortSignal;
  /**
   * Mounts the app's page in the dialog. The path, the placement and the context come from the
   * request and override those of `options`.
   */
  mount(options: MountOptions): Mount;
}

/** A scope in the words of the registry. */
export interface ScopeText {
  readonly scope: string;
  /** In the host's language: the label of the manifest, or else the scope itself. */
  readonly label: string;
}

export interface ScopesRequest {
  readonly app: RegisteredApp;
  /** Only those that the app does not have yet. */
  readonly scopes: readonly ScopeText[];
  /** Whether the user may decide for the tenant. If not, a yes asks an administrator. */
  readonly mayDecide: boolean;
  /** Aborts when the caller no longer waits for the answer. Close the dialog then. */
  readonly signal: AbortSignal;
}

/** A request for a missing member is refused with SURFACE_REFUSED. */
export interface HostUi {
  showToast?(request: ToastRequest): void;
  /** Resolves to the user's answer: `false` also when the user dismissed the dialog. */
  confirm?(request: ConfirmRequest): boolean | PromiseLike<boolean>;
  /**
   * Asks whether the app may have more scopes. Resolves to the user's answer: `false` also when the user dismissed the
   * dialog. All its words are the host's: the app only names the scopes.
   */
  requestScopes?(request: ScopesRequest): boolean | PromiseLike<boolean>;
  /** Resolves when the user has closed the dialog. The host closes the mount in the dialog. */
  openModal?(request: ModalRequest): PromiseLike<void>;
}

/** Where an app asks to go. Each path stays on its origin; it may have a query and a fragment. */
export type NavigationTarget =
  | {
      /** A path of the host. */
      readonly to: "host";
      readonly path: string;
      readonly replace: boolean;
    }
  | {
      /** A page of an app. If it is another app, the app that asks has the capability for that. */
      readonly to: "app";
      readonly app: RegisteredApp;
      readonly path: string;
      readonly replace: boolean;
    };
