/** The service behind the gateways: answers with the identity that it received. */
import { createServer } from "node:http";
import process from "node:process";
import type { UpstreamSettings } from "./fixture.ts";

const { port, host } = JSON.parse(process.argv[2] ?? "") as UpstreamSettings;
createServer((request, response) => {
  const { "x-breezeway-user": user, "x-breezeway-session": session } = request.headers;
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ user, session }));
}).listen(port, host, () => process.send?.("listening"));
