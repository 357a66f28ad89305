/** Why an SQLite store cannot be used, and what to do: our words, then SQLite's. */

/** By primary result code (https://sqlite.org/rescode.html). */
const BY_CODE: Readonly<Record<number, string>> = {
  3: "the file may not be used. Check its owner and mode",
  5: "another process writes to the file for too long. Look for it, or raise busyTimeoutMs",
  6: "another connection holds a table of the file. Retry",
  7: "the machine is out of memory",
  8: "the file is read-only. Check owner and mode of file and folder, and how the disk is mounted",
  10: "the disk failed to read or write the file. Check the disk, and limits of file sizes",
  11: "the file is damaged. Restore it from a backup",
  13: "the disk is full. Free space",
  14: "the file, or one beside it, cannot be opened. Check owner and mode of file and folder",
  15: "the lock of the file failed. Retry",
  22: "the file is larger than this system supports",
  26: "the file is not a database, or is encrypted. Check the path",
};

/** @returns `undefined` when the store works, and the query is wrong */
export function storeFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  const { errcode } = error;
  if (typeof errcode !== "number") return undefined;
  const why = BY_CODE[errcode & 0xff];
  return why && `${why} (SQLite ${errcode}: ${error.message})`;
}
