/** Serves the host's origin: the page, its script, the issuer, and two helpers of the page. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Issuer } from "@breezeway/issuer";
import { toNodeHandler } from "@breezeway/issuer/node";
import type { Finding, PageConfig } from "./page-config.ts";
import { CONFIG_ELEMENT, PATHS } from "./page-config.ts";

export interface HostSiteOptions {
  readonly origin: string;
  readonly issuer: Pick<Issuer, "url" | "fetch" | "sessions">;
  readonly script: string;
  readonly config: PageConfig;
  readonly guestOrigin: string;
  readonly methodsFile: string | undefined;
  readonly inspect: () => Promise<readonly Finding[]>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export function createHostSite(
  options: HostSiteOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { issuer, script, inspect, methodsFile } = options;
  const html = pageHtml(options.config);
  const policy = contentSecurityPolicy(options);
  const answers = new Map<string, Answer>([
    ["GET /", (_request, response) => sendPage(response, html, policy)],
    [`GET ${PATHS.script}`, (_request, response) => send(response, "text/javascript", script)],
    [
      `GET ${PATHS.inspect}`,
      async (_request, response) => {
        send(response, "application/json", JSON.stringify(await inspect()));
      },
    ],
    [
      `POST ${PATHS.revoke}`,
      async (request, response) => {
        // A page of another site cannot send this header: its preflight is not allowed.
        const isOwn = request.headers["x-breezeway-request"] === "1";
        const session = isOwn && (await issuer.sessions.fromCookie(request.headers.cookie));
        if (session) await issuer.sessions.revoke(session.handle);
        response.writeHead(session ? 204 : 403).end();
      },
    ],
  ]);
  if (methodsFile !== undefined) {
    // Read on each request, so that a reload of the page uses the latest version.
    answers.set(`GET ${PATHS.methods}`, async (_request, response) => {
      send(response, "text/javascript", await readFile(methodsFile, "utf8"));
    });
  }
  const answerIssuer = toNodeHandler(issuer);
  return (request, response) => {
    answerIssuer(request, response, () => void answer(answers, request, response));
  };
}

async function answer(
  answers: ReadonlyMap<string, Answer>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split("?", 1)[0] ?? "/";
  const found = answers.get(`${request.method} ${path}`);
  try {
    if (found) await found(request, response);
    else response.writeHead(404).end();
  } catch {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}

function send(response: ServerResponse, type: string, body: string): void {
  response
    .writeHead(200, {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    })
    .end(body);
}

function sendPage(response: ServerResponse, html: string, policy: string): void {
  response.setHeader("content-security-policy", policy);
  response.setHeader("referrer-policy", "no-referrer");
  send(response, "text/html", html);
}

function contentSecurityPolicy({ guestOrigin, config }: HostSiteOptions): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    `connect-src 'self' ${config.gatewayUrl ?? ""}`.trim(),
    `frame-src ${guestOrigin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function pageHtml(config: PageConfig): string {
  // A `<` in the JSON could end the script element (HTML, section 4.12.1.3).
  const json = JSON.stringify(config).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>breezeway dev</title>
    <link rel="icon" href="data:," />
    <script type="module" src="${PATHS.script}"></script>
  </head>
  <body>
    <noscript>This page needs JavaScript.</noscript>
    <script type="application/json" id="${CONFIG_ELEMENT}">${json}</script>
  </body>
</html>
`;
}
