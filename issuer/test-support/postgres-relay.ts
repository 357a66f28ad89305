/** What stands between an issuer and its Postgres, and can come between them. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PostgresRelay extends AsyncDisposable {
  /** Of the same database, through here. */
  readonly connectionString: string;
  /** Connections end, and new ones end at once. */
  cut(): void;
  /** Nothing passes any more, and neither side is told, on connections that are open and on new ones. */
  freeze(): void;
  /** New connections pass again; those that were frozen stay so. */
  restore(): void;
}

const SOCKET = ".s.PGSQL.5432";

/** @param connectionString - Of a server that listens on a Unix socket. */
export async function startPostgresRelay(connectionString: string): Promise<PostgresRelay> {
  const url = new URL(connectionString);
  const target = join(url.searchParams.get("host") ?? "", SOCKET);
  const folder = mkdtempSync(join(tmpdir(), "pg-relay-"));
  url.searchParams.set("host", folder);
  const open = new Set<Socket>();
  let state: "open" | "cut" | "frozen" = "open";

  const server = createServer((near) => {
    near.on("error", () => undefined);
    if (state === "cut") {
      near.destroy();
      return;
    }
    keep(near);
    if (state === "frozen") return;
    const far = connect(target);
    far.on("error", () => undefined);
    keep(far);
    near.pipe(far).pipe(near);
    near.once("close", () => far.destroy());
    far.once("close", () => near.destroy());
  });

  function keep(socket: Socket): void {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  }

  function end(): void {
    for (const socket of open) socket.destroy();
  }

  await new Promise<void>((resolve) => server.listen(join(folder, SOCKET), resolve));
  return {
    connectionString: url.href,
    cut() {
      state = "cut";
      end();
    },
    freeze() {
      state = "frozen";
      for (const socket of open) socket.unpipe().pause();
    },
    restore() {
      state = "open";
    },
    async [Symbol.asyncDispose]() {
      end();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
