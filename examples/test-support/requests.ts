/** HTTP requests whose headers go out as written: `fetch` would join the repeated ones. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
}

export async function get(port: number, path: string, headers: HeaderList): Promise<Answer> {
  const host = ["host", `127.0.0.1:${port}`];
  const sent = request({
    host: "127.0.0.1",
    port,
    path,
    agent: false,
    headers: [...host, ...headers.flat()],
  });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = await text(response);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: JSON.parse(body) as Record<string, unknown>,
  };
}
