import { Buffer } from 'node:buffer';
import { CLOSING_BRACKET, JsonScanner, OPENING_BRACE, OPENING_BRACKET, isBlank } from './json-scanner.js';
import { ByteWindow } from './byte-window.js';
import { decoded } from './decoded.js';
import { KEPT_BYTES, MAX_LINE_BYTES } from './lines.js';
import type { Line } from './lines.js';

/*
 * Cuts a file into JSON messages whatever its framing is: one a line (NDJSON), documents one after another, pretty-printed or
 * not, or an array whose elements are the messages, of any length.
 */

const NEWLINE = 0x0a;
const COMMA = 0x2c;
/** Begins each text of a JSON text sequence (RFC 7464). */
const RECORD_SEPARATOR = 0x1e;
/** Before each message of an event stream (`text/event-stream`). */
const EVENT_STREAM_DATA = Buffer.from('data:');
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * - `between`: behind one message, before the next.
 * - `value`: within an object or an array that is kept.
 * - `long value`: within one over the limit, whose beginning was given out.
 * - `garbage`: within what is no JSON, kept; `long garbage`: the rest of it, over the limit.
 */
type State = 'between' | 'value' | 'long value' | 'garbage' | 'long garbage';

const isOpening = (byte: number): boolean => byte === OPENING_BRACE || byte === OPENING_BRACKET;

/** The messages of one file. Holds at most one message and one chunk. */
class MessageCutter {
  readonly #window = new ByteWindow();
  readonly #scanner = new JsonScanner();
  #state: State = 'between';
  #inArray = false;
  /** Blanks at the beginning of the present line; whether there is nothing else in it yet. */
  #indent = 0;
  #isLineStart = true;
  /** The indent of the line that the value began in; -1 for garbage, behind which any line goes on. */
  #valueIndent = 0;
  #number = 0;
  #messages: Line[] = [];

