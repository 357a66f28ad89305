/**
 * Removes interim answers (RFC 9110, section 15.2) from the bytes of an upstream, before a parser reads them.
 *
 * undici treats an unrequested `100 Continue` as a broken answer. And a client that takes an interim answer
 * for the final one would read the final one as the answer to its next request, which may belong to somebody
 * else (RFC 8297, section 3; docs/adr/0069). 101 passes: the parser checks whether an upgrade was requested.
 *
 * Also replaces a tab after a transfer coding with a space, which means the same: with the tab, the parsers
 * do not recognise `chunked`, and Node's client hides the tab.
 *
 * Must not: change a byte after the head of the answer, or hold back more than a head.
 */
import type { Socket } from "node:net";
import { BridgeError } from "@breezeway/shared";

/** Largest interim answer, and most bytes of a head to hold back: undici's limit for a head. */
const MAX_HEAD_BYTES = 16_384;
/** Interim answers per request: enough for progress of a long upload, and a bound for a flood. */
export const MAX_INTERIM_ANSWERS = 100;

const HEAD_END = "\r\n\r\n";
/** The bytes before the status. */
const START = "HTTP/1.1 ";
const START_HTTP_1_0 = "HTTP/1.0 ";
const DIGIT_ONE = 0x31;
const TAB = 0x09;
// A pattern for the blanks at the end would take quadratic time.
const CODING = /\r\ntransfer-encoding:[^\r\n]*/gi;
const LINE_FEED_ALONE = /[^\r]\n/;
const INTERIM = /^HTTP\/1\.[01] 1\d\d(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n$/;

/** The filter of one connection, which has one request at a time. */
export class AnswerHeads {
  #isDue = true;
  #interim = 0;
  #held: Buffer | undefined;

  /** Call this when a request begins. */
  expect(): void {
    this.#isDue = true;
    this.#interim = 0;
  }

  /** Filters the bytes that the socket delivers. Returns the same socket. */
  guard(socket: Socket): Socket {
    this.#held = undefined;
    const push = socket.push.bind(socket);
    socket.push = (chunk: Buffer | null): boolean => {
      // Bytes that are held back when the connection ends are not an answer.
      if (!this.#isDue || chunk === null) return push(chunk);
      try {
        const rest = this.#read(chunk);
        return rest === undefined || push(rest);
      } catch (error) {
        socket.destroy(error as BridgeError);
        return false;
      }
    };
    return socket;
  }

  /** @returns the bytes for the parser; `undefined` to wait for more */
  #read(chunk: Buffer): Buffer | undefined {
    let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    while (bytes.length > 0) {
      // The parsers skip empty lines, and this filter would miss an interim answer after them.
      if (!beginsAsHead(bytes)) throw invalid("The upstream's answer does not begin with HTTP/1.");
      const end = bytes.indexOf(HEAD_END);
      if (end === -1) {
        this.#hold(bytes);
        return undefined;
      }
      if (!isInterim(bytes)) {
        this.#isDue = false;
        return withoutTab(bytes, end);
      }
      this.#count(bytes.toString("latin1", 0, end + HEAD_END.length));
      bytes = bytes.subarray(end + HEAD_END.length);
    }
    return undefined;
  }

  #hold(bytes: Buffer): void {
    if (bytes.length > MAX_HEAD_BYTES)
      throw invalid("The head of the upstream's answer is too large.");
    // The parsers reject a line feed without a carriage return.
    if (LINE_FEED_ALONE.test(bytes.toString("latin1"))) {
      throw invalid("The head of the upstream's answer has a line feed without a carriage return.");
    }
    this.#held = bytes;
  }

  #count(head: string): void {
    this.#interim += 1;
    const isBounded = this.#interim <= MAX_INTERIM_ANSWERS && head.length <= MAX_HEAD_BYTES;
    if (isBounded && INTERIM.test(head)) return;
    throw invalid(
      "The upstream sent an interim answer that is malformed, too large, or one too many.",
    );
  }
}

function beginsAsHead(bytes: Buffer): boolean {
  const start = bytes.toString("latin1", 0, START.length);
  return START.startsWith(start) || START_HTTP_1_0.startsWith(start);
}

function isInterim(bytes: Buffer): boolean {
  if (bytes[START.length] !== DIGIT_ONE) return false;
  return bytes.toString("latin1", START.length, START.length + 3) !== "101";
}

function withoutTab(bytes: Buffer, end: number): Buffer {
  if (!bytes.subarray(0, end).includes(TAB)) return bytes;
  const head = bytes.toString("latin1", 0, end + 2);
  const spaced = head.replace(CODING, withSpacesAtEnd);
  return Buffer.concat([Buffer.from(spaced, "latin1"), bytes.subarray(end + 2)]);
}

function withSpacesAtEnd(field: string): string {
  let end = field.length;
  while (field[end - 1] === " " || field[end - 1] === "\t") end -= 1;
  return field.slice(0, end).padEnd(field.length);
}

function invalid(what: string): BridgeError {
  return new BridgeError("UPSTREAM_INVALID", what);
}
