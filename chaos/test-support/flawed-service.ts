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

const ok = (body: object, cookie?: string): Reply => ({
  status: 200,
  body,
  ...(cookie !== undefined && { cookie }),
});

/** The first administrator of a load of this many people. */
export const PEOPLE = 4;
const ADMINISTRATOR = `user-${PEOPLE}`;

/** What issuer, gateway and API share, and the flaw. */
class Memory {
  readonly sessions: Session[] = [];
  readonly installed = new Map<string, boolean>();
  kids: readonly string[] = ["key-0"];
  requests = 0;
  readonly #secrets = new Map<string, Session>();
  readonly #flaw: Flaw | undefined;

  constructor(flaw: Flaw | undefined) {
    this.#flaw = flaw;
  }

  has(flaw: Flaw): boolean {
    return this.#flaw === flaw;
  }

  sessionOf(cookie: string): Session | undefined {
    return this.#secrets.get(cookie);
  }

  /** @returns the cookie of a new secret */
  issue(session: Session): string {
    const secret = `breezeway=${session.handle}-${this.#secrets.size}`;
    const isKept = !this.has("refuses the secret that it issued") || this.#secrets.size % 5 > 0;
    if (isKept) this.#secrets.set(secret, session);
    return secret;
  }

  signIn(userId: string): Reply {
    const session = { userId, handle: `handle-${this.sessions.length}`, isEnded: false };
    this.sessions.push(session);
    const cookie = this.issue(session);
    const isThird = this.sessions.length % 3 === 0;
    if (isThird && this.has("loses every third session")) this.#secrets.delete(cookie);
    return ok({ handle: session.handle }, cookie);
  }
}

function tokenOf(memory: Memory, { userId, handle }: Session): string {
  const sub = memory.has("mints for somebody else") ? "mallory" : userId;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return [part({ kid: memory.kids.at(-1) }), part({ sub, sid: handle }), "c2ln"].join(".");
}

function atGateway(memory: Memory, authorization = ""): Reply {
  const [, header = "", claims = ""] = /^Bearer ([^.]+)\.([^.]+)/.exec(authorization) ?? [];
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
  const [{ kid }, { sid }] = [read(header), read(claims)] as [{ kid: string }, { sid: string }];
  if (!memory.kids.includes(kid) && !memory.has("lets a token of a removed key in"))
    return problem(401, "key-unknown");
  const session = memory.sessions.find(({ handle }) => handle === sid);
  if (session?.isEnded !== false && !memory.has("lets an ended session in")) return REVOKED;
  const user = memory.has("answers for somebody else") ? "mallory" : session?.userId;
  return ok({ user, session: sid });
}

/** The administrators are the last users, one for each tenant. */
function tenantOf(memory: Memory, { userId }: Session): string {
  if (memory.has("forgets that an app was installed")) return "nobody";
  return userId === ADMINISTRATOR ? "acme" : "globex";
}

function withSession(memory: Memory, name: string, session: Session): Reply | undefined {
  if (name === "DELETE /session") {
    session.isEnded = true;
    return ok({});
  }
  const isMint = name === "POST /session/token";
  if (session.isEnded && !(isMint && memory.has("mints for an ended session"))) return REVOKED;
  if (isMint) return ok({ token: tokenOf(memory, session) });
  if (name === "POST /session/refresh") return ok({}, memory.issue(session));
  return undefined;
}

function atIssuer(memory: Memory, name: string, cookie: string, body: unknown): Reply {
  const field = (key: string): string => (isRecord(body) ? String(body[key]) : "");
  if (name === "POST /login/dev") return memory.signIn(field("userId"));
  if (name === "GET /.well-known/jwks.json")
    return ok({ keys: memory.kids.map((kid) => ({ kid })) });
  const session = memory.sessionOf(cookie);
  if (!session) return problem(401, "session-missing");
  const answered = withSession(memory, name, session);
  if (answered) return answered;
  const { installed } = memory;
  if (name === "POST /installations/install") installed.set(field("tenantId"), true);
  if (name === "POST /installations/uninstall") installed.set(field("tenantId"), false);
  if (!name.startsWith("GET /installations")) return ok({});
  const state = installed.get(tenantOf(memory, session)) === true ? "installed" : "uninstalled";
  return ok({ installations: [{ appId: "reports", state }] });
}

/** Answers a request; `undefined` closes its connection. */
async function answer(memory: Memory, request: IncomingMessage): Promise<Reply | undefined> {
  const { method = "", url = "", headers } = request;
  const body = await text(request);
  memory.requests += 1;
  const isTurn = memory.requests % 7 === 0;
  if (isTurn && memory.has("is silent without a fault")) return undefined;
  if (isTurn && memory.has("fails with 500")) return problem(500, "internal-error");
  if (isTurn && memory.has("is away without a fault")) return problem(503, "store-unavailable");
  if (url === "/orders") return atGateway(memory, headers.authorization);
  const parsed: unknown = body === "" ? {} : JSON.parse(body);
  return atIssuer(memory, `${method} ${url}`, headers.cookie ?? "", parsed);
}

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

/** The API inside the issuer's process. */
function call(memory: Memory, { command, argument }: ControlCall): string {
  switch (command) {
    case "rotateKey": {
      const kid = `key-${memory.requests}`;
      if (!memory.has("loses a rotated key")) memory.kids = [kid, ...memory.kids];
      return kid;
    }
    case "removeKey":
      if (!memory.has("goes on publishing a removed key"))
        memory.kids = memory.kids.filter((kid) => kid !== argument);
      if (memory.kids.length === 0) memory.kids = [`key-${memory.requests}-next`];
      return argument;
    default:
      if (memory.has("does not end what its API revoked")) return "";
      for (const session of memory.sessions) {
        const { userId, handle } = session;
        if (argument === (command === "revoke" ? handle : userId)) session.isEnded = true;
      }
      return "";
  }
}

export async function startFlawedService(flaw?: Flaw): Promise<FlawedService> {
  const memory = new Memory(flaw);
  const server = createServer((request, response) => {
    void answer(memory, request).then((reply) => respond(response, reply));
  });
  const { url, close } = await listen(server);
  return {
    places: {
      issuers: [{ part: "issuer-1", role: "issuer", url }],
      gateways: [{ part: "gateway-1", role: "gateway", url }],
    },
    control: (command) => Promise.resolve(call(memory, command)),
    [Symbol.asyncDispose]: close,
  };
}
