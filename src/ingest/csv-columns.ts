import { z } from 'zod';
import { ImportOptionError, shown } from './adapter.js';
import { multipliersFlag } from './contracts.js';
import { csvFields } from './csv-records.js';
import type { Decoded } from './decoded.js';
import type { Delimiter } from './csv-records.js';
import { flagsSchema, readFlags } from './flags.js';
import { encodingFault } from './line-faults.js';
import type { ImportFlags } from './adapter.js';
import { zonedClock } from './zoned-time.js';
import type { ZonedClock } from './zoned-time.js';

/*
 * The columns of plain CSV (docs/csv.md) and the flags that say how a file's own columns map to them.
 */

/** Every column that is known. Names are compared without case, blanks, `_` and `-`. */
export const CSV_COLUMNS = [
  'type',
  'occurredAt',
  'orderId',
  'clOrdId',
  'origClOrdId',
  'execId',
  'execRefId',
  'symbol',
  'sourceSymbol',
  'securityType',
  'multiplier',
  'currency',
  'settlementCurrency',
  'side',
  'quantity',
  'price',
  'fee',
  'feeCurrency',
  'positionEffect',
  'positionId',
  'venue',
  'orderQty',
  'ordType',
  'limitPrice',
  'stopPx',
  'timeInForce',
  'environment',
  'strategy',
  'signal',
  'group',
  'portfolio',
  'ordStatus',
  'cumQty',
  'leavesQty',
  'avgPx',
  'reason',
  'responseTo',
  'reducedBy',
  'possResend',
  'account',
  'source',
  'session',
  'sequence',
  'sourceEventId',
  'tradingDay',
] as const;
export type CsvColumn = (typeof CSV_COLUMNS)[number];

const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/gu, '');
const KNOWN: ReadonlyMap<string, CsvColumn> = new Map(CSV_COLUMNS.map((column) => [plain(column), column]));

const MAX_COLUMNS = 200;
const listed = () =>
  z
    .string()
    .default('')
    .transform((text) => text.split(',').map((part) => part.trim()).filter((part) => part !== ''));

const DELIMITER_NAMES: ReadonlyMap<string, Delimiter | undefined> = new Map<string, Delimiter | undefined>([
  ['auto', undefined],
  [',', ','],
  [';', ';'],
  ['|', '|'],
  ['tab', '\t'],
  ['\t', '\t'],
]);

const flags = flagsSchema({
  columns: listed(),
  ignore: listed(),
  delimiter: z.string().default('auto').refine((name) => DELIMITER_NAMES.has(name), 'must be auto, a comma, a semicolon, | or tab'),
  zone: z.string().optional(),
  type: z.string().default('ExecutionRecorded'),
  multipliers: multipliersFlag(),
});

/** What the flags say that separates fields; undefined where the header says it. */
export const delimiterOfFlags = (given: ImportFlags): Delimiter | undefined => DELIMITER_NAMES.get(given['delimiter'] ?? 'auto');

/** The flags, read. */
export interface CsvSetting {
  readonly given: z.infer<typeof flags>;
  readonly delimiter: Delimiter | undefined;
  readonly clock: ZonedClock | undefined;
  /** A file's own column names, plain, to known columns. */
  readonly renamed: ReadonlyMap<string, CsvColumn>;
  readonly ignored: ReadonlySet<string>;
}

/** Throws an `ImportOptionError` where a flag is wrong. */
export function csvSetting(given: ImportFlags): CsvSetting {
  const read = readFlags(flags, given, 'csv');
  const clock = read.zone === undefined ? undefined : zonedClock(read.zone);
  if (read.zone !== undefined && !clock) throw new ImportOptionError('zone', `${shown(read.zone)} is no time zone known here, such as America/New_York`);
  const renamed = new Map<string, CsvColumn>();
  for (const pair of read.columns) {
    const at = pair.lastIndexOf(':');
    const column = KNOWN.get(plain(pair.slice(at + 1)));
    if (at < 1 || column === undefined) throw new ImportOptionError('columns', `${shown(pair)} is not a column of the file, a colon and one of ${CSV_COLUMNS.join(', ')}`);
    renamed.set(plain(pair.slice(0, at)), column);
  }
  return { given: read, delimiter: DELIMITER_NAMES.get(read.delimiter), clock, renamed, ignored: new Set(read.ignore.map((name) => plain(name))) };
}

