import type { AppBridge } from "@breezeway/guest";

export interface Tenant {
  tenantId: string;
  userId: string;
  /** `null` until the setup is complete. */
  pointsPerEuro: number | null;
}

export interface Customer {
  id: string;
  name: string;
  city: string;
  points: number;
}

/** Sends a request to the backend of this app, for the current user. */
export async function api<T>(appBridge: AppBridge, path: string, body?: unknown): Promise<T> {
  const sessionToken = await appBridge.method.call<string>("getSessionToken");
  const response = await fetch(`/api${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${sessionToken}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`The backend answered with status ${response.status}.`);
  return (await response.json()) as T;
}
