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
  /** Asks somebody who may decide whether an app may have more scopes; what a yes means; yes. */
  readonly allowTitle: (app: string) => string;
  readonly allowText: string;
  readonly allow: string;
  /** Asks somebody who may not decide whether to ask an administrator; what happens then; yes. */
  readonly askTitle: (app: string) => string;
  readonly askText: string;
  readonly ask: string;
  /** No to either. */
  readonly notNow: string;
}

export const UI_ENGLISH: HostUiLabels = {
  speaker: (app) => `From ${app}`,
  toasts: "Notifications",
  dismiss: "Dismiss",
  close: "Close",
  confirm: "OK",
  cancel: "Cancel",
  allowTitle: (app) => `Allow ${app} to do more?`,
  allowText: "Applies to everyone in your organization who uses this app.",
  allow: "Allow",
  askTitle: (app) => `Ask for more access for ${app}?`,
  askText: "An administrator of your organization decides.",
  ask: "Ask",
  notNow: "Not now",
};
