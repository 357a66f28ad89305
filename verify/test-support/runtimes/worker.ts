/** One example application as a Cloudflare Worker makes it: when the module loads, without a request. */
import process from "node:process";
import { createHandler } from "../../examples/fetch.ts";
import { createApp } from "../../examples/hono.ts";
import { variants, type Variant } from "../variants.ts";

// Bindings of the Worker.
const { ADAPTER, ISSUER = "", VARIANT } = process.env;
const options = { issuer: ISSUER, audience: "orders", ...variants[VARIANT as Variant] };
const fetch = ADAPTER === "hono" ? createApp(options).fetch : createHandler(options);

export default { fetch: (request: Request): Response | Promise<Response> => fetch(request) };
