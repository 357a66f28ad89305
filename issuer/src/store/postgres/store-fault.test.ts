/** Opening a Postgres store at servers that refuse it, each for another reason. */
import { createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, expect, it } from "vitest";
import { listen, type Listening } from "@breezeway/test-support/listen";
import { postgresStore } from "../../postgres.ts";
import { CERTIFICATE, KEY } from "../../../test-support/tls-backend.ts";

const PASSWORD = "canary-4711";
let server: Listening | undefined;
afterEach(() => server?.close());

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
function errorResponse(code: string, text: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

const SSL_REQUEST = 80_877_103;

/** Answers the startup message, and a request for TLS in front of it. */
function postgres(answer: Buffer | undefined, tls: "N" | "S" = "N"): Server {
  return createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (data: Buffer) => {
      if (data.length === 8 && data.readInt32BE(4) === SSL_REQUEST) {
        socket.write(tls);
        if (tls === "S") {
          socket.removeAllListeners("data");
          const secure = createTlsServer({ key: KEY, cert: CERTIFICATE });
          secure.on("tlsClientError", () => undefined);
          secure.emit("connection", socket);
        }
      } else if (answer) socket.end(answer);
      else socket.destroy();
    });
  });
}

interface Refusal {
  /** Absent: the connection is cut. */
  readonly answer?: Buffer;
  readonly tls?: "N" | "S";
  readonly query?: string;
  readonly connectTimeoutMs?: number;
}

it.each<[string, Refusal, RegExp]>([
  [
    "is a pooler that does not know a startup parameter",
    { answer: errorResponse("08P01", "unsupported startup parameter: statement_timeout") },
    /does not take the startup parameter statement_timeout.*ignore_startup_parameters/,
  ],
  [
    "refuses the password",
    { answer: errorResponse("28P01", `password authentication failed for user "u:${PASSWORD}"`) },
    /refused the user or the password.* \(SQLSTATE 28P01: password .* for user "u:…"\)/,
  ],
  [
    "does not admit the address",
    { answer: errorResponse("28000", "no pg_hba.conf entry for host") },
    /pg_hba\.conf/,
  ],
  [
    "has no such database",
    { answer: errorResponse("3D000", "does not exist") },
    /no such database/,
  ],
  [
    "is full",
    { answer: errorResponse("53300", "sorry, too many clients already"), connectTimeoutMs: 100 },
    /no free connection.*maxConnections/,
  ],
  ["is starting", { answer: errorResponse("57P03", "starting up") }, /is starting/],
  [
    "is damaged",
    { answer: errorResponse("XX001", "invalid page\nin block 1\0") },
    /its data is damaged\. .* \(SQLSTATE XX001: invalid page in block 1\)/,
  ],
  [
    "answers with an unknown code",
    { answer: errorResponse("99999", "?") },
    /look the code up.*99999/,
  ],
  ["has no TLS", { query: "?sslmode=verify-full" }, /the server has no TLS/],
  [
    "has a certificate of an unknown authority",
    { tls: "S", query: "?sslmode=verify-full" },
    /no trusted authority/,
  ],
  ["closes the connection", {}, /the connection was c(?:losed|ut)/],
])("names the cause when the server %s", async (_case, refusal, cause) => {
  const { answer, tls, query = "", connectTimeoutMs } = refusal;
  server = await listen(postgres(answer, tls));
  const connectionString = `postgres://u:${PASSWORD}@127.0.0.1:${server.port}/db${query}`;
  const opened = postgresStore({
    connectionString,
    ...(connectTimeoutMs !== undefined && { connectTimeoutMs }),
  }).open();
  await expect(opened).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    message: expect.stringMatching(cause) as string,
  });
  const { message } = (await opened.catch((error: unknown) => error)) as Error;
  expect(message).toMatch(/^The Postgres store cannot be opened: .*[^.]\.$/);
  expect(message).not.toContain(PASSWORD);
});

it("names the cause when nothing listens", async () => {
  server = await listen(postgres(undefined));
  const { port } = server;
  await server.close();
  const store = postgresStore({ connectionString: `postgres://u:p@127.0.0.1:${port}/db` });
  await expect(store.open()).rejects.toThrow("nothing listens at its address");
});
