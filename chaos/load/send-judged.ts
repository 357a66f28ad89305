import { acceptedBy, type Answered, type Judge } from "../judge/judge.ts";
import type { Client, Place, Request } from "./client.ts";

export interface SendDeps {
  readonly client: Client;
  readonly judge: Judge;
}

/** Sends a request that only a fault may refuse. Resolves to `undefined` unless it was accepted. */
export async function sendJudged(
  { client, judge }: SendDeps,
  request: Request,
): Promise<Answered | undefined> {
  const exchange = await client.send(request);
  judge.answer(exchange);
  return acceptedBy(exchange);
}

export interface SignIn {
  readonly place: Place;
  readonly userId: string;
  readonly tenantId: string;
}

/** Signs a user in. Resolves to `undefined` unless the issuer accepted it. */
export function signIn(
  deps: SendDeps,
  { place, userId, tenantId }: SignIn,
): Promise<Answered | undefined> {
  const body = { userId, tenantId };
  return sendJudged(deps, { place, method: "POST", path: "/login/dev", body });
}
