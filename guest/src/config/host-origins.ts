import { BridgeError, isOrigin, quoted } from "@breezeway/shared";

const META = "breezeway-host-origins";

/**
 * Returns the origins that may embed this guest: from the option, else from
 * `<meta name="breezeway-host-origins" content="https://shell.example …">`, else from
 * `data-host-origins` on the script tag. Referrer and URL are never used, since the embedding page
 * chooses them.
 *
 * @throws {BridgeError} CONFIG_HOST_ORIGINS_MISSING, CONFIG_HOST_ORIGINS_INVALID
 */
export function resolveHostOrigins(option: readonly string[] | undefined): readonly string[] {
  const origins = option ?? readDocument();
  if (origins.length === 0) {
    throw new BridgeError(
      "CONFIG_HOST_ORIGINS_MISSING",
      `createAppBridge: hostOrigins: is required. Pass { hostOrigins: ["https://shell.example"] }, or add <meta name="${META}" content="https://shell.example">.`,
    );
  }
  for (const origin of origins) {
    if (!isOrigin(origin)) {
      throw new BridgeError(
        "CONFIG_HOST_ORIGINS_INVALID",
        `createAppBridge: hostOrigins: ${quoted(origin)} must be an exact origin such as https://shell.example, without path, trailing slash or *.`,
      );
    }
  }
  return origins;
}

function readDocument(): string[] {
  const text =
    // In the head only: injected markup in the body must not choose the origins that the page trusts.
    document.head.querySelector<HTMLMetaElement>(`meta[name="${META}"]`)?.content ??
    document.querySelector<HTMLElement>("script[data-host-origins]")?.dataset["hostOrigins"] ??
    "";
  return text.split(/[\s,]+/).filter((origin) => origin !== "");
}
