import { misencodedOf } from './decoded.js';
import { readLines } from './lines.js';
import type { Line } from './lines.js';

/*
 * From the lines of a log to messages: a line may hold several, and a message may run over several lines, where its text has
 * line breaks or the log broke it.
 */

const SEPARATOR = String.raw`(?:\u0001|\||;|\^A)`;
const START = new RegExp(String.raw`(?:^|[^0-9])8=FIX(?:T\.1\.1|\.[45]\.\d(?:SP\d)?)${SEPARATOR}`, 'u');
/** The end of a message, up to and with its CheckSum and the separator behind it. */
const END = new RegExp(String.raw`${SEPARATOR}10=\d{3}(?!\d)${SEPARATOR}?`, 'gu');
/** A message that is not complete after so many lines was cut: its lines are taken one by one. */
const MAX_LINES = 100;
const MAX_LENGTH = 100_000;

/** The end of the message that begins in `text`; -1 where it is not complete. */
function endOf(text: string): number {
  const start = START.exec(text);
  if (!start) return -1;
  END.lastIndex = start.index;
  return END.test(text) ? END.lastIndex : -1;
}

const startsMessage = ({ text }: Line): boolean => START.test(text);

/** The messages of one line, each with what stands before it. What stands behind the last one belongs to it. */
function split(line: Line): readonly Line[] {
  const messages: Line[] = [];
  let rest = line.text;
  for (let end = endOf(rest); end !== -1 && START.test(rest.slice(end)); end = endOf(rest)) {
    messages.push({ ...line, text: rest.slice(0, end) });
    rest = rest.slice(end);
  }
  return messages.length === 0 ? [line] : [...messages, { ...line, text: rest }];
}

/** Lines of a message that has begun and is not complete. */
class Unfinished {
  #lines: readonly Line[] = [];
  #length = 0;

  /** What is known to be messages now that this line is there. */
  add(line: Line): readonly Line[] {
    if (this.#lines.length === 0) return this.#begin(line);
    // A new message begins: what was begun was cut, and never becomes complete.
    if (startsMessage(line) || line.isCut) return [...this.take(), ...this.#begin(line)];
    this.#lines = [...this.#lines, line];
    this.#length += line.text.length + 1;
    const [first] = this.#lines;
    const texts = this.#lines.map((part) => part.text);
    const marks = misencodedOf(this.#lines);
    // Without the breaks, which may stand in the CheckSum too.
    if (first && endOf(texts.join('')) !== -1) {
      this.#clear();
      return [{ ...first, ...marks, text: texts.join('\n') }];
    }
    return this.#lines.length >= MAX_LINES || this.#length > MAX_LENGTH ? this.take() : [];
  }

  /** The lines as they are, one by one. */
  take(): readonly Line[] {
    const lines = this.#lines;
    this.#clear();
    return lines;
  }

  #begin(line: Line): readonly Line[] {
    const parts = split(line);
    const last = parts.at(-1);
    if (!last || last.isCut || !startsMessage(last) || endOf(last.text) !== -1) return parts;
    this.#lines = [last];
    this.#length = last.text.length;
    return parts.slice(0, -1);
  }

  #clear(): void {
    [this.#lines, this.#length] = [[], 0];
  }
}

/**
 * Cuts a FIX log into messages; yields those of each chunk together. Each has the number of the line that it begins in; lines that
 * it runs over are joined by LF. What is no message stays a line. Holds at most one chunk and 100 lines.
 */
export async function* fixMessages(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  const unfinished = new Unfinished();
  for await (const lines of readLines(chunks, 'latin1')) {
    const messages = lines.flatMap((line) => unfinished.add(line));
    if (messages.length > 0) yield messages;
  }
  const left = unfinished.take();
  if (left.length > 0) yield left;
}
