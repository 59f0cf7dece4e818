import type { Writable } from 'node:stream';

/** A row of a report: columns in the order in which they are printed. */
export type Row = Readonly<Record<string, unknown>>;

/** Where a command's answer goes: JSON lines for machines, text for people; both on standard output. */
export interface Output {
  readonly json: boolean;
  /** One row: with `--json` a line of JSON, else a line of a table whose head is printed before its first row. */
  row(row: Row): Promise<void>;
  /** A summary or any other single answer: with `--json` one line, else `key: value` lines. */
  summary(summary: Row): Promise<void>;
  /** Text for people only; nothing with `--json`. */
  text(line: string): Promise<void>;
}

/** Positions and revisions are bigints here and text in JSON. */
const jsonText = (value: unknown): string => JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));

function cellText(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : jsonText(value);
}

/** Waits where the reader is slower than we are: a report of any size is never held in memory. */
async function write(stream: Writable, line: string): Promise<void> {
  if (stream.write(`${line}\n`)) return;
  await new Promise<void>((resolve) => {
    stream.once('drain', resolve);
  });
}

const tableLine = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('  ')
    .trimEnd();

/** Widths are those of the first row at least: rows are printed as they come. */
function tableWriter(stream: Writable): (row: Row) => Promise<void> {
  let widths: readonly number[] | undefined;
  return async (row) => {
    const names = Object.keys(row);
    const cells = Object.values(row).map((value) => cellText(value));
    if (!widths) {
      widths = names.map((name, index) => Math.max(name.length, cells[index]?.length ?? 0, 10));
      await write(stream, tableLine(names, widths));
    }
    await write(stream, tableLine(cells, widths));
  };
}

/** The output of one command on a stream, standard output as a rule. */
export function createOutput(json: boolean, stream: Writable = process.stdout): Output {
  const table = tableWriter(stream);
  return {
    json,
    row: (row) => (json ? write(stream, jsonText(row)) : table(row)),
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
