/**
 * Issuer and gateway in memory, with one flaw: the load must find it. Without a flaw it keeps its word, and
 * the load must find nothing.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listen } from "@breezeway/test-support/listen";
import { isRecord } from "@breezeway/shared";
import type { ControlCall, Places } from "../load/load-deps.ts";

export const FLAWS = [
  "loses every third session",
  "mints for an ended session",
  "lets an ended session in",
  "answers for somebody else",
  "mints for somebody else",
  "refuses the secret that it issued",
  "fails with 500",
  "is away without a fault",
  "is silent without a fault",
  "loses a rotated key",
  "goes on publishing a removed key",
  "lets a token of a removed key in",
  "forgets that an app was installed",
  "does not end what its API revoked",
] as const;
export type Flaw = (typeof FLAWS)[number];

interface Session {
  readonly userId: string;
  readonly handle: string;
  isEnded: boolean;
}

export interface FlawedService extends AsyncDisposable {
  readonly places: Places;
  readonly control: (call: ControlCall) => Promise<string | undefined>;
}

interface Reply {
  readonly status: number;
  readonly body?: object;
  readonly cookie?: string;
}

const problem = (status: number, reason: string): Reply => ({ status, body: { reason } });
const REVOKED = problem(401, "session-revoked");

export async function startFlawedService(flaw?: Flaw): Promise<FlawedService> {
  const sessions: Session[] = [];
  const secrets = new Map<string, Session>();
  const installed = new Map<string, boolean>();
  let kids = ["key-0"];
  let requests = 0;
  const has = (one: Flaw): boolean => flaw === one;

  const endAll = (isEnded: (session: Session) => boolean): void => {
    for (const session of sessions) if (isEnded(session)) session.isEnded = true;
  };
  const issue = (session: Session): string => {
    const secret = `breezeway=${session.handle}-${secrets.size}`;
    if (!has("refuses the secret that it issued") || secrets.size % 5 > 0)
      secrets.set(secret, session);
    return secret;
  };

  function signIn(userId: string): Reply {
    const session = { userId, handle: `handle-${sessions.length}`, isEnded: false };
    sessions.push(session);
    const cookie = issue(session);
    if (has("loses every third session") && sessions.length % 3 === 0) secrets.delete(cookie);
    return { status: 200, body: { handle: session.handle }, cookie };
  }

  function tokenOf({ userId, handle }: Session): string {
    const sub = has("mints for somebody else") ? "mallory" : userId;
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    return [part({ kid: kids.at(-1) }), part({ sub, sid: handle }), "c2ln"].join(".");
  }

  function atGateway(request: IncomingMessage): Reply {
    const [, header = "", claims = ""] =
      /^Bearer ([^.]+)\.([^.]+)/.exec(request.headers.authorization ?? "") ?? [];
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
    const [{ kid }, { sid }] = [read(header), read(claims)] as [{ kid: string }, { sid: string }];
    if (!kids.includes(kid) && !has("lets a token of a removed key in"))
      return problem(401, "key-unknown");
    const session = sessions.find(({ handle }) => handle === sid);
    if (session?.isEnded !== false && !has("lets an ended session in")) return REVOKED;
    const user = has("answers for somebody else") ? "mallory" : session?.userId;
    return { status: 200, body: { user, session: sid } };
  }

  function atIssuer(name: string, cookie: string, body: unknown): Reply {
    const field = (key: string): string => (isRecord(body) ? String(body[key]) : "");
    if (name === "POST /login/dev") return signIn(field("userId"));
    if (name === "GET /.well-known/jwks.json")
      return { status: 200, body: { keys: kids.map((kid) => ({ kid })) } };
    const session = secrets.get(cookie);
    if (!session) return problem(401, "session-missing");
    if (name === "DELETE /session") {
      session.isEnded = true;
      return { status: 200 };
    }
    const isMint = name === "POST /session/token";
    if (session.isEnded && !(isMint && has("mints for an ended session"))) return REVOKED;
    if (isMint) return { status: 200, body: { token: tokenOf(session) } };
    if (name === "POST /session/refresh") return { status: 200, cookie: issue(session) };
    if (name === "POST /installations/install") installed.set(field("tenantId"), true);
    if (name === "POST /installations/uninstall") installed.set(field("tenantId"), false);
    if (!name.startsWith("GET /installations")) return { status: 200, body: {} };
    const state = installed.get(tenantOf(session)) === true ? "installed" : "uninstalled";
    return { status: 200, body: { installations: [{ appId: "reports", state }] } };
  }

  /** The administrators are the last users, one for each tenant. */
  function tenantOf({ userId }: Session): string {
    if (has("forgets that an app was installed")) return "nobody";
    return userId === ADMINISTRATOR ? "acme" : "globex";
  }

  async function answer(request: IncomingMessage): Promise<Reply | undefined> {
    const { method = "", url = "", headers } = request;
    const body = await text(request);
    requests += 1;
    const isTurn = requests % 7 === 0;
    if (isTurn && has("is silent without a fault")) return undefined;
    if (isTurn && has("fails with 500")) return problem(500, "internal-error");
    if (isTurn && has("is away without a fault")) return problem(503, "store-unavailable");
    if (url === "/orders") return atGateway(request);
    return atIssuer(`${method} ${url}`, headers.cookie ?? "", body === "" ? {} : JSON.parse(body));
  }

  const server = createServer((request, response) => {
    void answer(request).then((reply) => respond(response, reply));
  });
  const { url, close } = await listen(server);
  return {
    places: {
      issuers: [{ part: "issuer-1", role: "issuer", url }],
      gateways: [{ part: "gateway-1", role: "gateway", url }],
    },
    control: ({ command, argument }) => {
      if (command === "rotateKey") {
        const kid = `key-${requests}`;
        if (!has("loses a rotated key")) kids = [kid, ...kids];
        return Promise.resolve(kid);
      }
      if (command === "removeKey") {
        if (!has("goes on publishing a removed key")) kids = kids.filter((kid) => kid !== argument);
        if (kids.length === 0) kids = [`key-${requests}-next`];
        return Promise.resolve(argument);
      }
      if (!has("does not end what its API revoked")) {
        endAll(({ userId, handle }) => argument === (command === "revoke" ? handle : userId));
      }
      return Promise.resolve("");
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The first administrator of a load of this many people. */
export const PEOPLE = 4;
const ADMINISTRATOR = `user-${PEOPLE}`;

function respond(response: ServerResponse, reply: Reply | undefined): void {
  if (!reply) {
    response.socket?.destroy();
    return;
  }
  const { status, body = {}, cookie } = reply;
  response.writeHead(status, {
    ...(cookie !== undefined && { "set-cookie": `${cookie}; Path=/` }),
  });
  response.end(JSON.stringify(body));
}
