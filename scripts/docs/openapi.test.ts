/**
 * A running issuer against `docs/openapi.yaml`: each endpoint is made to give each answer that the file
 * lists, by status and reason, and the answer is checked against the file's schemas.
 */
import { readFile } from "node:fs/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readEvents } from "../../issuer/test-support/event-source.ts";
import { ALICE } from "../test-support/issuers.ts";
import { OPENAPI_FILE } from "./openapi.ts";
import {
  closeIssuers,
  guarded,
  normal,
  openIssuers,
  provoke,
  send,
  type Case,
} from "./openapi/answers.ts";

interface Content {
  readonly schema: {
    readonly allOf?: readonly { readonly properties?: { reason?: { enum: string[] } } }[];
  };
  readonly "x-events"?: Readonly<Record<string, object>>;
}

interface Response200 {
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, Content>>;
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Record<
        string,
        {
          readonly requestBody?: object;
          readonly security?: readonly object[];
          readonly responses: Record<string, Response200>;
        }
      >
    >
  >;
}

const document = parse(await readFile(OPENAPI_FILE, "utf8")) as OpenApi;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: "openapi", ...document });

const cases = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([verb, { responses }]) =>
    Object.entries(responses).flatMap(([status, response]) =>
      casesOf(path, verb, status, response),
    ),
  ),
);

function casesOf(path: string, verb: string, status: string, response: Response200): Case[] {
  const method = verb.toUpperCase();
  const base = { operation: `${method} ${path}`, method, path, status };
  const headers = Object.keys(response.headers ?? {});
  const contents = Object.entries(response.content ?? {});
  const responsePointer = ["paths", path, verb, "responses", status, "content"];
  if (contents.length === 0) return [{ ...base, type: "", reason: "", headers, pointer: "" }];
  return contents.flatMap(([type, { schema }]) => {
    const pointer = `openapi#/${[...responsePointer, type, "schema"].map(escape).join("/")}`;
    const isProblem = type === "application/problem+json";
    const reasons = schema.allOf?.flatMap(({ properties }) => properties?.reason?.enum ?? []);
    // The other bodies of a status have headers of their own.
    const own = isProblem || contents.length === 1 ? headers : [];
    return (reasons ?? [""]).map((reason) => ({ ...base, type, reason, headers: own, pointer }));
  });
}

function escape(step: string): string {
  return encodeURIComponent(step.replaceAll("~", "~0").replaceAll("/", "~1"));
}

beforeAll(openIssuers);
afterAll(closeIssuers);

describe("docs/openapi.yaml", () => {
  it.each(cases)("$operation answers $status $reason $type", async (at) => {
    const answer = await provoke(at);
    const [type = ""] = (answer.headers.get("content-type") ?? "").split(";");
    if (type === "text/event-stream") {
      expect([String(answer.status), type]).toEqual([at.status, at.type]);
      await answer.body?.cancel();
      return;
    }
    const text = await answer.text();
    expect([String(answer.status), type], text).toEqual([at.status, at.type]);
    for (const name of at.headers) expect(answer.headers.has(name), name).toBe(true);
    if (at.type === "") return;
    const body: unknown = JSON.parse(text);
    if (at.reason !== "") expect(body).toMatchObject({ reason: at.reason });
    const validate = ajv.getSchema(at.pointer) ?? ajv.compile({ $ref: at.pointer });
    expect(validate(body), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(Object.entries(document.paths))("lists the methods of %s", async (path, methods) => {
    const answer = await send(await guarded(), { method: "OPTIONS", path });
    const listed = Object.keys(methods).map((verb) => verb.toUpperCase());
    const head = listed.includes("GET") ? ["HEAD"] : [];
    expect(answer.headers.get("allow")?.split(", ")).toEqual([...listed, ...head, "OPTIONS"]);
  });

  it("describes the events of a session", async () => {
    const { issuer } = normal;
    const [session, other] = [
      await issuer.sessions.create(ALICE),
      await issuer.sessions.create(ALICE),
    ];
    const own = session.setCookie.split(";", 1)[0];
    const path = "/session/events";
    const stream = readEvents(await send(normal, { method: "GET", path }, { cookie: own }));
    await send(
      normal,
      { method: "POST", path: "/session/tenant" },
      { cookie: own, body: { tenantId: "globex" } },
    );
    await issuer.sessions.updateClaims(session.session.handle, { team: "blue" });
    await issuer.installations.install({ appId: "orders", tenantId: "globex" });
    await issuer.apps.suspend("paused", { reason: "Under review", tenantId: "globex" });
    await issuer.sessions.revoke(session.session.handle);
    const ended = readEvents(
      await send(normal, { method: "GET", path }, { cookie: other.setCookie.split(";", 1)[0] }),
    );
    await send(
      normal,
      { method: "DELETE", path: "/session" },
      { cookie: other.setCookie.split(";", 1)[0] },
    );
    const names = await checkedEvents(path, [stream, ended]);
    expect(names).toEqual(new Set(Object.keys(eventsOf(path))));
  });

  it("describes the events of the revocation feed", async () => {
    const { issuer } = normal;
    const path = "/revocations";
    const headers = { accept: "text/event-stream" };
    const stream = readEvents(await send(normal, { method: "GET", path }, { headers }));
    const { session } = await issuer.sessions.create(ALICE);
    await issuer.sessions.revoke(session.handle);
    await issuer.apps.resume("paused", { tenantId: "globex" });
    const names = await checkedEvents(path, [stream], 3);
    expect(names).toEqual(new Set(Object.keys(eventsOf(path))));
  });
});

function eventsOf(path: string): Readonly<Record<string, object>> {
  const content = document.paths[path]?.["get"]?.responses["200"]?.content;
  return content?.["text/event-stream"]?.["x-events"] ?? {};
}

/** Reads streams to their ends, or so many events of each, checks them, and gives their names. */
async function checkedEvents(
  path: string,
  streams: readonly ReturnType<typeof readEvents>[],
  most = Infinity,
): Promise<Set<string>> {
  const names = new Set<string>();
  const step = ["paths", path, "get", "responses", "200", "content", "text/event-stream"];
  for (const stream of streams) {
    for (let count = 0; count < most; count += 1) {
      const received = await stream.next();
      if (received?.event === undefined) break;
      const pointer = [...step, "x-events", received.event].map(escape).join("/");
      const validate = ajv.compile({ $ref: `openapi#/${pointer}` });
      expect(validate(received.data), `${received.event} ${JSON.stringify(received.data)}`).toBe(
        true,
      );
      names.add(received.event);
    }
    await stream.cancel();
  }
  return names;
}
