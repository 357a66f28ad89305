/**
 * Puts single writes that arrive while another write waits for the disk into one transaction, so that
 * they share one wait. Each write is acknowledged only once it is on disk. Each write fails alone: when
 * a batch fails, it is rolled back and its writes run one by one.
 */
import type { CompiledQuery, Kysely, QueryResult } from "kysely";
import type { Database } from "../schema.ts";

interface Waiting {
  readonly query: CompiledQuery;
  readonly acknowledge: (result: QueryResult<unknown>) => void;
  readonly refuse: (error: unknown) => void;
}

export type WriteBatcher = (query: CompiledQuery) => Promise<QueryResult<unknown>>;

const MAX_BATCH = 256;

export function createWriteBatcher(db: Kysely<Database>): WriteBatcher {
  let waiting: Waiting[] = [];
  let isRunning = false;

  async function drain(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      await (batch.length > 1 ? together(batch) : alone(batch));
    }
    isRunning = false;
  }

  async function together(batch: readonly Waiting[]): Promise<void> {
    let results: QueryResult<unknown>[];
    try {
      results = await db.transaction().execute(async (transaction) => {
        const written: QueryResult<unknown>[] = [];
        for (const { query } of batch) written.push(await transaction.executeQuery(query));
        return written;
      });
    } catch {
      await alone(batch);
      return;
    }
    for (const [index, { acknowledge }] of batch.entries()) {
      const result = results[index];
      if (result) acknowledge(result);
    }
  }

  async function alone(batch: readonly Waiting[]): Promise<void> {
    await Promise.all(
      batch.map(({ query, acknowledge, refuse }) =>
        db.executeQuery(query).then(acknowledge, refuse),
      ),
    );
  }

  return (query) =>
    new Promise((acknowledge, refuse) => {
      waiting.push({ query, acknowledge, refuse });
      if (!isRunning) void drain();
    });
}
