/**
 * One issuer process of `fan-out.ts`: `fan-out-process.ts DATABASE STREAMS FROM`. It opens streams, sends the handles of
 * their sessions over IPC, and answers each order.
 */
import process from "node:process";
import { createIssuer, type Store } from "@breezeway/issuer";
import { postgresStore } from "@breezeway/issuer/postgres";
import { paced } from "../capacity/measure/paced.ts";
import { ISSUER, openStreams } from "./open-streams.ts";

export interface Changes {
  readonly kind: "change";
  readonly handles: readonly string[];
  readonly count: number;
  readonly perSecond: number;
  /** Without a notification, the other processes find the changes when they read the log the next time. */
  readonly announced: boolean;
}

export type Order = { readonly kind: "usage" } | Changes;

export interface Usage {
  readonly cpuMs: number;
  readonly events: number;
}

const [, , connectionString = "", streams = "0", from = "0"] = process.argv;
const announcing = { on: true };

function storeOf(url: string): Store {
  const store = postgresStore({ connectionString: url });
  return {
    kind: store.kind,
    open: async () => {
      const opened = await store.open();
      return {
        ...opened,
        announce: async (transaction, seq) => {
          if (announcing.on) await opened.announce(transaction, seq);
        },
      };
    },
  };
}

const issuer = createIssuer({
  issuer: ISSUER,
  apps: [{ id: "orders", name: "Orders", version: "1.0.0", url: "https://orders.example" }],
  store: storeOf(connectionString),
  rateLimits: false,
});
await issuer.ready;
const reading = await openStreams(issuer, Number(streams), Number(from));

async function carryOut(order: Order): Promise<Usage> {
  if (order.kind === "change") {
    const { handles, count, perSecond } = order;
    announcing.on = order.announced;
    await paced(count, perSecond, (n) =>
      issuer.sessions.updateClaims(handles[n % handles.length] ?? "", { n }),
    );
  }
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000, events: reading.events() };
}

process.on("message", (order: Order) => {
  carryOut(order).then(
    (usage) => process.send?.(usage),
    (error: unknown) => {
      throw error;
    },
  );
});
process.send?.(reading.handles);
