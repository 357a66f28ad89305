/** What a program in plain JavaScript gets wrong in its options, said when the host is made. */
import { BridgeError, isRecord } from "@breezeway/shared";
import type { HostOptions, MountOptions } from "./host-types.ts";

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkHostOptions(
  options: Pick<HostOptions, "apps" | "theme" | "locale" | "context">,
): void {
  if (!isRecord(options)) throw invalid("options", "must be an object");
  const { apps, theme, locale } = options;
  if (!Array.isArray(apps) && !(isRecord(apps) && "byOrigin" in apps)) {
    throw invalid("apps", "is required: a list of manifests, or a registry");
  }
  if (theme !== undefined && !isTheme(theme)) {
    throw invalid("theme.scheme", 'must be "light" or "dark"');
  }
  if (locale !== undefined && typeof locale !== "string") {
    throw invalid("locale", "must be a language tag such as en");
  }
  checkSendable("context", options.context);
}

/** @throws {BridgeError} CONFIG_INVALID, naming the option */
export function checkMountOptions(options: MountOptions): void {
  const { place, container, context } = options;
  const target: unknown = container;
  if (place === undefined && !(isRecord(target) && typeof target["append"] === "function")) {
    throw invalid("mount: container", "must be an element; is it in the page yet?");
  }
  checkSendable("mount: context", context);
  checkSide("HeightPx", options.minHeightPx, options.maxHeightPx);
  checkSide("WidthPx", options.minWidthPx, options.maxWidthPx);
}

function checkSide(side: string, min: number = 0, max: number = Infinity): void {
  if (!(min >= 0)) throw invalid(`mount: min${side}`, "must be a number that is not negative");
  if (!(max >= min)) throw invalid(`mount: max${side}`, `must be a number not below min${side}`);
}

function isTheme(value: unknown): boolean {
  return isRecord(value) && (value["scheme"] === "light" || value["scheme"] === "dark");
}

function checkSendable(option: string, value: unknown): void {
  // React Native has none.
  if (typeof structuredClone === "undefined") return;
  try {
    structuredClone(value);
  } catch (cause) {
    throw invalid(option, "cannot be sent to a guest: it holds a function, or a DOM node", cause);
  }
}

function invalid(option: string, problem: string, cause?: unknown): BridgeError {
  return new BridgeError("CONFIG_INVALID", `createHost: ${option}: ${problem}.`, { cause });
}