/** The known column of each of a file's; undefined for one that is ignored. */
export type CsvHeader = readonly (CsvColumn | undefined)[];

/** Without these no record of a file can be read: every one would be quarantined, for the same reason. */
const NEEDED_OF_TYPE: ReadonlyMap<string, readonly CsvColumn[]> = new Map<string, readonly CsvColumn[]>([
  ['ExecutionRecorded', ['execId', 'symbol', 'quantity', 'price']],
  ['ExecutionCorrected', ['execRefId', 'execId', 'symbol', 'quantity', 'price']],
  ['ExecutionBusted', ['execRefId']],
]);
/** What brokers call them. */
const EXAMPLES: ReadonlyMap<CsvColumn, string> = new Map<CsvColumn, string>([
  ['occurredAt', 'Time'],
  ['execId', 'Trade No'],
  ['execRefId', 'Corrects'],
  ['symbol', 'Ticker'],
  ['quantity', 'Qty'],
  ['price', 'Px'],
]);

const neededOf = (header: CsvHeader, type: string): readonly CsvColumn[] => ['occurredAt', ...(header.includes('type') ? [] : (NEEDED_OF_TYPE.get(type) ?? []))];

/** What the columns of a header mean, or what is wrong with them. */
export function readHeader(names: readonly string[], { given, renamed, ignored }: CsvSetting): { readonly header: CsvHeader } | { readonly reason: string } {
  if (names.length > MAX_COLUMNS) return { reason: `the header has ${names.length} columns, at most ${MAX_COLUMNS} are read` };
  const present = new Set(names.map((name) => plain(name)));
  const missing = [...renamed.keys()].find((name) => !present.has(name));
  if (missing !== undefined) return { reason: `the file has no column ${shown(missing)}, which is mapped to ${renamed.get(missing)}: its columns are ${names.slice(0, 20).map((name) => shown(name)).join(', ')}` };
  const header = names.map((name) => (ignored.has(plain(name)) ? undefined : (renamed.get(plain(name)) ?? KNOWN.get(plain(name)))));
  const unknown = names.find((name, index) => header[index] === undefined && !ignored.has(plain(name)) && !ignored.has('*'));
  if (unknown !== undefined) return { reason: `the column ${shown(unknown)} is not known (docs/csv.md): map it, such as columns=${unknown.slice(0, 60)}:quantity, or ignore it, ignore=${unknown.slice(0, 60)} (or ignore=*)` };
  const twice = header.find((column, index) => column !== undefined && header.indexOf(column) !== index);
  if (twice !== undefined) return { reason: `two columns are ${twice}` };
  const absent = neededOf(header, given.type).find((column) => !header.includes(column));
  return absent === undefined ? { header } : { reason: `no column is ${absent}: map the one that holds it, such as columns=${EXAMPLES.get(absent) ?? 'Theirs'}:${absent}` };
}

/** Throws an `ImportOptionError` where a file's header does not fit the flags. */
export function checkHeader({ text, misencoded }: Decoded, setting: CsvSetting): void {
  if (misencoded !== undefined) throw new ImportOptionError('columns', `the header cannot be read: ${encodingFault(misencoded).reason}`);
  const fields = csvFields(text, setting.delimiter);
  const names = 'records' in fields ? fields.records[0] : undefined;
  const read = names === undefined ? { reason: 'reason' in fields ? `the header cannot be read: ${fields.reason}` : 'there is no header' } : readHeader(names, setting);
  if ('reason' in read) throw new ImportOptionError('columns', read.reason);
}
