import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { inspectGuest } from "./inspect-guest.ts";

const HOST = "http://localhost:4600";
let server: Server;
let origin: string;

const REDIRECTS: Readonly<Record<string, string>> = {
  "/inside": "/",
  "/outside": "https://login.example/start",
  "/circle": "/circle",
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "/";
    const location = REDIRECTS[path];
    if (location !== undefined) response.writeHead(302, { location });
    else if (path === "/none") response.writeHead(404);
    else if (path === "/deny") response.setHeader("x-frame-options", "DENY");
    response.end("<p>app</p>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const titles = async (url: string): Promise<string[]> =>
  (await inspectGuest({ url, hostOrigin: HOST })).map(({ title }) => title);

it("reports no problem for a page that may be framed, also after a redirect within its origin", async () => {
  expect(await titles(`${origin}/`)).toEqual([]);
  expect(await titles(`${origin}/inside`)).toEqual([]);
});

it.each([
  ["/none", "The app answered with status 404."],
  ["/outside", "The app redirects to https://login.example."],
  ["/circle", "The app redirects more than 5 times."],
  ["/deny", "A header of the app forbids the frame: X-Frame-Options: DENY"],
])("reports the problem of %s", async (path, title) => {
  expect(await titles(`${origin}${path}`)).toEqual([title]);
});

it("suggests the header that allows the host to frame the page", async () => {
  const [finding] = await inspectGuest({ url: `${origin}/deny`, hostOrigin: HOST });
  expect(finding?.code).toBe(`Content-Security-Policy: frame-ancestors ${HOST}`);
});

it("reports that the app does not answer", async () => {
  expect(await titles("http://127.0.0.1:1/")).toEqual(["Nothing answers at http://127.0.0.1:1."]);
});
