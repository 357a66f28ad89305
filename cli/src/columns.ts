/** A table for people: cells of one column have one width. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** `2026-11-30T12:00:00Z` */
export function timeOf(epochSeconds: number): string {
  return new Date(1_000 * Math.floor(epochSeconds)).toISOString().replace(".000Z", "Z");
}
