/** Node has no window: importing and rendering on a server must not need one. */
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { expect, it } from "vitest";
import { createTestHost } from "../testing.ts";
import { BreezewayProvider, useSession, useSessionToken } from "../react.ts";

function Greeting() {
  const session = useSession();
  return createElement("p", null, `${session?.userId} ${useSessionToken() !== null}`);
}

it("renders the fallback on the server and opens no bridge", () => {
  const tree = createElement(
    BreezewayProvider,
    { fallback: createElement("p", null, "Connecting") },
    createElement(Greeting),
  );
  expect(renderToString(tree)).toBe("<p>Connecting</p>");
});

it("renders nothing without a fallback", () => {
  expect(renderToString(createElement(BreezewayProvider, null, createElement(Greeting)))).toBe("");
});

it("renders the children when it is given a bridge", async () => {
  const host = createTestHost();
  const bridge = await host.connect();
  const tree = createElement(BreezewayProvider, { bridge }, createElement(Greeting));
  expect(renderToString(tree)).toBe("<p>alice true</p>");
  host.close();
});
