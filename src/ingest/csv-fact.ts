import { tryParseDecimal } from '../domain/decimal.js';
import type { PositionEffect, Side } from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';
import { futureRoot, multiplierOf, readOccSymbol } from './contracts.js';
import type { CsvColumn, CsvSetting } from './csv-columns.js';
import { utcOfEpoch, utcOfIso } from './json-times.js';
import { quantityOfSide, sideOfSign } from './signed-quantity.js';
import { dayMs } from './zoned-time.js';

/*
 * One record of plain CSV as the fields of a plain JSON line (docs/jsonl.md), which are checked there.
 */

type Values = ReadonlyMap<CsvColumn, string>;
type Fields = Readonly<Record<string, unknown>>;

const EXECUTIONS: ReadonlySet<string> = new Set(['ExecutionRecorded', 'ExecutionCorrected', 'ExecutionBusted']);
const CHANGES: ReadonlySet<string> = new Set(['ReplaceRequested', 'OrderReplaced', 'OrderRestated']);

const SIDES: ReadonlyMap<string, { readonly side: Side; readonly positionEffect?: PositionEffect }> = new Map([
  ['buy', { side: 'buy' }],
  ['b', { side: 'buy' }],
  ['bot', { side: 'buy' }],
  ['bought', { side: 'buy' }],
  ['sell', { side: 'sell' }],
  ['s', { side: 'sell' }],
  ['sld', { side: 'sell' }],
  ['sold', { side: 'sell' }],
  ['sell_short', { side: 'sell_short' }],
  ['sell short', { side: 'sell_short' }],
  ['sell_short_exempt', { side: 'sell_short_exempt' }],
  ['buy_minus', { side: 'buy_minus' }],
  ['sell_plus', { side: 'sell_plus' }],
  ['buy to open', { side: 'buy', positionEffect: 'open' }],
  ['bto', { side: 'buy', positionEffect: 'open' }],
  ['buy to close', { side: 'buy', positionEffect: 'close' }],
  ['btc', { side: 'buy', positionEffect: 'close' }],
  ['sell to open', { side: 'sell', positionEffect: 'open' }],
  ['sto', { side: 'sell', positionEffect: 'open' }],
  ['sell to close', { side: 'sell', positionEffect: 'close' }],
  ['stc', { side: 'sell', positionEffect: 'close' }],
]);

/** Of these, the multiplier is 1 where the file says none. */
const PLAIN_TYPES: ReadonlySet<string> = new Set(['equity', 'spot', 'forex']);
const THOUSANDS = /^[+-]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?$/u;
const LOCAL_TIME = /^(?<date>\d{4}-\d{2}-\d{2})[T ](?<hours>[01]\d|2[0-3]):(?<minutes>[0-5]\d)(?::(?<seconds>[0-5]\d)(?:\.(?<fraction>\d{1,12}))?)?$/u;
const DAY_LENGTH = 'YYYY-MM-DD'.length;
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

/** Those of some fields that have a value. */
const given = (fields: Readonly<Record<string, unknown>>): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function decimalIn(values: Values, column: CsvColumn): string | undefined {
  const text = values.get(column);
  if (text === undefined) return undefined;
  const plain = text.replace(/^\+/u, '').replace(/^(-?)\./u, '$10.');
  if (tryParseDecimal(plain) !== undefined) return plain;
  if (THOUSANDS.test(text)) throw new FieldError(column, `${shown(text)} has separators between thousands: write it without them`);
  throw new FieldError(column, `${shown(text)} is not a plain decimal, such as 12.50`);
}

