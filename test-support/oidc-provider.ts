/** A real OpenID provider (npm oidc-provider) on a loopback port, with its own sign-in pages. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import Provider from "oidc-provider";
import { vi } from "vitest";
import { listen } from "./listen.ts";

export interface TestProvider {
  readonly url: string;
  /** Signs a person in, as a browser does, from an authorization URL to the callback URL. */
  signIn(authorizationUrl: string, login: string): Promise<string>;
  /** Cancels at the sign-in page. @returns the callback URL with the error */
  cancel(authorizationUrl: string): Promise<string>;
  close(): Promise<void>;
}

export interface TestProviderOptions {
  readonly redirectUri: string;
  /** Default `breezeway`. */
  readonly clientId?: string;
  readonly clientSecret?: string;
}

export async function startOidcProvider(options: TestProviderOptions): Promise<TestProvider> {
  // The provider warns about its development pages and keys, which this test provider uses on purpose.
  const quiet = [vi.spyOn(console, "warn"), vi.spyOn(console, "info")];
  for (const spy of quiet) spy.mockImplementation(() => undefined);
  let handle: (request: IncomingMessage, response: ServerResponse) => Promise<void> = () =>
    Promise.reject(new Error("not started"));
  const server = createServer((request, response) => void handle(request, response));
  const { url, close } = await listen(server);
  const provider = new Provider(url, {
    clients: [
      {
        client_id: options.clientId ?? "breezeway",
        redirect_uris: [options.redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
        ...(options.clientSecret === undefined
          ? { token_endpoint_auth_method: "none" }
          : {
              client_secret: options.clientSecret,
              token_endpoint_auth_method: "client_secret_post",
            }),
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, sub: string) => ({
      accountId: sub,
      claims: () => ({ sub, name: `Name of ${sub}`, groups: sub === "alice" ? ["acme"] : [] }),
    }),
    pkce: { required: () => true },
  });
  handle = provider.callback();

  return {
    url,
    async signIn(authorizationUrl, login) {
      const browser = createBrowser(options.redirectUri);
      let page = await browser.open(authorizationUrl);
      while (!page.startsWith(options.redirectUri)) {
        page = await browser.submit(page, { prompt: "login", login, password: "any" });
      }
      return page;
    },
    async cancel(authorizationUrl) {
      const browser = createBrowser(options.redirectUri);
      const page = await browser.open(authorizationUrl);
      return browser.open(`${page}/abort`);
    },
    close,
  };
}

/** Follows redirects with cookies, up to a page with a form or to the client's address. */
function createBrowser(stopAt: string): {
  open(url: string): Promise<string>;
  submit(page: string, fields: Record<string, string>): Promise<string>;
} {
  const cookies = new Map<string, string>();

  async function go(url: string, init: RequestInit = {}): Promise<string> {
    if (url.startsWith(stopAt)) return url;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";", 1);
      const split = pair.indexOf("=");
      cookies.set(pair.slice(0, split), pair.slice(split + 1));
    }
    const location = response.headers.get("location");
    if (location !== null) return go(new URL(location, url).href);
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    const html = await response.text();
    // The consent page follows the sign-in page at an address of the same form.
    const form = /<form[^>]*action="([^"]+)"/.exec(html)?.[1];
    prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1] ?? "login";
    return form === undefined ? url : new URL(form, url).href;
  }
  let prompt = "login";

  return {
    open: (url) => go(url),
    submit: (page, fields) =>
      go(page, { method: "POST", body: new URLSearchParams({ ...fields, prompt }) }),
  };
}
