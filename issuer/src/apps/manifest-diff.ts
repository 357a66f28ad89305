/** What one manifest changes in another one, field by field. */
import { isDeepStrictEqual } from "node:util";
import type { Manifest } from "@breezeway/shared/schemas";

/** One field. A list of texts says what it gained and lost, every other field its two values. */
export type ManifestChange =
  | {
      readonly field: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly field: string; readonly before?: unknown; readonly after?: unknown };

export type ManifestDiff = readonly ManifestChange[];

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function changeOf(field: string, before: unknown, after: unknown): ManifestChange {
  if (isTexts(before ?? []) && isTexts(after ?? [])) {
    const [old, next] = [(before ?? []) as readonly string[], (after ?? []) as readonly string[]];
    const added = next.filter((text) => !old.includes(text));
    const removed = old.filter((text) => !next.includes(text));
    if (added.length > 0 || removed.length > 0) return { field, added, removed };
  }
  return {
    field,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}

/** Each channel is a field of its own: `channels.beta`. */
function fieldsOf(manifest: Manifest | undefined): Readonly<Record<string, unknown>> {
  const { channels = {}, ...fields } = manifest ?? {};
  const each = Object.entries(channels).map(([name, channel]) => [`channels.${name}`, channel]);
  return { ...fields, ...(Object.fromEntries(each) as Record<string, unknown>) };
}

/** @param before `undefined` for a new app, `after` for one that is removed */
export function diffManifests(
  before: Manifest | undefined,
  after: Manifest | undefined,
): ManifestDiff {
  const [old, next] = [fieldsOf(before), fieldsOf(after)];
  return (
    [...new Set([...Object.keys(next), ...Object.keys(old)])]
      // It follows from `url`.
      .filter((field) => field !== "origin" && !isDeepStrictEqual(old[field], next[field]))
      .map((field) => changeOf(field, old[field], next[field]))
  );
}
