import { FieldError, catchingFieldErrors, malformed } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { checkHeader, csvSetting, readHeader } from './csv-columns.js';
import type { CsvColumn, CsvHeader, CsvSetting } from './csv-columns.js';
import { csvFact } from './csv-fact.js';
import { csvFields, readCsvRecords } from './csv-records.js';
import { factReader } from './jsonl.js';

/*
 * Plain CSV: one fact about one order a record, documented in docs/csv.md. A record becomes a fact of plain JSON lines, and is
 * checked as one.
 */

/** Where a fact's fields stand in a record, for errors. */
const COLUMN_OF_FIELD: ReadonlyMap<string, CsvColumn> = new Map<string, CsvColumn>([
  ['refs.brokerOrderId', 'orderId'],
  ['refs.clOrdId', 'clOrdId'],
  ['refs.origClOrdId', 'origClOrdId'],
  ['execution.lastQty', 'quantity'],
  ['execution.lastPx', 'price'],
  ['instrument', 'symbol'],
  ['instrument.quoteCurrency', 'currency'],
  ['change', 'quantity'],
]);

function columnOf(path: string): string {
  const inFact = path.replace(/^(?:terms|execution|report)\.(?=instrument\b)/u, '');
  return COLUMN_OF_FIELD.get(inFact) ?? inFact.split('.').at(-1) ?? path;
}

/** The fact's complaint, in the words of the file. */
function inColumns(parsed: ParsedLine): ParsedLine {
  if (parsed.kind !== 'malformed' || parsed.field === undefined) return parsed;
  const column = columnOf(parsed.field);
  return malformed(parsed.reason.replace(`${parsed.field}: `, `${column}: `), column);
}

/** A record's values by column; empty ones are left out. */
function valuesOf(record: readonly string[], header: CsvHeader): ReadonlyMap<CsvColumn, string> {
  if (record.length > header.length) throw new FieldError('line', `has ${record.length} fields, the header ${header.length}`);
  const values = new Map<CsvColumn, string>();
  for (const [index, column] of header.entries()) {
    const value = record[index]?.trim() ?? '';
    if (column !== undefined && value !== '') values.set(column, value);
  }
  return values;
}

/** Keeps the header of the file that is read: the records of one file have the same. */
function headerReader(setting: CsvSetting): (names: readonly string[]) => ReturnType<typeof readHeader> {
  let known: { readonly key: string; readonly read: ReturnType<typeof readHeader> } | undefined;
  return (names) => {
    const key = JSON.stringify(names);
    if (known?.key !== key) known = { key, read: readHeader(names, setting) };
    return known.read;
  };
}

function open({ flags, ...options }: AdapterOptions): LineParser {
  const setting = csvSetting(flags);
  const headerOf = headerReader(setting);
  const read = factReader({ ...options, given: setting.given, defaultSource: 'csv' });

  const parse = (text: string): ParsedLine => {
    const fields = csvFields(text, setting.delimiter);
    if ('reason' in fields) return malformed(fields.reason);
    const [names, record, ...others] = fields.records;
    if (!names || !record || others.length > 0) return malformed('is not a header and one record');
    const header = headerOf(names);
    if ('reason' in header) return malformed(header.reason, 'columns');
    return inColumns(read(csvFact(valuesOf(record, header.header), setting)));
  };
  return { parse: (text) => catchingFieldErrors(() => parse(text)) };
}

/** Plain CSV (docs/csv.md). Flags: account, source, environment, currency, columns, ignore, delimiter, zone, type, multipliers. */
export const csvAdapter: Adapter = {
  name: 'csv',
  encoding: 'utf8',
  messages: (chunks, flags) => {
    const setting = csvSetting(flags);
    return readCsvRecords(chunks, setting.delimiter, (header) => checkHeader(header, setting));
  },
  open,
};
