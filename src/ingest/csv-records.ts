import type { Buffer } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { misencodedOf } from './decoded.js';
import type { Decoded } from './decoded.js';
import { readLines } from './lines.js';
import type { Line } from './lines.js';

/*
 * Cuts a CSV file (RFC 4180) into records, in bounded memory: lines, joined where quotes are open at a line's end. Each record is
 * given out with the header before it, so that it can be parsed again alone. docs/decisions/0008-xml-and-csv-readers.md.
 */

export type Delimiter = ',' | ';' | '\t' | '|';
const DELIMITERS: readonly Delimiter[] = [',', ';', '\t', '|'];

/** A record over these has an open quote that nobody closed. */
const MAX_LINES_OF_RECORD = 100;
const MAX_RECORD_LENGTH = 65_536;
const QUOTE = '"';

/** The delimiter that the header has most of. */
const delimiterOf = (header: string): Delimiter => {
  const counts = DELIMITERS.map((delimiter) => header.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
};

/** Whether a quoted field is open behind a line. A quote opens only at the beginning of a field. */
function isOpenBehind(line: string, delimiter: Delimiter, isOpenBefore: boolean): boolean {
  let [isOpen, isFieldStart] = [isOpenBefore, !isOpenBefore];
  for (const character of line) {
    if (character === QUOTE && (isOpen || isFieldStart)) isOpen = !isOpen;
    // The second quote of a pair within a field opens it again.
    isFieldStart = !isOpen && (character === delimiter || (character === QUOTE && !isFieldStart));
  }
  return isOpen;
}

/** Joins lines to records. */
class RecordJoiner {
  #lines: Line[] = [];
  #isOpen = false;
  #length = 0;
  #header: string | undefined;
  #delimiter: Delimiter | undefined;

  constructor(
    delimiter: Delimiter | undefined,
    private readonly checkHeader: (header: Decoded) => void,
  ) {
    this.#delimiter = delimiter;
  }

  take(line: Line): readonly Line[] {
    if (this.#lines.length === 0 && line.text.trim() === '') return [];
    this.#delimiter ??= delimiterOf(line.text);
    this.#lines.push(line);
    this.#length += line.text.length;
    this.#isOpen = !line.isCut && isOpenBehind(line.text, this.#delimiter, this.#isOpen);
    if (!this.#isOpen) return this.#given(this.#lines.splice(0));
    return this.#lines.length > MAX_LINES_OF_RECORD || this.#length > MAX_RECORD_LENGTH ? this.#giveUp() : [];
  }

  /** What is left at the end: quotes that were not closed. */
  end(): readonly Line[] {
    const records: Line[] = [];
    while (this.#lines.length > 0) records.push(...this.#giveUp());
    return records;
  }

  /** The line that opened the quote is a broken record alone; those behind it are read anew. */
  #giveUp(): readonly Line[] {
    const [broken, ...others] = this.#lines.splice(0);
    const records = broken === undefined ? [] : [...this.#given([broken])];
    this.#isOpen = false;
    for (const line of others) records.push(...this.take(line));
    return records;
  }

  #given(lines: readonly Line[]): readonly Line[] {
    [this.#length, this.#isOpen] = [0, false];
    const text = lines.map((line) => line.text).join('\n');
    const marks = misencodedOf(lines);
    const [first] = lines;
    if (this.#header === undefined) {
      this.checkHeader({ text, ...marks });
      this.#header = text;
      return [];
    }
    return first ? [{ number: first.number, text: `${this.#header}\n${text}`, ...marks, isCut: lines.some(({ isCut }) => isCut) }] : [];
  }
}

/** Reads the records behind the header, each as the text of the header and its own. `checkHeader` may throw, before the first one. */
export async function* readCsvRecords(chunks: AsyncIterable<Buffer>, delimiter: Delimiter | undefined, checkHeader: (header: Decoded) => void): AsyncGenerator<readonly Line[]> {
  const joiner = new RecordJoiner(delimiter, checkHeader);
  for await (const lines of readLines(chunks, 'utf8')) {
    const records = lines.flatMap((line) => joiner.take(line));
    if (records.length > 0) yield records;
  }
  const last = joiner.end();
  if (last.length > 0) yield last;
}

/** In words of ours: those of the parser count lines within what is parsed, not within the file. */
const BROKEN: ReadonlyMap<string, string> = new Map([
  ['CSV_QUOTE_NOT_CLOSED', 'a quote opens a field, and none closes it'],
  ['CSV_INVALID_CLOSING_QUOTE', 'a field goes on behind the quote that closes it: within quotes, a quote is written twice'],
  ['INVALID_OPENING_QUOTE', 'a quote stands in a field that does not begin with one: quote the whole field, and write the quote in it twice'],
]);

/** What separates the fields of a text whose first line is the header, as far as that can be told. */
export const delimiterIn = (text: string): Delimiter => delimiterOf(text.split('\n', 1)[0] ?? '');

/** The fields of the records in a text; the reason where it breaks RFC 4180. */
export function csvFields(text: string, delimiter: Delimiter | undefined): { readonly records: readonly (readonly string[])[] } | { readonly reason: string } {
  try {
    return { records: parse(text, { delimiter: delimiter ?? delimiterIn(text), relax_column_count: true, bom: true, trim: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n'] }) };
  } catch (error) {
    if (error instanceof CsvError) return { reason: BROKEN.get(error.code) ?? `it breaks RFC 4180 (${error.code})` };
    throw error;
  }
}
