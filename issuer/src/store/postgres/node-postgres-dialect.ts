/**
 * Kysely's Postgres dialect, with two differences:
 *
 * - A rollback that fails does not hide why the transaction failed. It fails when the connection is lost,
 *   and the server has rolled back by then.
 * - The server ends a transaction whose client is silent between two statements. When a machine loses its
 *   power or network, nobody tells the server, and the locks of its transactions would stop the writes of
 *   every other process for as long as TCP waits, which is two hours by default.
 */
import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type Driver,
  type PostgresDialectConfig,
} from "kysely";

export interface NodePostgresDialectConfig extends PostgresDialectConfig {
  /** How long a transaction may wait for its next statement, in milliseconds. */
  readonly maxSilenceMs: number;
}

class CarefulDriver extends PostgresDriver {
  readonly #begin: CompiledQuery;

  constructor(config: NodePostgresDialectConfig) {
    super(config);
    // One message. As a startup parameter it would be refused by poolers.
    this.#begin = CompiledQuery.raw(
      `begin; set local idle_in_transaction_session_timeout = ${config.maxSilenceMs}`,
    );
  }

  override async beginTransaction(
    connection: Parameters<PostgresDriver["beginTransaction"]>[0],
  ): Promise<void> {
    await connection.executeQuery(this.#begin);
  }

  override async rollbackTransaction(
    connection: Parameters<PostgresDriver["rollbackTransaction"]>[0],
  ): Promise<void> {
    // After a failure, the driver closes the connection.
    await super.rollbackTransaction(connection).catch(() => undefined);
  }
}

export class NodePostgresDialect extends PostgresDialect {
  readonly #config: NodePostgresDialectConfig;

  constructor(config: NodePostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new CarefulDriver(this.#config);
  }
}
