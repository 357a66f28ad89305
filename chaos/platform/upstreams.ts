/** Two services behind one host name, on two addresses of this machine. */
import type { UpstreamSettings } from "./fixture.ts";
import { createPart, type Part } from "./part.ts";

export const UPSTREAM_HOST = "orders.test";
const HOSTS = ["127.0.0.1", "127.0.0.2"] as const;

export interface Upstreams extends AsyncDisposable {
  /** The one that the host name leads to. */
  readonly current: Part;
  /** What the host name leads to. */
  hosts(): Readonly<Record<string, string>>;
  /** Lets the name lead to the other one. Returns the one that it led to. */
  move(): Part;
}

export async function startUpstreams(port: number): Promise<Upstreams> {
  await using opened = new AsyncDisposableStack();
  const start = async (host: string): Promise<Part> => {
    const settings: UpstreamSettings = { port, host };
    const part = createPart({ name: `upstream ${host}`, program: "upstream-program.ts", settings });
    opened.use(part);
    await part.start();
    return part;
  };
  const parts = await Promise.all([start(HOSTS[0]), start(HOSTS[1])]);
  const stack = opened.move();
  let at: 0 | 1 = 0;
  return {
    get current() {
      return parts[at];
    },
    hosts: () => ({ [UPSTREAM_HOST]: HOSTS[at] }),
    move: () => {
      const before = parts[at];
      at = at === 0 ? 1 : 0;
      return before;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
