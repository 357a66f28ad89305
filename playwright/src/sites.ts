/**
 * The two sites of a test: the host with its issuer on `localhost`, and the guest on `127.0.0.1`. To a
 * browser these are different sites, as in production.
 */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createIssuer, sqliteStore, type Issuer } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import type { ManifestInput } from "@breezeway/shared/schemas";
import { hostPageScript } from "./page/bundle.ts";
import type { HtmlGuest, SignedInUser } from "./types.ts";

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

export interface HostSite extends Site {
  readonly issuer: Issuer;
  /** Signs in this user with the next load of `/sign-in`. @returns The session handle. */
  admit(user: SignedInUser): Promise<string>;
}

export interface HostSiteOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly manifest: ManifestInput;
  readonly tokenTtlSeconds: number | undefined;
}

const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Test host</title>' +
  "<style>body{margin:0}iframe{border:0;width:100%;height:100vh}</style>" +
  '<body><script src="/host-page.js"></script></body></html>';

export async function serveHost(options: HostSiteOptions): Promise<HostSite> {
  const script = await hostPageScript();
  let cookie: string | undefined;
  let answerIssuer: RequestListener | undefined;

  const site = await listen("localhost", options.port, (request, response) => {
    const path = request.url ?? "/";
    if (path.startsWith("/auth/")) return answerIssuer?.(request, response);
    if (path === "/host-page.js") {
      response.setHeader("content-type", "text/javascript; charset=utf-8");
      return response.end(script);
    }
    if (path === "/sign-in" && cookie !== undefined) response.setHeader("set-cookie", cookie);
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(PAGE);
  });

  let issuer: Issuer;
  try {
    issuer = createIssuer({
      issuer: `${site.origin}/auth`,
      apps: [options.manifest],
      store: sqliteStore({ file: ":memory:" }),
      ...(options.tokenTtlSeconds !== undefined && { tokenTtlSeconds: options.tokenTtlSeconds }),
    });
  } catch (error) {
    // An invalid manifest must not keep the port busy for the next test.
    await site.close();
    throw error;
  }
  const handler = toNodeHandler(issuer);
  answerIssuer = (request, response) => handler(request, response);

  return {
    origin: site.origin,
    issuer,
    async admit(user) {
      const { session, setCookie } = await issuer.sessions.create({
        userId: "alice",
        tenantId: "acme",
        ...user,
      });
      cookie = setCookie;
      return session.handle;
    },
    async close() {
      await issuer.close();
      await site.close();
    },
  };
}

export function serveGuest({ html }: HtmlGuest, hostOrigin: () => string): Promise<Site> {
  return listen("127.0.0.1", 0, (_request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(typeof html === "string" ? html : html(hostOrigin()));
  });
}

async function listen(hostname: string, port: number, answer: RequestListener): Promise<Site> {
  // Longer than a browser keeps unused connections.
  const server: Server = createServer({ keepAliveTimeout: 65_000 }, answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? portTaken(port, error) : error),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    origin: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function portTaken(port: number, cause: Error): Error {
  const users = "Another program, another embed of this test, or a test in another worker uses it.";
  return new Error(`hostPort: ${port}: must be a free port. ${users}`, { cause });
}
