/**
 * Kysely's Postgres dialect, with one difference: a rollback that fails does not hide why the transaction
 * failed. It fails when the connection is lost, and the server has rolled back by then.
 */
import { PostgresDialect, PostgresDriver, type Driver, type PostgresDialectConfig } from "kysely";

class TruthfulDriver extends PostgresDriver {
  override async rollbackTransaction(
    connection: Parameters<PostgresDriver["rollbackTransaction"]>[0],
  ): Promise<void> {
    // After a failure, the driver closes the connection.
    await super.rollbackTransaction(connection).catch(() => undefined);
  }
}

export class NodePostgresDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new TruthfulDriver(this.#config);
  }
}
