/** Addresses in the client for React Native, judged by the URL parser of browsers. */
import { parseUrl, resolveUrl } from "../../../client/src/plain-url.ts";
import { invariant } from "../target.ts";

const BASE = "https://api.example/v1";

export function fuzz(data: Buffer): void {
  const text = data.toString("utf8");
  for (const url of [parseUrl(text), resolveUrl(text, BASE)]) {
    if (url === undefined) continue;
    invariant(URL.canParse(url.href), "browsers read the address");
    const judged = new URL(url.href);
    invariant(judged.origin === url.origin, "browsers send it to the same origin");
    invariant(judged.username === "" && judged.password === "", "it has no user info");
  }
}
