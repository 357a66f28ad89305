/** `fetch` with a session token, for configured origins only. */
import { BridgeError, isRecord } from "@breezeway/shared";
import type { ClientSettings } from "./client-options.ts";
import type { ClientFetchInit } from "./client-types.ts";
import { resolveUrl } from "./plain-url.ts";

export interface ClientFetchDeps {
  readonly settings: Pick<ClientSettings, "gatewayUrl" | "origins" | "fetch">;
  readonly token: (appId: string | undefined) => Promise<string>;
  /** A token other than the rejected one. */
  readonly replace: (appId: string | undefined, rejected: string) => Promise<string>;
}

export function createClientFetch({
  settings,
  token,
  replace,
}: ClientFetchDeps): (input: string | URL, init?: ClientFetchInit) => Promise<Response> {
  return async (input, { appId, ...init } = {}) => {
    const url = urlFor(String(input), settings);
    const send = async (credential: string): Promise<Response> => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${credential}`);
      try {
        return await settings.fetch(url, { ...init, headers, credentials: "omit" });
      } catch (cause) {
        if (init.signal?.aborted) throw cause;
        throw new BridgeError("FETCH_FAILED", "The gateway cannot be reached.", { cause });
      }
    };
    const first = await token(appId);
    const response = await send(first);
    const isReplayable = !(
      typeof ReadableStream === "function" && init.body instanceof ReadableStream
    );
    if (!isReplayable || !(await asksForRefresh(response))) return response;
    await response.body?.cancel();
    return send(await replace(appId, first));
  };
}

function urlFor(text: string, { gatewayUrl, origins }: ClientFetchDeps["settings"]): string {
  const url = resolveUrl(text, gatewayUrl);
  if (url !== undefined && origins.has(url.origin)) return url.href;
  throw new BridgeError(
    "FETCH_ORIGIN_NOT_ALLOWED",
    `session.fetch sends tokens to gatewayUrl and gatewayOrigins only, not to ${url?.origin ?? "this URL"}.`,
  );
}

async function asksForRefresh(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  if (!response.headers.get("content-type")?.startsWith("application/problem+json")) return false;
  try {
    const problem: unknown = await response.clone().json();
    return isRecord(problem) && problem["action"] === "refresh";
  } catch {
    return false;
  }
}
