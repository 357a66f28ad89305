/**
 * Starts the backend for the host that `npx breezeway dev` opens:
 * `ISSUER=http://localhost:4600/auth AUDIENCE=app-5173 node main.ts`. PORT: default 5174.
 * KEYS=first verifies by the first key of the set.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { env, stdout } from "node:process";
import { createBackend } from "./backend.ts";
import { verifyByFirstKey, verifyByKeySet } from "./verify.ts";

const verifyBy = env["KEYS"] === "first" ? verifyByFirstKey : verifyByKeySet;
const verify = verifyBy({
  issuer: env["ISSUER"] ?? "http://localhost:4600/auth",
  audience: env["AUDIENCE"] ?? "app-5173",
});
const server = createServer(createBackend(verify));
server.listen(Number(env["PORT"] ?? 5174), "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  stdout.write(`http://127.0.0.1:${port}/\n`);
});
