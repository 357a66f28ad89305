/**
 * Measures the gateway's memory under 10 000 idle connections and bodies of 1 GB in both
 * directions:
 *   npm run gateway:soak -w bench
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { createTokenSource } from "./tokens.ts";

const IDLE = Number(process.env["IDLE"] ?? 10_000);
const BODY_BYTES = Number(process.env["BODY_BYTES"] ?? 1_000_000_000);
const CHUNK = Buffer.alloc(64 * 1024);

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

// Counts the bytes of uploads. The query sets the length of downloads.
const upstream = createServer((incoming, response) => {
  let received = 0;
  incoming.on("data", (chunk: Buffer) => (received += chunk.length));
  incoming.on("end", () => {
    if (incoming.method === "POST") {
      response.end(String(received));
      return;
    }
    let left = BODY_BYTES;
    const fill = (): void => {
      while (left > 0) {
        const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
        left -= chunk.length;
        if (!response.write(chunk)) {
          response.once("drain", fill);
          return;
        }
      }
      response.end();
    };
    fill();
  });
});
upstream.listen(0, "127.0.0.1");
await once(upstream, "listening");
const upstreamPort = (upstream.address() as AddressInfo).port;

const tokens = createTokenSource();
const file = fileURLToPath(new URL("./contender.ts", import.meta.url));
const child = fork(file, ["gateway", String(upstreamPort), JSON.stringify(tokens.jwk)], {
  execArgv: ["--conditions=@breezeway/source"],
});
const [port] = (await once(child, "message")) as [number];

async function rssMb(): Promise<number> {
  child.send("usage");
  const [usage] = (await once(child, "message")) as [{ rssMb: number }];
  return usage.rssMb;
}

async function transfer(method: "GET" | "POST"): Promise<void> {
  const outgoing = request({
    port,
    method,
    path: "/orders/file",
    headers: { authorization: `Bearer ${tokens.next()}` },
  });
  let peak = 0;
  const timer = setInterval(() => void rssMb().then((mb) => (peak = Math.max(peak, mb))), 100);
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  const startedAt = performance.now();
  if (method === "POST") {
    for (let left = BODY_BYTES; left > 0; left -= CHUNK.length) {
      if (!outgoing.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)))) {
        await once(outgoing, "drain");
      }
    }
  }
  outgoing.end();
  const [response] = await answered;
  let received = 0;
  let text = "";
  for await (const chunk of response as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (method === "POST") text += chunk.toString();
  }
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1_000;
  const bytes = method === "POST" ? Number(text) : received;
  print(
    `${method === "POST" ? "upload  " : "download"} ${bytes} bytes, status ${response.statusCode}, ${Math.round(bytes / seconds / 1e6)} MB/s, peak ${Math.round(peak)} MB`,
  );
}

try {
  print(`at start ${Math.round(await rssMb())} MB`);
  await transfer("GET");
  await transfer("POST");
  const before = await rssMb();
  const sockets: Socket[] = [];
  for (let count = 0; count < IDLE; count += 1) {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    if (count % 100 === 0) await once(socket, "connect");
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const after = await rssMb();
  const each = ((after - before) * 1_048_576) / IDLE / 1_000;
  print(`${IDLE} idle connections: ${Math.round(after - before)} MB, ${each.toFixed(1)} kB each`);
  const startedAt = performance.now();
  const live = await fetch(`http://127.0.0.1:${port}/health/live`);
  print(`a request among them: ${live.status} in ${Math.round(performance.now() - startedAt)} ms`);
  for (const socket of sockets) socket.destroy();
} finally {
  child.kill();
  upstream.close();
  upstream.closeAllConnections();
}
