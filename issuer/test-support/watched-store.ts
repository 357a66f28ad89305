/** A store that records its statements: their SQL, what they touched, and the turn of the event loop. */
import type { CompiledQuery, Kysely, KyselyPlugin, QueryResult, RootOperationNode } from "kysely";
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

function compile(
  db: Kysely<Database>,
  node: RootOperationNode,
  queryId: Parameters<KyselyPlugin["transformQuery"]>[0]["queryId"],
): CompiledQuery {
  return db.getExecutor().compileQuery(node, queryId);
}

const rowsOf = ({ numAffectedRows, rows }: QueryResult<unknown>): number =>
  Number(numAffectedRows ?? rows.length);

/** Records each run of a query that was compiled without plugins, which no plugin sees. */
function recordCompiled(
  db: Kysely<Database>,
  record: (query: CompiledQuery) => Statement,
): Kysely<Database> {
  const executeQuery: Kysely<Database>["executeQuery"] = async (query, options) => {
    if ("compile" in query) return db.executeQuery(query, options);
    const statement = record(query);
    const result = await db.executeQuery(query, options);
    statement.rows = rowsOf(result);
    return result;
  };
  return new Proxy(db, {
    get(target, name) {
      if (name === "executeQuery") return executeQuery;
      // Kysely's members read private fields, which a proxy does not have.
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
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

  const record = (query: CompiledQuery): Statement => {
    const statement = { query, turn, rows: 0 };
    statements.push(statement);
    onStatement(statement);
    return statement;
  };

  const watch = (db: Kysely<Database>): Kysely<Database> => {
    const byId = new WeakMap<object, Statement>();
    const plugin: KyselyPlugin = {
      transformQuery: ({ node, queryId }) => {
        byId.set(queryId, record(compile(db, node, queryId)));
        return node;
      },
      transformResult: ({ result, queryId }) => {
        const statement = byId.get(queryId);
        if (statement) statement.rows = rowsOf(result);
        return Promise.resolve(result);
      },
    };
    return recordCompiled(db.withPlugin(plugin), record);
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
