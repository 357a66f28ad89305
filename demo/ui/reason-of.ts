import { BridgeError, isRecord } from "@breezeway/shared";

/** The `reason` in a server's problem+json body, or `http-` and the status without one. */
export async function reasonOfResponse(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const reason = isRecord(body) ? body["reason"] : undefined;
  return typeof reason === "string" ? reason : `http-${response.status}`;
}

/** The `reason` of a thrown error. */
export function reasonOfError(error: unknown): string {
  return BridgeError.is(error) ? error.reason : "internal-error";
}
