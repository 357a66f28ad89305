/** HTTP requests whose headers are sent as written: `fetch` joins repeated headers and refuses some names. */
import { once } from "node:events";
import { request, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** More headers, whose order and repetitions are kept. */
  readonly headerList?: HeaderList;
}

export async function send(
  url: string,
  { method = "GET", headers = {}, headerList = [] }: RequestOptions = {},
): Promise<Answer> {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one] as const),
  );
  // Node adds no Host of its own to a list.
  const host = ["host", new URL(url).host] as const;
  const list = [host, ...pairs, ...headerList].flat();
  const sent = request(url, { method, agent: false, headers: list });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = await text(response);
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}
