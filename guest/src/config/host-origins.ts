import {
  BridgeError,
  isOrigin,
  isRecord,
  quoted,
  readBoundedText,
  type MaybePromise,
} from "@breezeway/shared";
import { WORDS } from "@breezeway/shared/words";
import { FILE, META } from "./host-origins-places.ts";

const LIST = '{ "hostOrigins": ["https://shell.example"] }';
const FILE_TIMEOUT_MS = 5_000;
const FILE_MAX_BYTES = 16_384;

/**
 * Returns the origins that may embed this guest: from the option, else from
 * `<meta name="breezeway-host-origins" content="https://shell.example …">`, else from
 * `data-host-origins` on the script tag, else from `/.well-known/breezeway.json` of this page's origin,
 * which is fetched only then. Referrer and URL are never used, since the embedding page chooses them.
 *
 * @throws {BridgeError} CONFIG_HOST_ORIGINS_MISSING, CONFIG_HOST_ORIGINS_INVALID
 */
export function resolveHostOrigins(
  option: readonly string[] | undefined,
): MaybePromise<readonly string[]> {
  const origins = option ?? readDocument();
  return origins ? checked(origins) : readFile().then(checked);
}

function checked(origins: readonly unknown[]): readonly string[] {
  if (origins.length === 0) {
    throw new BridgeError(
      "CONFIG_HOST_ORIGINS_MISSING",
      WORDS &&
        `createAppBridge: hostOrigins: is required. Call createAppBridge(${LIST}), add <meta name="${META}" content="https://shell.example"> to the head, add data-host-origins="https://shell.example" to the script tag, or serve ${LIST} at ${FILE}.`,
    );
  }
  for (const origin of origins) {
    if (typeof origin !== "string" || !isOrigin(origin)) {
      throw new BridgeError(
        "CONFIG_HOST_ORIGINS_INVALID",
        WORDS
          ? `createAppBridge: hostOrigins: ${quoted(String(origin))} must be an exact origin such as https://shell.example, without path, trailing slash or *.`
          : [quoted(String(origin))],
      );
    }
  }
  return origins as readonly string[];
}

function readDocument(): string[] | undefined {
  // In the head only: injected markup in the body must not choose the origins that the page trusts.
  return (
    document.head.querySelector<HTMLMetaElement>(`meta[name="${META}"]`)?.content ??
    document.querySelector<HTMLElement>("script[data-host-origins]")?.dataset["hostOrigins"]
  )
    ?.split(/[\s,]+/)
    .filter((origin) => origin !== "");
}

/** The list of the file; an empty one when the origin serves no such file. */
async function readFile(): Promise<readonly unknown[]> {
  let value: unknown;
  try {
    // Absolute, since a `<base>` in the page must not choose another origin.
    const response = await fetch(location.origin + FILE, {
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(FILE_TIMEOUT_MS),
    });
    if (!response.ok) return [];
    value = JSON.parse((await readBoundedText(response, FILE_MAX_BYTES)) ?? "");
  } catch {
    // Many servers answer an unknown path with their start page.
    return [];
  }
  if (isRecord(value) && Object.keys(value).length === 1 && Array.isArray(value["hostOrigins"]))
    return value["hostOrigins"];
  throw new BridgeError(
    "CONFIG_HOST_ORIGINS_INVALID",
    WORDS ? `createAppBridge: ${FILE}: must be ${LIST}.` : [FILE],
  );
}
