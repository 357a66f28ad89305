import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalPath } from "../protocol/normal-path.ts";
import { labelText } from "./label-text.ts";
import {
  parseConfirm,
  parseNavigate,
  parseOpenModal,
  parseReportPath,
  parseResize,
  parseShowToast,
} from "./surface-args.ts";

const OFF_ORIGIN = [
  "",
  "customers",
  "../up",
  "//evil.example",
  "//evil.example/x",
  "/\\evil.example",
  "\\\\evil.example",
  "/a\\b",
  "/.//evil.example",
  "/x/..//evil.example",
  "/%2e//evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/ /x",
  "/x\u0000",
  "https://evil.example/",
  "https:/x",
  "javascript:alert(1)",
  "JavaScript:alert(1)",
  "data:text/html,x",
  "blob:https://evil.example/x",
  "?x",
  "#x",
  `/${"x".repeat(2_048)}`,
  `/${"\u20ac".repeat(300)}`,
];

describe("a path", () => {
  it.each([
    ["/", "/"],
    ["/customers/c-1?tab=orders#note", "/customers/c-1?tab=orders#note"],
    ["/a/./b/../c", "/a/c"],
    ["/ü", "/%C3%BC"],
    ["/javascript:alert(1)", "/javascript:alert(1)"],
    ["/?next=//evil.example", "/?next=//evil.example"],
  ])("%s becomes %s, as in a browser", (path, normal) => {
    expect(normalPath(path)).toBe(normal);
  });

  it.each(OFF_ORIGIN)("%j is refused", (path) => {
    expect(normalPath(path)).toBeUndefined();
  });

  it("never leaves its origin, for any input", () => {
    const pieces = fc.array(
      fc.constantFrom("/", "\\", ".", "..", "//", "@", ":", "evil.example", "%2e", "%2f", "?", "#"),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((list) => `/${list.join("")}`),
        ),
        (text) => {
          const path = normalPath(text);
          if (path === undefined) return;
          const url = new URL(path, "https://shell.example/deep/page");
          expect(url.origin).toBe("https://shell.example");
          expect(url.pathname + url.search + url.hash).toBe(path);
          expect(path.length).toBeLessThanOrEqual(2_048);
          expect(normalPath(path)).toBe(path);
        },
      ),
    );
  });
});

describe("arguments for the host's page", () => {
  it("are parsed with their defaults", () => {
    expect(parseShowToast(["Saved"])).toEqual({ text: "Saved", tone: "info" });
    expect(parseConfirm([{ title: "Sure?" }])).toEqual({ title: "Sure?", tone: "normal" });
    expect(parseOpenModal(["edit"])).toEqual({ name: "edit", data: undefined });
    expect(parseResize([{ heightPx: 12.5 }])).toEqual({ heightPx: 12.5 });
    expect(parseReportPath(["/a/../b"])).toBe("/b");
    expect(parseNavigate(["/a/../b"])).toEqual({ to: "host", path: "/b", replace: false });
    expect(parseNavigate([{ path: "/a/../b" }, { replace: true }])).toEqual({
      to: "app",
      app: undefined,
      path: "/b",
      replace: true,
    });
  });

  it.each<[string, (args: readonly unknown[]) => unknown, readonly unknown[], string]>([
    ["no text", parseShowToast, [], "text: is required"],
    ["a text of nothing to read", parseShowToast, [" \u200b…"], "text: must have a letter"],
    ["a text of blank letters", parseShowToast, ["\u3164\u115f\uffa0"], "text: must have a letter"],
    ["a long text", parseShowToast, ["x".repeat(201)], "text: must be at most 200 characters"],
    ["a text that is HTML as an object", parseShowToast, [{ html: "x" }], "text: must be of type"],
    ["another tone", parseShowToast, ["x", { tone: "loud" }], "options.tone: must be"],
    ["another option", parseShowToast, ["x", { html: "<b>" }], 'options: unknown field "html"'],
    ["no title", parseConfirm, [{}], "title: is required"],
    ["a title alone", parseConfirm, ["Sure?"], "must be of type object"],
    ["a long title", parseConfirm, [{ title: "x".repeat(121) }], "title: must be at most 120"],
    ["a long text", parseConfirm, [{ title: "x", text: "x".repeat(601) }], "text: must be at most"],
    ["an empty button", parseConfirm, [{ title: "x", confirmLabel: "" }], "confirmLabel: must"],
    [
      "a long other button",
      parseConfirm,
      [{ title: "x", confirmLabel: "x".repeat(31) }],
      "confirmLabel:",
    ],
    [
      "an empty other button",
      parseConfirm,
      [{ title: "x", cancelLabel: " " }],
      "cancelLabel: must",
    ],
    ["a long button", parseConfirm, [{ title: "x", cancelLabel: "x".repeat(31) }], "cancelLabel:"],
    ["another tone of it", parseConfirm, [{ title: "x", tone: "loud" }], "tone: must be"],
    ["more of it", parseConfirm, [{ title: "x", html: "<b>" }], 'unknown field "html"'],
    ["no name", parseOpenModal, [], "name: is required"],
    ["a path of it", parseOpenModal, ["edit", { path: "/" }], 'options: unknown field "path"'],
    ["a list as options", parseOpenModal, ["edit", [1]], "options: must be of type object"],
    ["no size", parseResize, [{}], "must have heightPx or widthPx"],
    ["a third side", parseResize, [{ heightPx: 1, depthPx: 1 }], 'unknown field "depthPx"'],
    ["NaN", parseResize, [{ heightPx: Number.NaN }], "heightPx: must be of type number"],
    ["no end", parseResize, [{ heightPx: Infinity }], "heightPx: must be"],
    ["less than nothing", parseResize, [{ widthPx: -1 }], "widthPx: must be at least 0"],
    ["a text", parseResize, [{ heightPx: "10" }], "heightPx: must be of type number"],
    [
      "an app that is not a string",
      parseNavigate,
      [{ app: 7 }],
      "target.app: must be of type string",
    ],
    ["another member", parseNavigate, [{ url: "/x" }], 'target: unknown field "url"'],
    ["nowhere", parseNavigate, [], "target: is required"],
    ["another way", parseNavigate, ["/", { to: "top" }], 'options: unknown field "to"'],
    ["a flag that is a text", parseNavigate, ["/", { replace: "yes" }], "options.replace: must be"],
  ])("are refused with the name of the field: %s", (_what, parse, args, message) => {
    expect(() => parse(args)).toThrow(
      expect.objectContaining({
        code: "CALL_ARGUMENTS_INVALID",
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it.each(OFF_ORIGIN)("are refused with the path %j, which is not quoted", (path) => {
    for (const attempt of [
      () => parseNavigate([path]),
      () => parseNavigate([{ path }]),
      () => parseReportPath([path]),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: "CALL_ARGUMENTS_INVALID" }));
      if (path.length > 6) expect(attempt).not.toThrow(path);
    }
  });
});

describe("a label", () => {
  const texts = { de: "Aufträge", en: "Orders", "en-GB": "Orders, please", fr: "Commandes" };

  it.each([
    ["en-gb", "Orders, please"],
    ["de-AT", "Aufträge"],
    ["fr", "Commandes"],
    ["ja", "Orders"],
  ])("is chosen for the locale %s", (locale, text) => {
    expect(labelText(texts, locale)).toBe(text);
  });

  it("is the one text, or the first when no language matches", () => {
    expect(labelText("Orders", "de")).toBe("Orders");
    expect(labelText({ ja: "注文" }, "de")).toBe("注文");
  });
});
