/** Every text of the host's surfaces that is not an app's, so that a host can show its own language. */
export interface HostUiLabels {
  /** Says whose text this is. */
  readonly speaker: (app: string) => string;
  /** Name of the place where toasts appear. */
  readonly toasts: string;
  /** Removes a toast. */
  readonly dismiss: string;
  /** Closes a dialog that shows an app. */
  readonly close: string;
  /** Buttons of a question that names none. */
  readonly confirm: string;
  readonly cancel: string;
}

export const UI_ENGLISH: HostUiLabels = {
  speaker: (app) => `From ${app}`,
  toasts: "Notifications",
  dismiss: "Dismiss",
  close: "Close",
  confirm: "OK",
  cancel: "Cancel",
};
