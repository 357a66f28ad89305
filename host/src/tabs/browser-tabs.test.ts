import { expect, it } from "vitest";
import { browserTabs } from "./browser-tabs.ts";

it("posts nothing and does not throw after it is closed", () => {
  const tabs = browserTabs("https://shell.example/auth");
  tabs.close();
  expect(() => tabs.post({ type: "changed" })).not.toThrow();
});
