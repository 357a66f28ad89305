/** Very many sessions, written without the issuer, which would take long. */
import type { OpenStore } from "../src/index.ts";
import type { SessionTable } from "../src/store/schema.ts";

/** Statements have a limit of parameters. */
const AT_ONCE = 100;

/** Copies of some session in the store. @returns their handles */
export async function copySessions(
  { db }: Pick<OpenStore, "db">,
  count: number,
  change: (n: number) => Partial<SessionTable> = () => ({}),
): Promise<string[]> {
  const row = await db.selectFrom("breezeway_session").selectAll().executeTakeFirstOrThrow();
  const copies = Array.from({ length: count }, (_, n) => ({
    ...row,
    handle: `copy-${String(n).padStart(7, "0")}`,
    selector_hash: `copy-${n}`,
    ...change(n),
  }));
  for (let from = 0; from < count; from += AT_ONCE) {
    await db
      .insertInto("breezeway_session")
      .values(copies.slice(from, from + AT_ONCE))
      .execute();
  }
  return copies.map(({ handle }) => handle);
}
