/** An issuer in a process of its own, for tests that kill it. Prints its URL, then serves. */
import process from "node:process";
import { postgresStore } from "../postgres.ts";
import { sqliteStore } from "../index.ts";
import { serveIssuer } from "../node.ts";
import { testIssuer } from "./test-issuer.ts";

const [place = ""] = process.argv.slice(2);
const store = place.startsWith("postgres:")
  ? postgresStore({ connectionString: place })
  : sqliteStore({ file: place });
const server = await serveIssuer(testIssuer({ store, rateLimits: false }), { port: 0 });
process.stdout.write(`${server.url}\n`);
