import { BridgeError, isRecord } from "@breezeway/shared";

/** The stable name of what a server refused: the `reason` of its problem+json body. */
export async function reasonOfResponse(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const reason = isRecord(body) ? body["reason"] : undefined;
  return typeof reason === "string" ? reason : `http-${response.status}`;
}

/** The stable name of what was thrown. */
export function reasonOfError(error: unknown): string {
  return BridgeError.is(error) ? error.reason : "internal-error";
}
