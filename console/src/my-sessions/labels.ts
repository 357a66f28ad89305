import type { BridgeError } from "@breezeway/shared";

/** Every text of `<breezeway-my-sessions>`. Replace them to show another language. */
export interface MySessionsLabels {
  readonly title: string;
  readonly loading: string;
  /** Under the title, when the user is signed in nowhere else. */
  readonly alone: string;
  /** Under the title, otherwise. */
  readonly several: string;
  /** A device as the issuer describes it, such as `Firefox on Windows`; `null` when it is unknown. */
  readonly device: (device: string | null) => string;
  /** Marks the session of this page. */
  readonly current: string;
  /** The tenant of a session. Shown when the sessions have different ones. */
  readonly tenant: (tenantId: string) => string;
  /** `when` is a date in the host's language. */
  readonly signedIn: (when: string) => string;
  /** `when` is relative, such as `3 days ago`. */
  readonly lastUsed: (when: string) => string;
  /** The last use is less than an hour ago. */
  readonly usedRecently: string;
  /** In place of the last use, for the session of this page. */
  readonly usedNow: string;
  /** A network as the issuer has it: `203.0.113.0/24` or `2001:db8:1::/48`. */
  readonly network: (network: string) => string;
  readonly signOut: string;
  readonly signOutOthers: string;
  readonly cancel: string;
  /** The question before one session ends. */
  readonly confirmOne: (device: string) => Question;
  /** The question before all others end. */
  readonly confirmOthers: (count: number) => Question;
  /** Announced when sessions have ended. */
  readonly ended: (count: number) => string;
  readonly signedOut: Question;
  readonly problem: (error: BridgeError) => Question;
  /** In the question, when the sessions could not be ended. */
  readonly failed: string;
  readonly retry: string;
}

export interface Question {
  readonly title: string;
  readonly text: string;
}

export const ENGLISH: MySessionsLabels = {
  title: "Where you are signed in",
  loading: "Your sessions are loading",
  alone: "You are signed in on this device only.",
  several: "Sign out of devices that you do not recognise or no longer use.",
  device: (device) => device ?? "Unknown device",
  current: "This device",
  tenant: (tenantId) => tenantId,
  signedIn: (when) => `Signed in ${when}`,
  lastUsed: (when) => `Last used ${when}`,
  usedRecently: "Used within the last hour",
  usedNow: "Active now",
  network: (network) => `IP ${network.replace(/\.0\/24$/, ".x").replace(/::\/48$/, ":…")}`,
  signOut: "Sign out",
  signOutOthers: "Sign out everywhere else",
  cancel: "Cancel",
  confirmOne: (device) => ({
    title: `Sign out of ${device}?`,
    text: "You have to sign in there again.",
  }),
  confirmOthers: (count) => ({
    title: "Sign out everywhere else?",
    text:
      count === 1
        ? "One other session ends. This device stays signed in."
        : `${count} other sessions end. This device stays signed in.`,
  }),
  ended: (count) => (count === 1 ? "One session has ended." : `${count} sessions have ended.`),
  signedOut: {
    title: "You are signed out",
    text: "Sign in to see your sessions.",
  },
  problem: ({ code }) => ({
    title: "Your sessions cannot be shown",
    text:
      code === "OFFLINE"
        ? "The server cannot be reached. Check your network, and try again."
        : "Something went wrong. Try again in a moment.",
  }),
  failed: "It did not work. Check your network, and try again.",
  retry: "Try again",
};
