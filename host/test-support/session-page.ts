/** A host page on an issuer in memory. The test decides about its network, and opens, fails and closes its event streams. */
import type { Host, HostOptions } from "../src/index.ts";
import type { SessionEventStream } from "../src/session/session-events.ts";
import {
  createHostForTesting,
  createTestIssuer,
  soloTabs,
  type Tabs,
  type TestIssuer,
} from "../src/testing.ts";

const OPEN = 1;
const CLOSED = 2;

/** A fake of the browser's event stream. */
export interface OpenedStream extends SessionEventStream {
  tell(type: string): void;
  /** The issuer refuses the stream, and the browser gives it up. */
  refuse(): void;
}

export interface SessionPage {
  readonly issuer: TestIssuer;
  readonly host: Host;
  /** The answer of the issuer; `undefined` while it works. */
  readonly network: { fault: (() => Response) | undefined };
  /** The streams that the page has opened, oldest first. */
  readonly streams: OpenedStream[];
  /** The messages about the session to other tabs. */
  readonly posted: string[];
}

export interface SessionPageOptions {
  /** Default: none. */
  readonly apps?: HostOptions["apps"];
  /** The fault of the network from the start on. */
  readonly fault?: (() => Response) | undefined;
}

const hosts: Host[] = [];

function createStream(): OpenedStream {
  const listeners = new Map<string, (event: object) => void>();
  const tell = (type: string): void => listeners.get(type)?.({});
  let readyState = OPEN;
  return {
    get readyState() {
      return readyState;
    },
    addEventListener: (type, listener) => void listeners.set(type, listener),
    close: () => undefined,
    tell,
    refuse: () => {
      readyState = CLOSED;
      tell("error");
    },
  };
}

export function openSessionPage({ apps = [], fault }: SessionPageOptions = {}): SessionPage {
  const issuer = createTestIssuer();
  const streams: OpenedStream[] = [];
  const posted: string[] = [];
  const network = { fault };
  const fetchFrom: typeof fetch = async (...request) =>
    network.fault ? network.fault() : issuer.hostOptions.fetch(...request);
  const openStream = (): OpenedStream => {
    const stream = createStream();
    streams.push(stream);
    return stream;
  };
  const tabs: Tabs = {
    ...soloTabs(),
    post: ({ type }) => void (type === "changed" && posted.push(type)),
  };
  const host = createHostForTesting(
    { ...issuer.hostOptions, apps, fetch: fetchFrom },
    { ...issuer.hooks, openStream, tabs },
  );
  hosts.push(host);
  return { issuer, host, network, streams, posted };
}

/** Call it after each test. */
export function closeSessionPages(): void {
  for (const host of hosts.splice(0)) host.close();
}
