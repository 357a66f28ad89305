/** The guest's main entry reaches thousands of pages that are not ours: what it must not bring. */
import { bundle, sourceEntries } from "./support/bundle.ts";

const FORBIDDEN = ["lit", "@lit", "lit-html", "lit-element", "jose", "zod"];

export async function checkGuestBundle(root: string): Promise<string[]> {
  const entry = (await sourceEntries(root, "guest")).get(".");
  if (!entry) return ["guest has no main entry"];
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
