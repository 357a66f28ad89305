/** Calls the demo's service through the gateway, and returns a parsed value or a described problem. */
import { parseWith } from "@breezeway/shared/schemas";
import type * as z from "zod/mini";
import { describeProblem, type Description } from "../ui/describe-problem.ts";
import { reasonOfError, reasonOfResponse } from "../ui/reason-of.ts";
import type { PlatformBridge } from "./guest-app.ts";

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Description };

export interface GatewayRequest<S extends z.ZodMiniType> {
  readonly path: string;
  /** Schema of the response body. */
  readonly schema: S;
  readonly method?: "POST" | "PATCH";
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export async function download(
  bridge: Pick<PlatformBridge, "fetch">,
  path: string,
): Promise<Answer<Blob>> {
  try {
    const response = await bridge.fetch(path);
    if (response.ok) return { ok: true, value: await response.blob() };
    return { ok: false, problem: describeProblem(await reasonOfResponse(response)) };
  } catch (error) {
    return { ok: false, problem: describeProblem(reasonOfError(error)) };
  }
}

export async function callGateway<S extends z.ZodMiniType>(
  bridge: Pick<PlatformBridge, "fetch">,
  { path, schema, method, body, signal }: GatewayRequest<S>,
): Promise<Answer<z.output<S>>> {
  try {
    const response = await bridge.fetch(path, {
      ...(method && { method }),
      ...(signal && { signal }),
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
      }),
    });
    if (!response.ok) {
      return { ok: false, problem: describeProblem(await reasonOfResponse(response)) };
    }
    const value = parseWith(schema, await response.json(), {
      code: "UPSTREAM_INVALID",
      source: path,
    });
    return { ok: true, value };
  } catch (error) {
    return { ok: false, problem: describeProblem(reasonOfError(error)) };
  }
}
