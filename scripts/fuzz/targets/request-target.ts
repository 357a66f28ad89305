/** The path of a request, judged by the URL parser of browsers. */
import { parseRequestTarget } from "../../../gateway/src/request/request-target.ts";
import { acceptedBy, invariant } from "../target.ts";

export function fuzz(data: Buffer): void {
  const text = data.toString("latin1");
  for (const passesSlashes of [() => false, () => true]) {
    const target = acceptedBy(() => parseRequestTarget(text, passesSlashes));
    if (target === undefined) continue;
    const { path, query } = target;
    const again = acceptedBy(() => parseRequestTarget(path + query, passesSlashes));
    invariant(again?.path === path && again.query === query, "a normal path stays as it is");
    const { pathname, search, hash } = new URL(`http://gateway.example${path}${query}`);
    invariant(pathname === path, "browsers read the same path");
    invariant(
      search === (query === "?" ? "" : query.replaceAll("'", "%27")) || /["<>]/.test(query),
      "browsers read the same query",
    );
    invariant(hash === "", "no part is a fragment");
    const segments = path.slice(1).split("/");
    invariant(
      segments.every((segment, index) => isPlain(segment) || index === segments.length - 1),
      "no segment is empty or a dot segment",
    );
    invariant(
      !/^\.{1,2}$/.test(segments.at(-1) ?? ""),
      "the last segment may be empty, but not a dot segment",
    );
    invariant(!/[\\;\s]/.test(path), "no character is read differently by other servers");
  }
}

function isPlain(segment: string): boolean {
  return !/^\.{0,2}$/.test(segment);
}
