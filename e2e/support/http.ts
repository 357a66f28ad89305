/** Calls the demo's HTTP endpoints without a browser, as `curl` would. */
import type { Platform } from "@breezeway/demo";

export interface Person {
  readonly userId: string;
  readonly tenantId: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface SignedIn {
  readonly cookie: string;
  /** A session token for the app. */
  token(appId: string): Promise<string>;
  /** Sends `POST /auth/session/token` and returns the response. */
  askForToken(appId: string, headers?: Record<string, string>): Promise<Answer>;
}

type Platformish = Pick<Platform, "addresses">;

export async function logIn({ addresses }: Platformish, person: Person): Promise<Answer> {
  return send(`${addresses.shell.origin}/auth/login/dev`, {
    method: "POST",
    headers: firstParty(addresses.shell.origin),
    body: JSON.stringify(person),
  });
}

/** @throws {Error} when the issuer refuses the login */
export async function signIn(platform: Platformish, person: Person): Promise<SignedIn> {
  const { origin } = platform.addresses.shell;
  const { status, headers } = await logIn(platform, person);
  const cookie = headers.get("set-cookie")?.split(";")[0];
  if (status !== 200 || cookie === undefined)
    throw new Error(`The login was answered with status ${status}.`);
  const askForToken: SignedIn["askForToken"] = (appId, extra = {}) =>
    send(`${origin}/auth/session/token`, {
      method: "POST",
      headers: { ...firstParty(origin), cookie, ...extra },
      body: JSON.stringify({ appId }),
    });
  return {
    cookie,
    askForToken,
    async token(appId) {
      const answer = await askForToken(appId);
      const token = (answer.body as { token?: unknown }).token;
      if (typeof token !== "string")
        throw new Error(`Expected a token, but the status was ${answer.status}.`);
      return token;
    },
  };
}

export async function askGateway(
  { addresses }: Platformish,
  path: string,
  { token, ...init }: RequestInit & { token?: string } = {},
): Promise<Answer> {
  return send(addresses.gateway.origin + path, {
    ...init,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
      ...(init.headers as Record<string, string> | undefined),
    },
  });
}

export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith("{") ? (JSON.parse(text) as unknown) : text,
  };
}

/** Headers of the shell's own page. Without them the issuer rejects a POST as CSRF. */
export function firstParty(origin: string): Record<string, string> {
  return { "content-type": "application/json", "x-breezeway-request": "1", origin };
}
