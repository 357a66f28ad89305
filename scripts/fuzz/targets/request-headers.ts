/** The headers of a request: what is forwarded, and what counts as a credential. */
import { readCredential } from "../../../gateway/src/request/credential.ts";
import { NEVER_PASSED, headerKind } from "../../../gateway/src/request/header-kinds.ts";
import { headerPairs } from "../../../gateway/src/request/header-list.ts";
import { inspectHeaders } from "../../../gateway/src/request/inspect-headers.ts";
import {
  announcedTrailers,
  mayBeTrailer,
  requestTrailers,
} from "../../../gateway/src/upstream/trailer-fields.ts";
import { acceptedBy, invariant } from "../target.ts";

export function fuzz(data: Buffer): void {
  const [head = "", tail = ""] = data.toString("latin1").split("\n\n");
  const headers = listOf(head);
  const found = acceptedBy(() => inspectHeaders(headers));
  if (found === undefined) return;
  for (const [name] of headerPairs(found.forward)) {
    invariant(!NEVER_PASSED.has(name.toLowerCase()), "no header of the gateway's own passes");
    invariant(headerKind(name) === "forward", "only headers that are to be forwarded pass");
  }
  acceptedBy(() => readCredential(found));
  announcedTrailers(found.trailer, headers);
  for (const [name] of headerPairs(
    acceptedBy(() => requestTrailers(listOf(tail), headers)) ?? [],
  )) {
    invariant(mayBeTrailer(name), "only fields that may be trailers pass");
  }
}

/** Lines of `name: value`, as Node's parser lets them through. */
function listOf(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [, name, value] =
      /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~\x80-\xFF]*?)[ \t]*$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [name, value];
  });
}