/** A time with its offset, one since 1970, or one of the wall clock of the flag `zone`; in UTC with every digit it came with. */
function timeIn(values: Values, { clock }: CsvSetting): Fields {
  const text = values.get('occurredAt');
  if (text === undefined) throw new FieldError('occurredAt', 'is required and missing');
  const ofDay = dayMs(text.slice(0, DAY_LENGTH)) === undefined ? {} : { tradingDay: text.slice(0, DAY_LENGTH) };
  const utc = utcOfIso(text) ?? utcOfEpoch(text);
  if (utc !== undefined) return { ...ofDay, occurredAt: utc };
  const parts = LOCAL_TIME.exec(text)?.groups;
  if (!parts || !('tradingDay' in ofDay)) throw new FieldError('occurredAt', `${shown(text)} is not an ISO-8601 time, such as 2026-11-20T14:30:00.123Z or 2026-11-20 09:30:00 with the flag zone`);
  if (!clock) throw new FieldError('occurredAt', `${shown(text)} has no offset: write it with one, or name its zone by the flag zone=America/New_York`);
  const { date = '', hours, minutes, seconds = '0', fraction = '' } = parts;
  return { ...ofDay, occurredAt: clock.toUtc(date, Number(hours) * SECONDS_PER_HOUR + Number(minutes) * SECONDS_PER_MINUTE + Number(seconds), fraction) };
}

function instrumentIn(values: Values, setting: CsvSetting): Fields | undefined {
  const symbol = values.get('symbol');
  if (symbol === undefined) return undefined;
  const securityType = values.get('securityType')?.toLowerCase() ?? 'equity';
  const usual = decimalIn(values, 'multiplier') ?? (PLAIN_TYPES.has(securityType) ? '1' : undefined);
  const multiplier = multiplierOf('multiplier', symbol, futureRoot(symbol) ?? readOccSymbol(symbol)?.root, usual, setting.given.multipliers);
  return given({ symbol, securityType, multiplier, quoteCurrency: values.get('currency') ?? setting.given.currency, settlementCurrency: values.get('settlementCurrency') });
}

/** What the record says of side and size. Sizes may be signed: sells negative, or what closes. */
interface Trade {
  readonly side: Side | undefined;
  readonly positionEffect: string | undefined;
  readonly quantity: string | undefined;
}

function tradeIn(values: Values): Trade {
  const [word, text] = [values.get('side'), decimalIn(values, 'quantity')];
  const named = word === undefined ? undefined : SIDES.get(word.toLowerCase());
  if (word !== undefined && named === undefined) throw new FieldError('side', `${shown(word)} is not one of ${[...SIDES.keys()].join(', ')}`);
  const side = named?.side ?? (text === undefined || word !== undefined ? undefined : sideOfSign('quantity', text));
  const positionEffect = values.get('positionEffect')?.toLowerCase() ?? named?.positionEffect;
  const quantity = text === undefined || side === undefined ? text : quantityOfSide('quantity', text, side, positionEffect === 'close' ? 'close' : undefined);
  return { side, quantity, positionEffect };
}

interface Parts extends Trade {
  readonly values: Values;
  readonly instrument: Fields | undefined;
}

/** The order's terms. A trade whose record does not say the order's quantity gives 0, which is not known. */
function termsIn({ values, instrument, side, quantity, positionEffect }: Parts, isTrade: boolean): Fields {
  return given({
    environment: values.get('environment')?.toLowerCase(),
    instrument,
    sourceSymbol: values.get('sourceSymbol'),
    side,
    orderQty: decimalIn(values, 'orderQty') ?? (isTrade ? '0' : quantity),
    ordType: values.get('ordType')?.toLowerCase() ?? (isTrade ? 'other' : undefined),
    price: decimalIn(values, 'limitPrice') ?? (isTrade ? undefined : decimalIn(values, 'price')),
    stopPx: decimalIn(values, 'stopPx'),
    timeInForce: values.get('timeInForce')?.toLowerCase(),
    positionEffect: isTrade ? undefined : positionEffect,
    positionId: values.get('positionId'),
    strategy: values.get('strategy'),
    signal: values.get('signal'),
    group: values.get('group'),
    portfolio: values.get('portfolio'),
  });
}

