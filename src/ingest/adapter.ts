import type { OrderFact } from '../eventstore/commands.js';
import type { Line } from './lines.js';

/** The formats that can be imported. */
export type ImportFormat = 'lobster' | 'fix' | 'jsonl' | 'tastytrade' | 'binance' | 'tradestation' | 'alpaca' | 'ibkr' | 'csv';

/** The flags of an import as text, by name (`symbol`, `date`, `account`): they stand in quarantined lines, to parse them again. */
export type ImportFlags = Readonly<Record<string, string>>;

/** What one message amounts to. A message of a kind that the ledger does not keep is skipped and counted, never silently. */
export type ParsedLine =
  | { readonly kind: 'facts'; readonly facts: readonly OrderFact[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'malformed'; readonly field?: string; readonly reason: string };

/** What an adapter needs to know besides the lines. */
export interface AdapterOptions {
  /** The file's name without its folder, or the feed's. */
  readonly origin: string;
  readonly flags: ImportFlags;
  /** Names this run: the correlation id of all that it records. */
  readonly importId: string;
  /** The time of receipt, ISO-8601 in UTC. */
  readonly now: () => string;
}

export interface LineParser {
  /** Never throws: whatever the line is, the answer is facts, a skip or a reason. `lineNumber` counts from 1. */
  parse(line: string, lineNumber: number): ParsedLine;
}

/** A source's format: from one message to facts, without any state but what identical neighbours need. */
export interface Adapter {
  readonly name: ImportFormat;
  /** How the file's bytes become text. FIX counts bytes in its checksum, so a byte must stay a character: `latin1`. */
  readonly encoding: 'utf8' | 'latin1';
  /**
   * Cuts the file's bytes into messages, in bounded memory. Where it is left out, a line is a message. Throws an
   * `ImportOptionError` where the file's head and the flags do not fit together: before the first message.
   */
  readonly messages?: (chunks: AsyncIterable<Buffer>, flags: ImportFlags) => AsyncIterable<readonly Line[]>;
  /** Throws an `ImportOptionError` where a flag is unknown, missing or wrong. */
  open(options: AdapterOptions): LineParser;
}

/** A flag of an import is unknown, missing or wrong: `option` names it. Nothing was read yet. */
export class ImportOptionError extends Error {
  override readonly name = 'ImportOptionError';
  constructor(
    readonly option: string,
    readonly reason: string,
  ) {
    super(`option "${option}": ${reason}`);
  }
}

/** A malformed line's answer. The field is left out where the line as a whole is at fault. */
export const malformed = (reason: string, field?: string): ParsedLine =>
  field === undefined ? { kind: 'malformed', reason } : { kind: 'malformed', field, reason };

export const skipped = (reason: string): ParsedLine => ({ kind: 'skipped', reason });

/** A field at fault, thrown by the readers of single fields and caught by `catchingFieldErrors`. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
  constructor(
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${field} ${reason}`);
  }
}

/** Runs a parser whose field readers give up by a `FieldError`, and makes that a malformed line. Bugs pass through. */
export function catchingFieldErrors(parse: () => ParsedLine): ParsedLine {
  try {
    return parse();
  } catch (error) {
    if (error instanceof FieldError) return malformed(error.message, error.field);
    throw error;
  }
}

/** Cuts foreign text for a message of ours. */
export const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
