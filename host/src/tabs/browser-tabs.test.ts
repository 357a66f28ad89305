import { expect, it } from "vitest";
import { browserTabs } from "./browser-tabs.ts";

it("tells nobody once it is closed, and throws at nobody whose answer comes late", () => {
  const tabs = browserTabs("https://shell.example/auth");
  tabs.close();
  expect(() => tabs.post({ type: "changed" })).not.toThrow();
});