function executionIn({ values, instrument, side, quantity, positionEffect }: Parts): Fields {
  const fee = decimalIn(values, 'fee');
  const isFree = fee === undefined || /^-?[0.]+$/u.test(fee);
  return given({
    execId: values.get('execId'),
    side,
    lastQty: quantity,
    lastPx: decimalIn(values, 'price'),
    instrument,
    sourceSymbol: values.get('sourceSymbol'),
    fees: isFree ? undefined : [{ amount: fee, currency: values.get('feeCurrency') ?? instrument?.['quoteCurrency'] }],
    positionEffect,
    positionId: values.get('positionId'),
    venue: values.get('venue'),
  });
}

function changeIn(values: Values, { quantity }: Trade): Fields {
  return given({
    orderQty: decimalIn(values, 'orderQty') ?? quantity,
    price: decimalIn(values, 'limitPrice') ?? decimalIn(values, 'price'),
    stopPx: decimalIn(values, 'stopPx'),
    ordType: values.get('ordType')?.toLowerCase(),
    timeInForce: values.get('timeInForce')?.toLowerCase(),
  });
}

/** What is the fact's own, by its type. */
function ownFields(type: string, parts: Parts): Fields {
  const { values, instrument, side, quantity } = parts;
  const saysTerms = instrument !== undefined && side !== undefined;
  const execRefId = values.get('execRefId');
  if (type === 'ExecutionBusted') return given({ execRefId, execId: values.get('execId') ?? (execRefId === undefined ? undefined : `bust of ${execRefId}`), terms: saysTerms ? termsIn(parts, true) : undefined });
  if (EXECUTIONS.has(type)) return given({ execRefId, execution: executionIn(parts), terms: saysTerms ? termsIn(parts, true) : undefined });
  if (type === 'OrderPlaced') return { terms: termsIn(parts, false) };
  if (CHANGES.has(type)) return given({ change: changeIn(values, parts), reducedBy: decimalIn(values, 'reducedBy') });
  const isWhole = saysTerms && (quantity !== undefined || values.has('orderQty')) && values.has('ordType');
  return given({ responseTo: values.get('responseTo')?.toLowerCase(), terms: isWhole ? termsIn(parts, false) : undefined });
}

/** The names of the order. A trade without one is an order of its own, named by the trade. */
function refsIn(values: Values, type: string): Fields {
  const refs = given({ brokerOrderId: values.get('orderId'), clOrdId: values.get('clOrdId'), origClOrdId: values.get('origClOrdId') });
  if (Object.keys(refs).length > 0 || !EXECUTIONS.has(type)) return refs;
  const trade = values.get('execRefId') ?? values.get('execId');
  return trade === undefined ? refs : { brokerOrderId: trade };
}

function reportIn(values: Values): Fields | undefined {
  const report = given({
    ordStatus: values.get('ordStatus')?.toLowerCase(),
    cumQty: decimalIn(values, 'cumQty'),
    leavesQty: decimalIn(values, 'leavesQty'),
    avgPx: decimalIn(values, 'avgPx'),
    reason: values.get('reason'),
  });
  return Object.keys(report).length === 0 ? undefined : report;
}

function flagIn(values: Values, column: CsvColumn): boolean | undefined {
  const text = values.get(column)?.toLowerCase();
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'y') return true;
  if (text === 'false' || text === 'n') return undefined;
  throw new FieldError(column, `${shown(text)} is neither true nor false`);
}

/** A record's values as the fields of a plain JSON line. Throws a FieldError where a value has no such form. */
export function csvFact(values: Values, setting: CsvSetting): Fields {
  const type = values.get('type') ?? setting.given.type;
  const parts: Parts = { values, instrument: instrumentIn(values, setting), ...tradeIn(values) };
  return given({
    type,
    ...timeIn(values, setting),
    ...given({ tradingDay: values.get('tradingDay') }),
    source: values.get('source'),
    session: values.get('session'),
    sequence: values.get('sequence'),
    sourceEventId: values.get('sourceEventId'),
    account: values.get('account'),
    refs: refsIn(values, type),
    report: reportIn(values),
    possResend: flagIn(values, 'possResend'),
    ...ownFields(type, parts),
  });
}
