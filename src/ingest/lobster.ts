import path from 'node:path';
import { z } from 'zod';
import { formatPrice, quantityText } from '../domain/amounts.js';
import type { Price, QuantityString } from '../domain/amounts.js';
import { canonicalDecimal, multiply, parseDecimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { Instrument } from '../domain/instrument.js';
import type { OrderFactEvent, OrderTerms, Side } from '../domain/order/events.js';
import { FieldError, ImportOptionError, catchingFieldErrors, malformed, shown, skipped } from './adapter.js';
import type { Adapter, AdapterOptions, ImportFlags, LineParser, ParsedLine } from './adapter.js';
import { brokerAlias, isId } from './aliases.js';
import { factContext } from './fact-context.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';
import { dayMs, zonedClock } from './zoned-time.js';

/*
 * LOBSTER message files: a NASDAQ book order by order, six columns a line (time, type, order id, size, price × 10,000, side).
 * Prices are in US dollars, times in seconds after midnight of the exchange's wall clock, to the nanosecond.
 */

const FILE_NAME = /^(?<symbol>[^_]+)_(?<date>\d{4}-\d{2}-\d{2})_\d+_\d+_message_\d+\.csv(?:\.gz)?$/u;
const COLUMN_COUNT = 6;
const TIME = /^(?<seconds>\d{1,5})(?:\.(?<fraction>\d{1,12}))?$/u;
const SECONDS_OF_A_DAY = 86_400;
const WHOLE = /^\d{1,18}$/u;
const PRICE_UNIT = parseDecimal('0.0001');

/** Messages that say nothing about an order that is known by an id. */
const SKIPPED_TYPES: ReadonlyMap<string, string> = new Map([
  ['5', 'type 5: execution of a hidden order'],
  ['6', 'type 6: cross trade'],
  ['7', 'type 7: trading halt'],
]);

const flags = flagsSchema({
  symbol: z.string().regex(/^[\w.\-/]{1,50}$/u, 'must be a ticker symbol').optional(),
  date: z.string().refine((text) => dayMs(text) !== undefined, 'must be a day, YYYY-MM-DD').optional(),
  zone: z.string().default('America/New_York'),
});

/**
 * LOBSTER numbers nothing, and a line number is another one when the hour is cut into other files. Facts of one order at one
 * time are in this order: it is placed before it trades or shrinks, and it is deleted last.
 */
const SEQUENCE_OF_TYPE: ReadonlyMap<string, string> = new Map([
  ['1', '1'],
  ['4', '2'],
  ['2', '3'],
  ['3', '4'],
]);

interface Row {
  readonly seconds: number;
  readonly fraction: string;
  readonly type: string;
  readonly id: string;
  readonly size: QuantityString;
  readonly price: Price;
  readonly side: Side;
}

/** What all lines of one file share. */
interface Setting {
  readonly flags: z.infer<typeof flags>;
  readonly source: string;
  readonly symbol: string;
  readonly date: string;
  readonly instrument: Instrument;
  readonly toUtc: (seconds: number, fraction: string) => string;
}

function settingOf(given: ImportFlags, origin: string): Setting {
  const read = readFlags(flags, given, 'lobster');
  const named = FILE_NAME.exec(path.basename(origin))?.groups;
  const symbol = read.symbol ?? named?.['symbol'];
  const date = read.date ?? named?.['date'];
  const hint = 'is neither given nor in the name of the file (SYMBOL_YYYY-MM-DD_START_END_message_LEVEL.csv)';
  if (symbol === undefined) throw new ImportOptionError('symbol', hint);
  if (date === undefined || dayMs(date) === undefined) throw new ImportOptionError('date', hint);
  const clock = zonedClock(read.zone);
  if (!clock) throw new ImportOptionError('zone', `${shown(read.zone)} is no time zone known here, such as America/New_York`);
  return {
    flags: read,
    source: read.source ?? 'lobster',
    symbol,
    date,
    instrument: {
      symbol,
      securityType: 'equity',
      multiplier: canonicalDecimal('1'),
      quoteCurrency: read.currency,
      settlementCurrency: read.currency,
    },
    toUtc: (seconds, fraction) => clock.toUtc(date, seconds, fraction),
  };
}

function wholeColumn(field: string, text: string): string {
  if (!WHOLE.test(text)) throw new FieldError(field, `${shown(text)} is not a whole number of at most 18 digits`);
  return text;
}

function sizeColumn(text: string): QuantityString {
  const size = quantityText(wholeColumn('size', text));
  if (size === '0') throw new FieldError('size', 'is 0');
  return size;
}

function sideColumn(text: string): Side {
  if (text === '1') return 'buy';
  if (text === '-1') return 'sell';
  throw new FieldError('direction', `${shown(text)} is neither 1 (buy) nor -1 (sell)`);
}

function idColumn(text: string): string {
  const id = wholeColumn('order id', text);
  if (!isId(id)) throw new FieldError('order id', 'is 0, which names no order');
  return id;
}

function timeColumn(text: string): { readonly seconds: number; readonly fraction: string } {
  const match = TIME.exec(text)?.groups;
  const seconds = Number(match?.['seconds']);
  if (!match || seconds >= SECONDS_OF_A_DAY) {
    throw new FieldError('time', `${shown(text)} is not a number of seconds after midnight, below 86400`);
  }
  return { seconds, fraction: match['fraction'] ?? '' };
}

/** A row, or why it is skipped. */
function rowOf(line: string): Row | { readonly skip: string } {
  const columns = line.split(',').map((column) => column.trim());
  if (columns.length !== COLUMN_COUNT) throw new FieldError('line', `has ${columns.length} columns, not ${COLUMN_COUNT}`);
  const [time = '', type = '', id = '', size = '', price = '', direction = ''] = columns;
  const at = timeColumn(time);
  const skip = SKIPPED_TYPES.get(type);
  if (skip !== undefined) return { skip };
  if (!/^[1-4]$/u.test(type)) throw new FieldError('type', `${shown(type)} is not one of 1 to 7`);
  return {
    ...at,
    type,
    id: idColumn(id),
    size: sizeColumn(size),
    price: multiply(parseDecimal(wholeColumn('price', price)), PRICE_UNIT) as Price,
    side: sideColumn(direction),
  };
}

function termsOf(row: Row, { flags: { environment }, instrument, symbol }: Setting): OrderTerms {
  return {
    environment,
    instrument,
    sourceSymbol: symbol,
    side: row.side,
    orderQty: row.size,
    ordType: 'limit',
    price: formatPrice(row.price),
    timeInForce: 'day',
  };
}

function factOf(row: Row, occurrence: number, setting: Setting): OrderFactEvent {
  const refs = { brokerOrderId: row.id };
  switch (row.type) {
    case '1':
      // The message says that the order is in the book, so the venue's own status of it is New.
      return { type: 'OrderPlaced', data: { origin: 'fact', refs, report: { ordStatus: 'new' }, terms: termsOf(row, setting) } };
    case '2':
      return { type: 'OrderRestated', data: { refs, change: {}, reducedBy: row.size } };
    case '3':
      return { type: 'OrderCanceled', data: { refs } };
    default:
      return {
        type: 'ExecutionRecorded',
        data: {
          refs,
          execution: {
            execId: execId([`${row.seconds}.${row.fraction}`, row.size, formatPrice(row.price), occurrence].join('-')),
            side: row.side,
            lastQty: row.size,
            lastPx: formatPrice(row.price),
            instrument: setting.instrument,
            sourceSymbol: setting.symbol,
            fees: [],
          },
        },
      };
  }
}

/**
 * Counts identical messages. LOBSTER gives executions no id, so a message is named by its content and by how many equal
 * ones came before it. A file is sorted by time and equal messages have equal times: only those of the present time are
 * kept. Unlike a line number, this name is the same when the hour is cut into other files or lines are skipped, unless the
 * cut is between two messages that are equal to the nanosecond: nothing tells the second one from a copy of the first.
 */
function occurrenceCounter(): (time: string, content: string) => number {
  let [presentTime, seen] = ['', new Map<string, number>()];
  return (time, content) => {
    if (time !== presentTime) [presentTime, seen] = [time, new Map()];
    const occurrence = (seen.get(content) ?? 0) + 1;
    seen.set(content, occurrence);
    return occurrence;
  };
}

function open({ origin, flags: given, importId, now }: AdapterOptions): LineParser {
  const setting = settingOf(given, origin);
  const { tenant, account = DEFAULT_ACCOUNT, actor } = setting.flags;
  const occurrenceOf = occurrenceCounter();
  const session = `${setting.symbol}/${setting.date}`;

  const parse = (line: string): ParsedLine => {
    const row = rowOf(line);
    if ('skip' in row) return skipped(row.skip);
    const content = [row.type, row.id, row.size, formatPrice(row.price), row.side];
    const time = `${row.seconds}.${row.fraction}`;
    const occurrence = occurrenceOf(time, content.join(','));
    const message = { time, content };
    const context = factContext({
      tenant,
      account,
      actor,
      importId,
      receivedAt: now(),
      source: { name: setting.source, session, sequence: SEQUENCE_OF_TYPE.get(row.type) ?? '0' },
      scopedId: [setting.symbol, setting.date, time, ...content, String(occurrence)],
      occurredAt: setting.toUtc(row.seconds, row.fraction),
      tradingDay: setting.date,
      message,
      economic: message,
    });
    const alias = brokerAlias({ tenant, source: setting.source, within: [setting.symbol, setting.date] }, row.id);
    return { kind: 'facts', facts: [{ aliases: [alias], fact: factOf(row, occurrence, setting), context }] };
  };
  return {
    parse: (line) => (line.trim() === '' ? malformed('the line is empty') : catchingFieldErrors(() => parse(line))),
  };
}

/** LOBSTER message files (https://lobsterdata.com/info/DataStructure.php). Flags: symbol, date, zone. */
export const lobsterAdapter: Adapter = { name: 'lobster', encoding: 'utf8', open };
