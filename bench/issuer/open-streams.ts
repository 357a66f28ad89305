/** Event streams of an issuer in this process, without HTTP: a bench reads thousands of them beside the issuer. */
import type { Issuer } from "@breezeway/issuer";

export const ISSUER = "http://127.0.0.1:4000/auth";
const AT_ONCE = 100;

export interface Reading {
  readonly handles: readonly string[];
  readonly events: () => number;
}

/**
 * Opens a stream for each of many users of one tenant, and reads all of them.
 *
 * @param from Number of the first user. Processes on one store need different users. Default 0.
 */
export async function openStreams(issuer: Issuer, count: number, from = 0): Promise<Reading> {
  const handles: string[] = [];
  let events = 0;
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    // One event is one chunk.
    for await (const chunk of body) if (chunk[0] !== 58) events += 1;
  };
  const open = async (index: number): Promise<void> => {
    const { session, setCookie } = await issuer.sessions.create({
      userId: `user-${index}`,
      tenantId: "acme",
    });
    handles.push(session.handle);
    const headers = { cookie: setCookie.split(";", 1)[0] ?? "" };
    const response = await issuer.fetch(new Request(`${ISSUER}/session/events`, { headers }), {
      address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    });
    if (!response.ok || !response.body) throw new Error(`${response.status}`);
    void read(response.body);
  };
  for (let index = 0; index < count; index += AT_ONCE) {
    const size = Math.min(AT_ONCE, count - index);
    await Promise.all(Array.from({ length: size }, (_, offset) => open(from + index + offset)));
  }
  return { handles, events: () => events };
}
