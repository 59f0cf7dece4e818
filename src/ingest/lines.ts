import { Buffer } from 'node:buffer';
import { decoded } from './decoded.js';
import type { Decoded } from './decoded.js';

/** A line of a file, without its end. Of a line over the limit only the beginning is kept, and `isCut` says so. */
export interface Line extends Decoded {
  /** From 1. */
  readonly number: number;
  readonly isCut: boolean;
}

/** No message of any format is longer. */
export const MAX_LINE_BYTES = 1_048_576;
/** What is kept of a longer line: enough for the quarantine. */
export const KEPT_BYTES = 400_000;
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The bytes of the line that has begun and not ended. */
class Pending {
  #parts: Buffer[] = [];
  #bytes = 0;
  isCut = false;

  get isEmpty(): boolean {
    return this.#bytes === 0 && !this.isCut;
  }

  add(part: Buffer): void {
    if (this.isCut) return;
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= MAX_LINE_BYTES) return;
    this.#parts = [Buffer.from(Buffer.concat(this.#parts).subarray(0, KEPT_BYTES))];
    this.isCut = true;
  }

  take(): Buffer {
    const [only, ...others] = this.#parts;
    const bytes = only && others.length === 0 ? only : Buffer.concat(this.#parts);
    [this.#parts, this.#bytes, this.isCut] = [[], 0, false];
    return bytes;
  }
}

function withoutEnd(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
}

const withoutMark = (bytes: Buffer): Buffer => (bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes);

/**
 * Cuts bytes into lines at LF or CRLF; yields those of each chunk together. A last line without an end counts, a byte order
 * mark does not; a line of another encoding is marked as that. Holds at most one line and one chunk.
 */
export async function* readLines(chunks: AsyncIterable<Buffer>, encoding: 'utf8' | 'latin1'): AsyncGenerator<readonly Line[]> {
  const pending = new Pending();
  let number = 0;
  const line = (): Line => {
    number += 1;
    const { isCut } = pending;
    const bytes = withoutEnd(pending.take());
    const content = number === 1 ? withoutMark(bytes) : bytes;
    // The cut may go through a character: it says nothing of the encoding.
    return { number, ...(isCut ? { text: content.toString(encoding) } : decoded(content, encoding)), isCut };
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE, from); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      pending.add(chunk.subarray(from, end));
      lines.push(line());
      from = end + 1;
    }
    if (from < chunk.length) pending.add(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (!pending.isEmpty) yield [line()];
}
