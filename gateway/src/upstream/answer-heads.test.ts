/** Interim answers and spellings of the transfer coding, on real sockets. */
import { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { sendRaw } from "@breezeway/test-support/raw-client";
import { startRawUpstream } from "@breezeway/test-support/raw-upstream";
import { startGateway } from "../../test-support/start.ts";
import { AnswerHeads, MAX_INTERIM_ANSWERS } from "./answer-heads.ts";

// Chunked bodies go to the upstream through another client.
const ways: [string, (token: string) => string][] = [
  ["a request without a body", (token) => request("GET", token, "Connection: close", "", "")],
  [
    "a body with a length",
    (token) => request("POST", token, "Connection: close", "Content-Length: 4", "", "body"),
  ],
  [
    "a body in chunks",
    (token) =>
      request(
        ...["POST", token, "Connection: close", "Transfer-Encoding: chunked", ""],
        "4\r\nbody\r\n0\r\n\r\n",
      ),
  ],
];

function request(method: string, token: string, ...lines: string[]): string {
  const head = [`${method} /orders HTTP/1.1`, "Host: gateway", `Authorization: Bearer ${token}`];
  return [...head, ...lines].join("\r\n");
}

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hint: secret\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole";

describe.each(ways)("for %s, an upstream", (_way, bytes) => {
  /** Sends one piece after the other. Returns the answer that the client gets. */
  async function answered(...pieces: string[]): Promise<string> {
    let begun = false;
    await using upstream = await startRawUpstream((socket) => {
      if (begun) return;
      begun = true;
      void (async () => {
        for (const piece of pieces) {
          await new Promise((done) => socket.write(piece, "latin1", done));
          // After two turns of the event loop the gateway, in this process, has read the piece.
          await turn();
          await turn();
        }
      })();
    });
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    return await sendRaw(gateway.url, bytes(gateway.tokens.token()));
  }

  it.each<[string, string[]]>([
    ["100, unasked", [CONTINUE + OK]],
    ["100, and later the answer", [CONTINUE, OK]],
    ["103", [HINTS + OK]],
    ["102, 100 and 103", ["HTTP/1.1 102 Processing\r\n\r\n", CONTINUE, HINTS, OK]],
    ["199 without a reason", ["HTTP/1.1 199\r\n\r\n", OK]],
    ["100 of HTTP/1.0", ["HTTP/1.0 100 Continue\r\n\r\n", OK]],
    ["as many as are taken", [CONTINUE.repeat(MAX_INTERIM_ANSWERS) + OK]],
    ["100 in pieces", ["HTTP/1.1 100 Continue\r\nX: y\r\n\r\n".split(""), OK].flat()],
    ["nothing before an answer in pieces", OK.split("")],
    ["an answer that begins like one", [OK.replace("5\r", "25\r").replace("whole", ""), CONTINUE]],
  ])("that sends %s is accepted", async (_name, pieces) => {
    const received = await answered(...pieces);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received).toMatch(/\r\n\r\n(?:whole|HTTP\/1\.1 100 Continue\r\n\r\n)$/);
    expect(received).not.toContain("secret");
  });

  it.each<[string, string]>([
    ["without end", CONTINUE.repeat(MAX_INTERIM_ANSWERS + 1)],
    ["without end, of several kinds", (HINTS + CONTINUE).repeat(MAX_INTERIM_ANSWERS)],
    ["with a line feed alone", "HTTP/1.1 100 Continue\nX: y\r\n\r\n"],
    ["with an empty line of line feeds", `HTTP/1.1 100 Continue\n\n${OK}`],
    ["with a carriage return in it", "HTTP/1.1 100 Continue\r\nX: \ry\r\n\r\n"],
    ["of 20 kB", `HTTP/1.1 103 Hints\r\nX: ${"a".repeat(20_000)}\r\n\r\n`],
    ["and then garbage", `${CONTINUE}garbage\r\n\r\n`],
    ["that are 101", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["that are 101, behind others", `${CONTINUE}HTTP/1.1 101 Switching Protocols\r\n\r\n`],
    ["and then a head without end", `${CONTINUE}HTTP/1.1 200 OK\r\nX: ${"a".repeat(20_000)}`],
    ["of an invalid status", "HTTP/1.1 099 Odd\r\n\r\n"],
    ["behind an empty line", `\r\n${CONTINUE}`],
    ["behind two", `\r\n\r\n${CONTINUE}${OK}`],
    ["and then an empty line", `${CONTINUE}\r\n${OK}`],
    ["and then line feeds alone", `${CONTINUE}HTTP/1.1 200 OK\nContent-Length: 0\n\n`],
  ])("that sends interim answers %s is invalid", async (_name, text) => {
    const received = await answered(text);
    expect(received).toMatch(/^HTTP\/1\.1 502 .*upstream-invalid/s);
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it.each<[string, string[]]>([
    ["an empty line", ["\r\n", OK]],
    ["half of one", ["\r", `\n${OK}`]],
    ["one, and hints", ["\r\n", HINTS + OK]],
    ["a line feed", ["\n", OK]],
  ])("that sends %s before its answer is invalid", async (_name, pieces) => {
    expect(await answered(...pieces)).toMatch(/^HTTP\/1\.1 502 .*upstream-invalid/s);
  });

  it.each([
    ["nothing else", ""],
    ["half a head", "HTTP/1.1 200 OK\r\nX"],
  ])("that sends %s and disconnects is unreachable", async (_name, rest) => {
    await using upstream = await startRawUpstream((socket) => socket.end(CONTINUE + rest));
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    const received = await sendRaw(gateway.url, bytes(gateway.tokens.token()));
    expect(received).toMatch(/^HTTP\/1\.1 502 .*upstream-unreachable/s);
  });

  it.each([
    ...["Chunked", "chunked ", "chunked\t", "chunked \t ", "\tchunked", " \t chunked\t\t"],
    ...["chunked\t\r\nX-A:\ta\tb\t", "chunked\r\nX-A:\ta\tb\t"],
  ])("that writes its coding as %j is accepted", async (coding) => {
    const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n`;
    const body = "7\r\na\ttab: \r\n0\r\n\r\n";
    for (const pieces of [[head + body], [...head.split(""), body]]) {
      const received = await answered(...pieces);
      expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      // The client gets chunks that the gateway made.
      expect(received).toMatch(/\r\n\r\n7\r\na\ttab: \r\n0\r\n\r\n$/);
      if (coding.includes("X-A")) expect(received).toMatch(/\r\nx-a: a\tb\t?\r\n/);
    }
  });

  it.each(["chunked\t,\tchunked", "gzip,\tchunked", "x\tchunked", "chunked\t\r\n chunked"])(
    "whose coding is %j is answered as invalid",
    async (coding) => {
      const head = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\nConnection: close\r\n\r\n`;
      const received = await answered(`${head}5\r\nwhole\r\n0\r\n\r\n`);
      expect(received).toMatch(/^HTTP\/1\.1 502 .*upstream-invalid/s);
    },
  );

  it("may send interim answers before each answer on one connection", async () => {
    // Each answer has the tab that one parser does not recognise.
    const answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n5\r\nwhole\r\n0\r\n\r\n";
    await using upstream = await startRawUpstream((socket) =>
      socket.write(HINTS + CONTINUE + answer),
    );
    await using gateway = await startGateway({ route: { upstream: upstream.url } });
    for (let count = 0; count <= MAX_INTERIM_ANSWERS / 2; count += 1) {
      const received = await sendRaw(gateway.url, bytes(gateway.tokens.token()));
      expect(received).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n5\r\nwhole\r\n0\r\n\r\n$/s);
    }
    expect(upstream.connections).toBe(1);
  });
});

it.each([
  ["x", "x"],
  ["x\t", "x "],
])(
  "an upstream that sends a coding of tabs and %j delays no other request",
  async (coding, spaced) => {
    const socket = new Socket();
    new AnswerHeads().guard(socket);
    const head = (end: string): string =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding:${"\t".repeat(700_000)}${end}\r\n\r\n`;
    // A quadratic search would take minutes.
    socket.push(Buffer.from(head(coding)));
    await turn();
    expect(String(socket.read())).toBe(head(spaced));
  },
);

it("an upstream that sends hints before it accepts an upgrade is accepted", async () => {
  const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket";
  await using upstream = await startRawUpstream((socket) => {
    socket.write(`${HINTS}${switching}\r\n\r\nHTTP/1.1 100 is data now\r\n\r\n.`);
  });
  await using gateway = await startGateway({ route: { upstream: upstream.url } });
  const token = gateway.tokens.token();
  const lines = ["Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "", ""];
  const received = await sendRaw(gateway.url, request("GET", token, ...lines), /\.$/);
  expect(received).toMatch(/^HTTP\/1\.1 101 .*\r\n\r\nHTTP\/1\.1 100 is data now\r\n\r\n\.$/s);
  expect(received).not.toContain("secret");
});
