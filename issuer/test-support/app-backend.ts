/**
 * The backend of an app on a real socket: records the calls that it receives and answers as a test
 * wants.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { ManifestInput } from "@breezeway/shared/schemas";
import { decodeProtectedHeader, jwtVerify, createLocalJWKSet, type JWK } from "jose";

export interface ReceivedCall {
  readonly path: string;
  readonly token: string;
  readonly body: string;
  /** The parsed body. */
  readonly said: Readonly<Record<string, unknown>>;
}

export type Answer = (
  response: ServerResponse,
  request: IncomingMessage,
  call: ReceivedCall,
) => void | Promise<void>;

export interface AppBackend {
  readonly origin: string;
  readonly calls: readonly ReceivedCall[];
  /** The highest number of concurrent calls. */
  readonly mostAtOnce: number;
  answer: Answer;
  close(): Promise<void>;
}

export const status =
  (code: number, headers: Record<string, string> = {}, body = ""): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body);

export const problem = (code: number, body: object): Answer =>
  status(code, { "content-type": "application/problem+json" }, JSON.stringify(body));

export async function startAppBackend(): Promise<AppBackend> {
  const calls: ReceivedCall[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const backend = {
    origin: "",
    calls,
    answer: status(204),
    get mostAtOnce() {
      return mostAtOnce;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  const server = createServer((request, response) => {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.on("close", () => (underWay -= 1));
    void receive(request).then(async (call) => {
      calls.push(call);
      await backend.answer(response, request, call);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  backend.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return backend;
}

/**
 * Apps of this backend: `orders` has both calls and a setup page, `plain` has neither, `guided` has
 * only a setup page.
 */
export function installableApps(origin: string): readonly ManifestInput[] {
  const app = (id: string) => ({ id, name: id, version: "1.0.0", url: "https://app.example/" });
  return [
    {
      ...app("orders"),
      lifecycle: {
        setupUrl: "https://app.example/setup",
        connectUrl: `${origin}/connect`,
        disconnectUrl: `${origin}/disconnect`,
      },
    },
    app("plain"),
    { ...app("guided"), placements: [{ type: "setup", path: "/setup" }] },
  ];
}

async function receive(request: IncomingMessage): Promise<ReceivedCall> {
  const body = (await buffer(request)).toString();
  return {
    path: `${request.method} ${request.url}`,
    token: request.headers.authorization?.replace(/^Bearer /, "") ?? "",
    body,
    said: JSON.parse(body) as Record<string, unknown>,
  };
}

/** Header and claims of a call's token, verified by another library. */
export async function readToken(
  { token }: ReceivedCall,
  jwks: { readonly keys: readonly JWK[] },
  nowMs: number,
): Promise<{ readonly header: object; readonly claims: Readonly<Record<string, unknown>> }> {
  const keys = createLocalJWKSet({ keys: [...jwks.keys] });
  const { payload } = await jwtVerify(token, keys, { currentDate: new Date(nowMs) });
  return { header: decodeProtectedHeader(token), claims: payload };
}
