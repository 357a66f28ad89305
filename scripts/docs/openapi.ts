/**
 * `docs/openapi.yaml`: the issuer's route table with what each endpoint takes and answers.
 * `node --conditions=@breezeway/source scripts/docs/openapi.ts` writes it; tests compare it, and ask a
 * running issuer for every answer that it lists.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { ROOT } from "../suite/root.ts";
import { HEADERS, OPERATIONS, type Answer, type Operation } from "./openapi/operations.ts";
import { issuerRoutes, type Route } from "./openapi/routes.ts";
import { componentSchemas } from "./openapi/schemas.ts";
import { formatted } from "../setup/formatted.ts";

export const OPENAPI_FILE: string = join(ROOT, "docs/openapi.yaml");

const NOTE = "# Written by scripts/docs/openapi.ts; do not edit.\n\n";

const INFO = {
  title: "Breezeway issuer",
  version: "1",
  description: "The endpoints of section 11 of docs/protocol.md. Paths are below the issuer's URL.",
};

const SECURITY_SCHEMES = {
  session: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-breezeway",
    description: "`breezeway` on loopback http.",
  },
  sessionHeader: {
    type: "apiKey",
    in: "header",
    name: "X-Breezeway-Session",
    description: "For programs without a browser, with the option `nativeSessions` only.",
  },
  feed: { type: "http", scheme: "bearer", description: "Where the issuer asks for a secret." },
};

const SESSION_SECURITY = [{ session: [] }, { sessionHeader: [] }];

const REQUEST_HEADER = {
  name: "X-Breezeway-Request",
  in: "header",
  required: true,
  schema: { const: "1" },
};

export async function renderOpenApi(): Promise<string> {
  return formatted("page.yaml", NOTE + stringify(openApi(), { aliasDuplicateObjects: false }));
}

export function openApi(): object {
  const paths: Record<string, Record<string, object>> = {};
  const routes = new Map(issuerRoutes().map((route) => [`${route.method} ${route.path}`, route]));
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    const route = routes.get(name);
    if (!route) throw new Error(`${name} is described, but the issuer has no such route.`);
    routes.delete(name);
    (paths[route.path] ??= {})[route.method.toLowerCase()] = describe(operation, route);
  }
  if (routes.size > 0) throw new Error(`${[...routes.keys()].join(", ")}: not described`);
  return {
    openapi: "3.1.0",
    info: INFO,
    servers: [{ url: "https://shell.example/auth" }],
    paths,
    components: { schemas: componentSchemas(), securitySchemes: SECURITY_SCHEMES },
  };
}

function describe(operation: Operation, { guard }: Route): object {
  const { id, summary, option, security, request } = operation;
  const parameters = [
    ...(guard === "change" ? [REQUEST_HEADER] : []),
    ...(operation.parameters ?? []),
  ];
  return {
    operationId: id,
    summary,
    ...(option ? { description: `Exists with the option \`${option}\` only.` } : {}),
    ...(security ? { security: security === "feed" ? [{}, { feed: [] }] : SESSION_SECURITY } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(request
      ? { requestBody: { required: true, content: { "application/json": schemaOf(request) } } }
      : {}),
    responses: Object.fromEntries(
      Object.entries(answersOf(operation, guard)).map(([status, answers]) => [
        status,
        responseOf(status, answers),
      ]),
    ),
  };
}

/** All answers of an endpoint by status: its own, those of its guard, those of every endpoint. */
export function answersOf(
  { answers }: Operation,
  guard: Route["guard"],
): Readonly<Record<string, readonly Answer[]>> {
  const all: Record<string, Answer[]> = {};
  const add = (status: number | string, answer: Answer): void => {
    (all[status] ??= []).push(answer);
  };
  for (const [status, own] of Object.entries(answers)) {
    for (const answer of Array.isArray(own) ? (own as Answer[]) : [own as Answer])
      add(status, answer);
  }
  if (guard !== "none") {
    add(403, { description: "A page elsewhere sent it.", reasons: ["csrf-rejected"] });
  }
  if (guard === "change") {
    add(429, {
      description: "Too many requests.",
      reasons: ["rate-limited"],
      headers: ["Retry-After"],
    });
  }
  add(431, { description: "The headers are too large.", reasons: ["headers-too-large"] });
  add(503, {
    description: "The store cannot be reached.",
    reasons: ["store-unavailable"],
    headers: ["Retry-After"],
  });
  return all;
}

function responseOf(status: string, answers: readonly Answer[]): object {
  const content: Record<string, object> = {};
  for (const { json, jwks, events } of answers) {
    if (json) content["application/json"] = schemaOf(json);
    if (jwks) content["application/jwk-set+json"] = schemaOf(jwks);
    if (events) content["text/event-stream"] = streamOf(events);
  }
  const reasons = answers.flatMap((answer) => answer.reasons ?? []);
  if (reasons.length > 0) content["application/problem+json"] = { schema: problemOf(reasons) };
  const isChallenge = status === "401" || status === "403";
  const headers = [
    ...answers.flatMap((answer) => answer.headers ?? []),
    ...(isChallenge ? ["WWW-Authenticate"] : []),
  ];
  return {
    description: answers.map(({ description }) => description).join(" "),
    ...(headers.length > 0
      ? {
          headers: Object.fromEntries([...new Set(headers)].map((name) => [name, headerOf(name)])),
        }
      : {}),
    ...(Object.keys(content).length > 0 ? { content } : {}),
  };
}

function headerOf(name: string): object {
  const { description = "", schema = {} } = HEADERS[name] ?? {};
  return { ...(description === "" ? {} : { description }), schema };
}

function problemOf(reasons: readonly string[]): object {
  return {
    allOf: [
      { $ref: "#/components/schemas/Problem" },
      { properties: { reason: { enum: reasons } } },
    ],
  };
}

/** OpenAPI 3.1 has no words for the events of a stream. */
function streamOf(events: Readonly<Record<string, string>>): object {
  const data = Object.entries(events).map(([name, schema]) => [name, reference(schema)]);
  return { schema: { type: "string" }, "x-events": Object.fromEntries(data) };
}

function schemaOf(name: string): object {
  return { schema: reference(name) };
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

if (import.meta.main) await writeFile(OPENAPI_FILE, await renderOpenApi());
