/** The client's own reading of URLs, judged by the one of the WHATWG standard, which Node has. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseUrl, resolveUrl } from "./plain-url.ts";

const BASE = "https://gateway.example/v1";

describe("a URL", () => {
  it.each([
    "https://shell.example",
    "https://shell.example/",
    "HTTPS://Shell.Example:443/Auth",
    "https://shell.example:0443/a",
    "http://127.0.0.1:4000/auth",
    "http://[::1]:4000/auth",
    "https://a_b.example/orders?limit=5&after=%C3%BC#top",
    "https://shell.example?x",
  ])("%s has the origin that browsers give it", (text) => {
    expect(parseUrl(text)?.origin).toBe(new URL(text).origin);
  });

  it.each([
    "",
    "shell.example",
    "//shell.example",
    "https:shell.example",
    "https:/shell.example",
    "https://",
    "https:///shell.example",
    "https://alice@shell.example",
    "https://shell.example@evil.example",
    "https://shell.example:65536",
    "https://shell.example:x",
    "https://shell.example\\@evil.example",
    "https://shell.example\\.evil.example",
    "https://shell.example /",
    "https://shell%2eexample/",
    "https://shéll.example/",
    "https://shell.example\n.evil.example/",
    " https://shell.example",
    "https://443",
    "https://127.1",
    "https://0x7f.0.0.1",
    "https://127.0.0.01",
    "https://127.0.0.256",
    "https://127.0.0.1.",
    "https://1.2.3.4.5",
    "https://a.0x",
    "https://[a]",
    "https://[0:0::1]",
    "https://[::ffff:127.0.0.1]",
    "ftp://shell.example",
    "javascript:alert(1)",
  ])("%j is refused", (text) => {
    expect(parseUrl(text)).toBeUndefined();
  });
});

describe("what fetch is asked for", () => {
  it.each([
    ["/orders", "https://gateway.example/v1/orders"],
    ["orders?limit=5", "https://gateway.example/v1/orders?limit=5"],
    ["", "https://gateway.example/v1/"],
    ["?limit=5", "https://gateway.example/v1/?limit=5"],
    ["/kunden/Müller 7", "https://gateway.example/v1/kunden/M%C3%BCller%207"],
    ["/a/b:c", "https://gateway.example/v1/a/b:c"],
    ['/q?{"a":"<b>|^`"}', "https://gateway.example/v1/q?%7B%22a%22:%22%3Cb%3E%7C%5E%60%22%7D"],
    ["/100%/%zz", "https://gateway.example/v1/100%/%zz"],
    ["https://Files.example:443/a", "https://files.example/a"],
  ])("%j is %s", (text, expected) => {
    expect(resolveUrl(text, BASE)?.href).toBe(expected);
    expect(resolveUrl(text, `${BASE}/`)?.href).toBe(expected);
  });

  it.each([
    "//evil.example/",
    "\\\\evil.example",
    "/\\evil.example",
    "/a\tb",
    "/a\nb",
    " /orders",
    "/orders ",
    "data:,x",
    "blob:https://gateway.example/1",
    "orders:7",
    "/\ud800",
  ])("%j is refused", (text) => {
    expect(resolveUrl(text, BASE)).toBeUndefined();
  });

  it("is refused as a path when there is no gateway", () => {
    expect(resolveUrl("/orders", undefined)).toBeUndefined();
    expect(resolveUrl("https://files.example/a", undefined)?.origin).toBe("https://files.example");
  });

  it("never leads a program with a WHATWG parser to another origin", () => {
    const start = fc.constantFrom("", "/", "https://");
    const piece = fc.constantFrom(
      ...["https:", "http:", "//", "/", "\\", "@", ":", "443", "?", "#", "%", "%40", "[", "]"],
      ...[
        "gateway.example",
        "evil.example",
        ".",
        "..",
        "127",
        "0x7f",
        "::1",
        "-",
        "_",
        "\t",
        " ",
        "é",
        "\u3002",
        "\u0000",
        "a",
      ],
    );
    fc.assert(
      fc.property(start, fc.array(piece, { maxLength: 8 }), (first, pieces) => {
        const url = resolveUrl(first + pieces.join(""), BASE);
        if (url !== undefined) expect(new URL(url.href).origin).toBe(url.origin);
      }),
      { numRuns: 2_000 },
    );
  });
});
