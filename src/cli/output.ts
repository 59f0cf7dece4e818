import type { Writable } from 'node:stream';

/** A row of a report: columns in the order in which they are printed. */
export type Row = Readonly<Record<string, unknown>>;

/** Where a command's answer goes: JSON lines for machines, text for people; both on standard output. */
export interface Output {
  readonly json: boolean;
  /** Rows as they come: with `--json` a line of JSON each, else a table. Gives their number. */
  rows(rows: AsyncIterable<Row> | Iterable<Row>): Promise<number>;
  /** A summary or any other single answer: with `--json` one line, else `key: value` lines. */
  summary(summary: Row): Promise<void>;
  /** Text for people only; nothing with `--json`. */
  text(line: string): Promise<void>;
}

/** Positions and revisions are bigints here and text in JSON. */
const jsonText = (value: unknown): string => JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));

/** What would move a terminal's cursor, colour it or turn its text around: a broker's line must not drive it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text for a terminal: unprintable characters as their code points, `\u{1b}`. */
export const printable = (text: string): string => text.replaceAll(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** More lines than this are counted: the first ones say what the matter is. */
const MAX_LISTED = 20;

/** Lines below a summary, each whole, for people: the first of them, and how many more there are. */
export function listed(lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, MAX_LISTED).map((line) => `  ${printable(line)}`);
  return lines.length > MAX_LISTED ? [...shown, `  and ${lines.length - MAX_LISTED} more: --json has them`] : shown;
}

/** A longer value is cut in a table; `--json` has it whole. */
const MAX_CELL_LENGTH = 120;

function cellText(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || value === undefined) return '–';
  const text = printable(typeof value === 'string' ? value : jsonText(value));
  return text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1)}…` : text;
}

/** The reader has closed the pipe: there is nobody to write for. */
class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
}

/** Waits where the reader is slower than we are: a report of any size is never held in memory. */
async function write(stream: Writable, line: string): Promise<void> {
  if (!stream.writable) throw new OutputClosedError('the output was closed');
  if (stream.write(`${line}\n`)) return;
  await new Promise<void>((resolve, reject) => {
    const drained = (): void => {
      stream.off('close', gone);
      resolve();
    };
    const gone = (): void => {
      stream.off('drain', drained);
      reject(new OutputClosedError('the output was closed'));
    };
    stream.once('drain', drained);
    stream.once('close', gone);
  });
}

const tableLine = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();

/** So many rows are looked at for the widths of the columns; a table of any size is never held in memory. */
const ROWS_FOR_WIDTHS = 200;

function widthsOf(head: readonly string[], rows: readonly (readonly string[])[]): readonly number[] {
  return head.map((name, column) => Math.max(name.length, ...rows.map((cells) => cells[column]?.length ?? 0)));
}

async function writeTable(stream: Writable, rows: AsyncIterable<Row> | Iterable<Row>): Promise<number> {
  let head: readonly string[] = [];
  let widths: readonly number[] | undefined;
  let waiting: string[][] = [];
  let count = 0;
  const flush = async (): Promise<void> => {
    if (!widths) {
      widths = widthsOf(head, waiting);
      if (waiting.length > 0) await write(stream, tableLine(head, widths));
    }
    for (const cells of waiting) await write(stream, tableLine(cells, widths));
    waiting = [];
  };
  for await (const row of rows) {
    head = Object.keys(row);
    waiting.push(Object.values(row).map((value) => cellText(value)));
    count += 1;
    if (widths || waiting.length >= ROWS_FOR_WIDTHS) await flush();
  }
  await flush();
  return count;
}

async function writeLines(stream: Writable, rows: AsyncIterable<Row> | Iterable<Row>): Promise<number> {
  let count = 0;
  for await (const row of rows) {
    await write(stream, jsonText(row));
    count += 1;
  }
  return count;
}

/** The output of one command on a stream, standard output as a rule. */
export function createOutput(json: boolean, stream: Writable = process.stdout): Output {
  return {
    json,
    rows: (rows) => (json ? writeLines(stream, rows) : writeTable(stream, rows)),
    summary: async (summary) => {
      if (json) return write(stream, jsonText(summary));
      const width = Math.max(...Object.keys(summary).map((key) => key.length));
      for (const [key, value] of Object.entries(summary)) await write(stream, `${key.padEnd(width)}  ${cellText(value)}`);
      return undefined;
    },
    text: async (text) => {
      if (!json) await write(stream, text);
    },
  };
}
