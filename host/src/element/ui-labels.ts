/** Every text of `<breezeway-ui>` that comes from the host. Replace them to show another language. */
export interface HostUiLabels {
  /** Names the app that a text comes from. */
  readonly speaker: (app: string) => string;
  /** Accessible name of the region with the toasts. */
  readonly toasts: string;
  /** Removes a toast. */
  readonly dismiss: string;
  /** Closes a dialog that shows an app. */
  readonly close: string;
  /** Default labels of a question's buttons. */
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
