import { BridgeError, isOrigin, quoted } from "@breezeway/shared";

const META = "breezeway-host-origins";

/**
 * The origins that may embed this guest: from the option, else from
 * `<meta name="breezeway-host-origins" content="https://shell.example …">`, else from
 * `data-host-origins` on the script tag. Never from the referrer or the URL, which the embedding
 * page chooses.
 *
 * @throws {BridgeError} CONFIG_HOST_ORIGINS_MISSING, CONFIG_HOST_ORIGINS_INVALID
 */
export function resolveHostOrigins(option: readonly string[] | undefined): readonly string[] {
  const origins = option ?? readDocument();
  if (origins.length === 0) {
    throw new BridgeError(
      "CONFIG_HOST_ORIGINS_MISSING",
      `Say which host may embed this app: createAppBridge({ hostOrigins: ["https://shell.example"] }), or <meta name="${META}" content="https://shell.example">.`,
    );
  }
  for (const origin of origins) {
    if (!isOrigin(origin)) {
      throw new BridgeError(
        "CONFIG_HOST_ORIGINS_INVALID",
        `${quoted(origin)} is not an exact origin such as https://shell.example (no path, no slash at the end, no *).`,
      );
    }
  }
  return origins;
}

function readDocument(): string[] {
  const text =
    // In the head only: markup that gets into the body must not choose whom the page trusts.
    document.head.querySelector<HTMLMetaElement>(`meta[name="${META}"]`)?.content ??
    document.querySelector<HTMLElement>("script[data-host-origins]")?.dataset["hostOrigins"] ??
    "";
  return text.split(/[\s,]+/).filter((origin) => origin !== "");
}
