import type { BridgeError } from "@breezeway/shared";

/** Every text of `<breezeway-app>`. Replace them to show another language. */
export interface AppElementLabels {
  readonly loading: (app: string) => string;
  readonly reconnecting: (app: string) => string;
  readonly retry: string;
  readonly problem: (app: string, error: BridgeError) => Problem;
}

export interface Problem {
  readonly title: string;
  readonly text: string;
  readonly canRetry: boolean;
}

export const ENGLISH: AppElementLabels = {
  loading: (app) => `${app} is loading`,
  reconnecting: (app) => `Reconnecting to ${app}`,
  retry: "Try again",
  problem: describe,
};

function describe(app: string, error: BridgeError): Problem {
  switch (error.code) {
    case "HANDSHAKE_TIMEOUT":
      return {
        title: `${app} is not answering`,
        text: "The app may be down, or your network is slow. Try again in a moment.",
        canRetry: true,
      };
    case "HANDSHAKE_PROTOCOL_MISMATCH":
      return {
        title: `${app} needs an update`,
        text: "The app and this page use different versions of the bridge. The people who run the app can fix it.",
        canRetry: true,
      };
    case "APP_UNKNOWN":
      return {
        title: "This app is not available",
        text: "It is not installed here, or has been removed.",
        canRetry: false,
      };
    case "APP_SUSPENDED":
      return {
        title: `${app} is suspended`,
        text: reasonOf(error) ?? "The people who run this page have suspended it.",
        canRetry: false,
      };
    case "CONFIG_INVALID":
    case "MANIFEST_INVALID":
      return {
        title: `${app} cannot be shown`,
        text: "Its settings are wrong. The people who run this page can fix them.",
        canRetry: false,
      };
    default:
      return {
        title: `${app} was stopped`,
        text: "Something went wrong between this page and the app.",
        canRetry: true,
      };
  }
}

/** The operator's words about a suspended app. */
function reasonOf({ details }: BridgeError): string | undefined {
  const { reason } = details;
  return typeof reason === "string" ? reason : undefined;
}