  push(chunk: Buffer): readonly Line[] {
    this.#window.append(chunk);
    while (this.#window.hasNext) this.#take(this.#window.next());
    return this.#given();
  }

  /** What is left at the end of the file: a value that does not end, or garbage in the last line. */
  end(): readonly Line[] {
    while (this.#state === 'value') {
      this.#giveUp(true);
      while (this.#window.hasNext) this.#take(this.#window.next());
    }
    if (this.#state === 'garbage') this.#give(this.#window.position);
    return this.#given();
  }

  #given(): readonly Line[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  /** Every byte is taken once, but for those behind a value that turned out to be broken. */
  #take(byte: number): void {
    const startsLine = this.#isLineStart && !isBlank(byte);
    this.#followLine(byte);
    const isKept = this.#state === 'value' || this.#state === 'garbage';
    if (isKept && this.#window.position > MAX_LINE_BYTES) this.#giveBeginning();
    if (this.#state === 'between') this.#takeBetween(byte);
    else if (this.#state === 'value' || this.#state === 'long value') this.#takeInValue(byte, startsLine);
    else this.#takeInGarbage(byte, startsLine);
    if (this.#state === 'long value' || this.#state === 'long garbage') this.#window.drop();
  }

  #followLine(byte: number): void {
    if (byte === NEWLINE) [this.#indent, this.#isLineStart] = [0, true];
    else if (this.#isLineStart && isBlank(byte)) this.#indent += 1;
    else this.#isLineStart = false;
  }

  #takeBetween(byte: number): void {
    if (isBlank(byte) || byte === COMMA || byte === RECORD_SEPARATOR) {
      this.#window.drop();
    } else if (byte === CLOSING_BRACKET || (byte === OPENING_BRACKET && !this.#inArray)) {
      this.#inArray = byte === OPENING_BRACKET;
      this.#window.drop();
    } else if (isOpening(byte)) {
      this.#begin(byte);
    } else {
      this.#valueIndent = -1;
      this.#state = 'garbage';
    }
  }

  #begin(opening: number): void {
    this.#state = 'value';
    this.#valueIndent = this.#indent;
    this.#scanner.restart();
    this.#scanner.take(opening);
  }

  #takeInValue(byte: number, startsLine: boolean): void {
    const found = this.#scanner.take(byte);
    if (found === 'open') return;
    if (found === 'closed' && this.#state === 'value') {
      this.#give(this.#window.position);
    } else if (found === 'closed') {
      this.#window.drop();
      this.#state = 'between';
    } else if (this.#state === 'value') {
      this.#giveUp(false);
    } else {
      this.#state = 'long garbage';
      this.#takeInGarbage(byte, startsLine);
    }
  }

  /** Garbage of a line ends with the line; what is left of a broken value goes on to the next line that may begin one. */
  #takeInGarbage(byte: number, startsLine: boolean): void {
    if (this.#valueIndent < 0) {
      if (byte === NEWLINE) this.#endGarbage(this.#window.position);
      else if (this.#isStreamData()) this.#beginData();
    } else if (startsLine && isOpening(byte) && this.#indent <= this.#valueIndent) {
      this.#endGarbage(this.#window.position - 1);
      this.#begin(byte);
    }
  }

  #isStreamData(): boolean {
    return this.#state === 'garbage' && this.#window.position === EVENT_STREAM_DATA.length && this.#window.bytes(EVENT_STREAM_DATA.length).equals(EVENT_STREAM_DATA);
  }

  #beginData(): void {
    this.#window.drop();
    this.#state = 'between';
  }

  #endGarbage(end: number): void {
    if (this.#state === 'garbage') this.#give(end);
    this.#state = 'between';
    this.#inArray = false;
  }

  /**
   * The value is broken at the present byte, or does not end. A value that was cut off in the middle of a line goes on into
   * the lines of others, so what is looked for is the first line behind its own that may begin a value of its own: one that
   * opens an object or an array and is indented no deeper. From there on the bytes are taken again.
   */
  #giveUp(isEnd: boolean): void {
    this.#inArray = false;
    const next = this.#nextBeginning();
    if (next !== undefined) {
      this.#give(next.at);
      this.#window.rewind();
      [this.#indent, this.#isLineStart] = [next.indent, true];
    } else if (isEnd) {
      this.#give(this.#window.position);
    } else {
      this.#state = 'garbage';
    }
  }

  #nextBeginning(): { readonly at: number; readonly indent: number } | undefined {
    const bytes = this.#window;
    for (let newline = bytes.indexOf(NEWLINE, 0); newline !== -1; newline = bytes.indexOf(NEWLINE, newline + 1)) {
      let at = newline + 1;
      while (at < bytes.position && isBlank(bytes.at(at)) && bytes.at(at) !== NEWLINE) at += 1;
      const indent = at - newline - 1;
      if (at < bytes.position && isOpening(bytes.at(at)) && indent <= this.#valueIndent) return { at, indent };
    }
    return undefined;
  }

  /** Gives out the kept bytes before `end` as a message. */
  #give(end: number): void {
    const { text, ...marks } = decoded(this.#window.bytes(end), 'utf8');
    this.#window.dropTo(end);
    this.#state = 'between';
    const message = text.trim();
    if (message === '') return;
    this.#number += 1;
    this.#messages.push({ number: this.#number, text: message, ...marks, isCut: false });
  }

  /** Of a message over the limit only the beginning is given out: enough for the quarantine. */
  #giveBeginning(): void {
    this.#number += 1;
    this.#messages.push({ number: this.#number, text: this.#window.bytes(KEPT_BYTES).toString('utf8'), isCut: true });
    this.#state = this.#state === 'value' ? 'long value' : 'long garbage';
  }
}

async function* withoutMark(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < BYTE_ORDER_MARK.length) continue;
    yield head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? head.subarray(BYTE_ORDER_MARK.length) : head;
    head = undefined;
  }
  if (head !== undefined) yield head;
}

/**
 * Cuts bytes into JSON messages, numbered from 1; yields those of each chunk together. An object is a message, and so is an array
 * within an array; commas, the brackets of an outer array and the `data:` of an event stream are no part of any. What is no JSON is a message too, so that it is
 * quarantined: a broken value up to the next line that may begin one, anything else up to the end of its line. Of a message over
 * `MAX_LINE_BYTES` only the beginning is kept, and `isCut` says so; the next one is whole. A byte order mark is left out.
 */
export async function* readJsonMessages(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  const cutter = new MessageCutter();
  for await (const chunk of withoutMark(chunks)) {
    const messages = cutter.push(chunk);
    if (messages.length > 0) yield messages;
  }
  const last = cutter.end();
  if (last.length > 0) yield last;
}
