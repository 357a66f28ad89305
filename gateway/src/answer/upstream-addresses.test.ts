/** What upstreams say about their own address, as the client receives it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startUpstream, type TestUpstream } from "@breezeway/test-support/upstream";
import { startGateway, type TestGateway } from "../../test-support/start.ts";

let upstream: TestUpstream;
let gateway: TestGateway;
/** The headers of the next answer. */
let answer: Record<string, string | string[]> = {};

beforeAll(async () => {
  upstream = await startUpstream({
    handler: (_request, response) => void response.writeHead(302, answer).end(),
  });
  const { url } = upstream;
  const shared = { forwardCookies: true } as const;
  gateway = await startGateway({
    routes: [
      { prefix: "/plain", upstream: url, ...shared },
      { prefix: "/strip", upstream: url, stripPrefix: true, ...shared },
      { prefix: "/based", upstream: `${url}/base`, ...shared },
      { prefix: "/both", upstream: `${url}/base`, stripPrefix: true, ...shared },
    ],
  });
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

/** `$` stands for the upstream's host and port. */
async function received(route: string, name: string, value: string): Promise<string | null> {
  answer = { [name]: value.replaceAll("$", new URL(upstream.url).host) };
  const response = await gateway.request(`/${route}/x`, { redirect: "manual" });
  return response.headers.get(name);
}

describe("the Location of an upstream", () => {
  it.each([
    ["plain", "http://$/plain/7?a=1#b", "/plain/7?a=1#b"],
    ["plain", "https://$/plain/7", "/plain/7"],
    ["plain", "//$/plain/7", "/plain/7"],
    ["plain", "HTTP://$", "/"],
    ["plain", "http://user:secret@$/plain", "/plain"],
    ["plain", "/plain/7", "/plain/7"],
    ["plain", "7?a=http://$/", "7?a=http://$/"],
    ["plain", "?page=2", "?page=2"],
    ["plain", "https://login.example/$", "https://login.example/$"],
    ["plain", "http://$.evil.example/", "http://$.evil.example/"],
    ["plain", "http://$@evil.example/", "http://$@evil.example/"],
    ["plain", "mailto:a@example.com", "mailto:a@example.com"],
    ["plain", "http://$//evil.example", "/.//evil.example"],
    ["plain", "http://$/\\evil.example", "/./\\evil.example"],
    ["plain", "http://$/\t/evil.example", "/./\t/evil.example"],
    ["strip", "http://$/7", "/strip/7"],
    ["strip", "/7?a=/b", "/strip/7?a=/b"],
    ["strip", "/", "/strip/"],
    ["strip", "http://$", "/strip/"],
    ["strip", "http://$//evil.example", "/strip//evil.example"],
    ["strip", "//evil.example/7", "//evil.example/7"],
    ["strip", "/\\evil.example/7", "/\\evil.example/7"],
    ["based", "http://$/base/based/7", "/based/7"],
    ["based", "/base/based/7", "/based/7"],
    ["based", "/base", "/"],
    ["based", "/base//evil.example", "/.//evil.example"],
    ["based", "http://$/outside", "/outside"],
    ["based", "/basement", "/basement"],
    ["both", "http://$/base/7", "/both/7"],
    ["both", "/base", "/both"],
  ])("below /%s becomes, for %j, %j", async (route, value, expected) => {
    const host = new URL(upstream.url).host;
    expect(await received(route, "location", value)).toBe(expected.replaceAll("$", host));
  });
});

describe("other headers of an upstream", () => {
  it.each([
    ["content-location", "http://$/7", "/strip/7"],
    ["refresh", "5; url=http://$/7", "5; url=/strip/7"],
    ["refresh", "0;URL='/7'", "0;URL='/strip/7'"],
    ["refresh", "5", "5"],
    ["refresh", "5;/7", "5;/strip/7"],
    [
      "link",
      '<http://$/2>; rel="next", </1>; rel=prev',
      '</strip/2>; rel="next", </strip/1>; rel=prev',
    ],
    ["link", '</2>; title="</3>"', '</strip/2>; title="</3>"'],
    [
      "link",
      "<https://cdn.example/a.css>; rel=preload",
      "<https://cdn.example/a.css>; rel=preload",
    ],
    ["set-cookie", "a=1; Path=/; HttpOnly", "a=1; Path=/strip; HttpOnly"],
    ["set-cookie", "a=1; path=/things", "a=1; path=/strip/things"],
    ["set-cookie", "a=1; Domain=127.0.0.1; Secure", "a=1; Secure"],
    ["set-cookie", "a=1; Domain=.example.com", "a=1; Domain=.example.com"],
    ["set-cookie", "__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"],
    ["set-cookie", "a=/x; Path=", "a=/x; Path="],
    ["etag", '"http://$/7"', '"http://$/7"'],
  ])("%s is rewritten from %j to %j", async (name, value, expected) => {
    const host = new URL(upstream.url).host;
    expect(await received("strip", name, value)).toBe(expected.replaceAll("$", host));
  });

  it.each([
    ["plain", "a=1; Path=/", "a=1; Path=/"],
    ["based", "a=1; Path=/base/based", "a=1; Path=/based"],
    ["based", "a=1; Path=/", "a=1; Path=/"],
    ["both", "a=1; Path=/base", "a=1; Path=/both"],
    ["both", "a=1; Path=/base/7", "a=1; Path=/both/7"],
    ["both", "a=1; Path=/", "a=1; Path=/both"],
  ])("Set-Cookie below /%s becomes, for %j, %j", async (route, value, expected) => {
    expect(await received(route, "set-cookie", value)).toBe(expected);
  });
});
