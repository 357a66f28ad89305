/** A store that records its statements: their SQL, what they touched, and the turn of the event loop. */
import type { CompiledQuery, Kysely, KyselyPlugin, RootOperationNode } from "kysely";
import { CompiledQuery as Query, sql } from "kysely";
import type { OpenStore, Store } from "../src/index.ts";
import type { Database } from "../src/store/schema.ts";

export interface Statement {
  readonly query: CompiledQuery;
  /** Turns of the event loop before it, from an arbitrary number on. */
  readonly turn: number;
  /** Rows that it wrote or returned. */
  rows: number;
}

export interface WatchedStore extends Store {
  readonly statements: Statement[];
  /** Those whose SQL matches, oldest first. */
  readonly matching: (pattern: RegExp) => Statement[];
  readonly stop: () => void;
}

/**
 * Records until `stop`. Statements inside transactions count, too.
 *
 * @param onStatement May throw: then the statement fails
 */
export function watchedStore(
  store: Store,
  onStatement: (statement: Statement) => void = () => undefined,
): WatchedStore {
  const statements: Statement[] = [];
  let turn = 0;
  let isWatching = true;
  const count = (): void => {
    turn += 1;
    if (isWatching) setImmediate(count);
  };
  count();

  const watch = (db: Kysely<Database>): Kysely<Database> => {
    const byId = new WeakMap<object, Statement>();
    const plugin: KyselyPlugin = {
      transformQuery: ({ node, queryId }) => {
        const query = compile(db, node, queryId);
        const statement = { query, turn, rows: 0 };
        byId.set(queryId, statement);
        statements.push(statement);
        onStatement(statement);
        return node;
      },
      transformResult: ({ result, queryId }) => {
        const statement = byId.get(queryId);
        if (statement) statement.rows = Number(result.numAffectedRows ?? result.rows.length);
        return Promise.resolve(result);
      },
    };
    return db.withPlugin(plugin);
  };

  return {
    kind: store.kind,
    open: async () => {
      const open: OpenStore = await store.open();
      return { ...open, db: watch(open.db) };
    },
    statements,
    matching: (pattern) => statements.filter(({ query }) => pattern.test(query.sql)),
    stop: () => {
      isWatching = false;
    },
  };
}

function compile(
  db: Kysely<Database>,
  node: RootOperationNode,
  queryId: Parameters<KyselyPlugin["transformQuery"]>[0]["queryId"],
): CompiledQuery {
  return db.getExecutor().compileQuery(node, queryId);
}

/** The parts of a statement's plan that read a whole table. */
export async function tableScans(
  { db, kind }: Pick<OpenStore, "db" | "kind">,
  { sql: text, parameters }: CompiledQuery,
): Promise<string[]> {
  if (kind === "sqlite") {
    const plan = Query.raw(`explain query plan ${text}`, [...parameters]);
    const { rows } = await db.executeQuery<{ detail: string }>(plan);
    return rows
      .map(({ detail }) => detail)
      .filter((detail) => detail.startsWith("SCAN breezeway_"));
  }
  return db.transaction().execute(async (transaction) => {
    // For a small table, the planner would prefer to read it as a whole.
    await sql`set local enable_seqscan = off`.execute(transaction);
    const plan = Query.raw(`explain ${text}`, [...parameters]);
    const { rows } = await transaction.executeQuery<{ "QUERY PLAN": string }>(plan);
    return rows.map((row) => row["QUERY PLAN"]).filter((line) => /Seq Scan on/.test(line));
  });
}
