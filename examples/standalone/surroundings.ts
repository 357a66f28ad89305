/**
 * The services that this app needs from its surroundings, inside a host and on its own. The rest of
 * the app uses only the interface.
 */
import { createAppBridge, isEmbedded } from "@breezeway/guest";
import { contract, type Customer } from "../guest-contract.ts";

export interface Surroundings {
  readonly userName: string;
  /** `fetch` with this user's rights, relative to the API. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  onCustomer(listener: (customer: Customer) => void): void;
  saved(note: { customerId: string; text: string }): void;
}

export async function findSurroundings(): Promise<Surroundings> {
  return isEmbedded() ? embedded() : standalone();
}

async function embedded(): Promise<Surroundings> {
  const bridge = await createAppBridge({ contract });
  return {
    userName: bridge.session.current?.userId ?? "nobody",
    fetch: bridge.fetch,
    onCustomer: (listener) => void bridge.event.subscribe("customer:changed", listener),
    saved: (note) => bridge.event.publish("note:saved", note),
  };
}

/**
 * On its own the app has its own sign-in, with a cookie of its own origin, and its own navigation.
 */
async function standalone(): Promise<Surroundings> {
  const id = new URL(location.href).searchParams.get("customer") ?? "c-1";
  return {
    userName: "the owner of this page",
    fetch: (path, init) => fetch(`/api${path}`, { ...init, credentials: "same-origin" }),
    onCustomer: (listener) => listener({ id, name: `Customer ${id}` }),
    saved: () => undefined,
  };
}
