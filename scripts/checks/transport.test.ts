import { expect, test } from "vitest";
import { writeTree } from "../test-support/tree.ts";
import { checkTransport, windowAccess } from "./transport.ts";

test("refuses a second file that reaches another window", async () => {
  const root = await writeTree({
    "guest/src/transport.ts": "export const send = (port: MessagePort) => port.postMessage(1);",
    "guest/src/shortcut.ts": "export const up = () => window.parent;",
    "guest/src/shortcut.test.ts": "window.parent.postMessage(1);",
  });
  expect(await checkTransport(root)).toEqual([
    "guest reaches other windows from 2 files: guest/src/shortcut.ts (window.parent); guest/src/transport.ts (postMessage)",
  ]);
});

test.for([
  ["a member", "port.postMessage(1)", ["postMessage"]],
  ["an optional member", "port?.postMessage(1)", ["postMessage"]],
  ["a computed member", `port["postMessage"](1)`, ["postMessage"]],
  ["a destructured method", "const { postMessage } = port", ["postMessage"]],
  ["a renamed destructured method", "const { postMessage: send } = port", ["postMessage"]],
  ["the parent of window", "window.parent.focus()", ["window.parent"]],
  ["the parent of globalThis", `globalThis["parent"]`, ["globalThis.parent"]],
  ["a destructured parent", "const { parent } = window", ["window.parent"]],
  ["a comment", "/* window.parent.postMessage */ f()", []],
  ["a text", `log("postMessage")`, []],
  ["another parent", "node.parent.remove()", []],
] as const)("finds the right names in %s", async ([, source, words]) => {
  expect(await windowAccess(source)).toEqual(words);
});
