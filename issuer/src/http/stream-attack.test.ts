/** Event streams through a real listener, as one user opens them who wants to take all places. */
import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { afterEach, expect, it } from "vitest";
import { serveIssuer, type IssuerServer } from "../node.ts";
import type { Issuer } from "../index.ts";
import { testIssuer } from "../../test-support/test-issuer.ts";

const SIGN_INS = 625;
const AT_ONCE = 125;
const ADDRESSES = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
/** The attack has succeeded long before it has as many. */
const ENOUGH = 400;

let issuer: Issuer;
let server: IssuerServer;
const opened: ClientRequest[] = [];
const agent = new Agent({ keepAlive: true });

afterEach(async () => {
  for (const each of opened.splice(0)) each.destroy();
  agent.destroy();
  await server.close();
  await issuer.close();
});

function ask(
  cookie: string,
  address: string,
): {
  readonly sent: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
} {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { cookie, "x-forwarded-for": address };
  const sent = request(`${server.url}/auth/session/events`, { headers, agent }, resolve);
  sent.on("error", reject);
  sent.end();
  return { sent, answer: promise };
}

async function signIn(userId: string): Promise<string> {
  const { setCookie } = await issuer.sessions.create({ userId, tenantId: "acme" });
  return setCookie.split(";", 1)[0] ?? "";
}

/** @returns the status; a stream stays open */
async function openStream(cookie: string, address: string): Promise<number | undefined> {
  const { sent, answer } = ask(cookie, address);
  const { statusCode } = await answer.then((message) => message.resume());
  // The end of the test cuts the streams off.
  sent.on("error", () => undefined);
  if (statusCode === 200) opened.push(sent);
  return statusCode;
}

it("[ES-1] leaves another user a stream while one user with 625 sign-ins from three addresses opens all that it can", async () => {
  issuer = testIssuer();
  server = await serveIssuer(issuer, { port: 0, trustedProxies: ["127.0.0.1"] });
  const attack = async (address: string): Promise<void> => {
    const cookie = await signIn("alice");
    while (opened.length < ENOUGH && (await openStream(cookie, address)) === 200);
  };
  for (let first = 0; first < SIGN_INS; first += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => attack(ADDRESSES[index % 3] ?? "")),
    );
  }
  expect(opened).toHaveLength(256);
  expect(await openStream(await signIn("bob"), "192.0.2.1")).toBe(200);
});
