/**
 * The guest's main entry runs in thousands of pages of other companies. This check lists what it
 * must not bring.
 */
import { bundle, sourceEntries } from "./support/bundle.ts";

const FORBIDDEN = ["lit", "@lit", "lit-html", "lit-element", "jose", "zod"];

export async function checkGuestBundle(root: string): Promise<string[]> {
  const entry = (await sourceEntries(root, "guest")).get(".");
  if (!entry) return ["guest/package.json: exports has no main entry to check"];
  const { used } = await bundle(root, [`guest/${entry.replace("./", "")}`], {
    platform: "browser",
  });
  return [...used.keys()]
    .filter((path) => FORBIDDEN.includes(packageOf(path) ?? ""))
    .map((path) => `the guest's main entry brings ${path}`);
}

function packageOf(path: string): string | undefined {
  const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/u.exec(path)?.[1];
  return name?.startsWith("@lit/") ? "@lit" : name;
}
