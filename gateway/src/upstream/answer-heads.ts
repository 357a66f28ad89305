/**
 * What comes from an upstream, on its way to a parser: its answers without the interim ones before them.
 *
 * Interim answers (RFC 9110, section 15.2) end here. undici takes an unasked `100 Continue` for a broken
 * answer, and a client behind us that takes a hint for the answer would read the answer itself as that
 * to its next request, which may be somebody else's (RFC 8297, section 3; docs/adr/0069). 101 is no
 * interim answer to us: the parser says whether it was asked for.
 *
 * Also writes a tab behind a transfer coding as the space that it stands for: the parsers see no chunks
 * in front of one, and Node's client hides it.
 *
 * Must not: touch a byte behind the head of the answer, or hold more than a head back.
 */
import type { Socket } from "node:net";
import { BridgeError } from "@breezeway/shared";

/** Of one interim answer, or of what is held back of a head. As much as undici takes for a head. */
const MAX_HEAD_BYTES = 16_384;
/** Before one answer. A long upload may be told of its progress; a flood has no end. */
export const MAX_INTERIM_ANSWERS = 100;

const HEAD_END = "\r\n\r\n";
/** Up to the status. */
const START = "HTTP/1.1 ";
const START_OF_OLD = "HTTP/1.0 ";
const DIGIT_ONE = 0x31;
const TAB = 0x09;
// No pattern for the blanks at its end: from each of them it would look at all the others again.
const CODING = /\r\ntransfer-encoding:[^\r\n]*/gi;
const LINE_FEED_ALONE = /[^\r]\n/;
const INTERIM = /^HTTP\/1\.[01] 1\d\d(?: [^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n$/;

/** Of one connection, which has one request at a time. */
export class AnswerHeads {
  #isDue = true;
  #interim = 0;
  #held: Buffer | undefined;

  /** A request begins. */
  expect(): void {
    this.#isDue = true;
    this.#interim = 0;
  }

  /** Stands between the socket and whoever reads from it. */
  guard(socket: Socket): Socket {
    this.#held = undefined;
    const push = socket.push.bind(socket);
    socket.push = (chunk: Buffer | null): boolean => {
      // What is held back at the end is no answer.
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

  /** @returns what the parser may see; `undefined` to wait for more */
  #read(chunk: Buffer): Buffer | undefined {
    let bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = undefined;
    while (bytes.length > 0) {
      // The parsers skip empty lines, and what comes behind them would be looked at no more.
      if (!beginsAsHead(bytes)) throw invalid("The answer does not begin as one of HTTP/1.");
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
    if (bytes.length > MAX_HEAD_BYTES) throw invalid("The answer's head is too large.");
    // None ends in these, as far as the parsers are concerned.
    if (LINE_FEED_ALONE.test(bytes.toString("latin1"))) {
      throw invalid("The answer's head has a line feed alone.");
    }
    this.#held = bytes;
  }

  #count(head: string): void {
    this.#interim += 1;
    const isBounded = this.#interim <= MAX_INTERIM_ANSWERS && head.length <= MAX_HEAD_BYTES;
    if (isBounded && INTERIM.test(head)) return;
    throw invalid("An interim answer is malformed, too large, or one too many.");
  }
}

function beginsAsHead(bytes: Buffer): boolean {
  const start = bytes.toString("latin1", 0, START.length);
  return START.startsWith(start) || START_OF_OLD.startsWith(start);
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
