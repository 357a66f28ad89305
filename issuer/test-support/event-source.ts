/** Reads the server-sent events of a response one at a time, with a time limit. */

export interface ReceivedEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data?: unknown;
  readonly comment?: string;
}

export interface EventReader {
  /** The next event that is not a comment; `undefined` at the end of the stream. */
  next(): Promise<ReceivedEvent | undefined>;
  /** The next block, comments included. */
  nextBlock(): Promise<ReceivedEvent | undefined>;
  cancel(): Promise<void>;
}

export function readEvents(response: Response): EventReader {
  if (!response.body) throw new Error("no body");
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let buffer = "";

  async function nextBlock(): Promise<ReceivedEvent | undefined> {
    for (;;) {
      const end = buffer.indexOf("\n\n");
      if (end !== -1) {
        const block = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        return parse(block);
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      buffer += decoder.decode(value, { stream: true });
    }
  }

  return {
    nextBlock,
    async next() {
      for (;;) {
        const block = await nextBlock();
        if (!block || block.event !== undefined) return block;
      }
    },
    cancel: () => reader.cancel(),
  };
}

function parse(block: string): ReceivedEvent {
  const fields = block.split("\n").map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")] as const;
  });
  const get = (name: string): string | undefined => fields.find(([field]) => field === name)?.[1];
  const [id, event, data, comment] = [get("id"), get("event"), get("data"), get("")];
  return {
    ...(id === undefined ? {} : { id }),
    ...(event === undefined ? {} : { event }),
    ...(data === undefined ? {} : { data: JSON.parse(data) as unknown }),
    ...(comment === undefined ? {} : { comment }),
  };
}
