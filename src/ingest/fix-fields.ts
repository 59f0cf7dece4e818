import { Buffer } from 'node:buffer';
import { priceText, quantityText } from '../domain/amounts.js';
import type { PriceString, QuantityString } from '../domain/amounts.js';
import { tryParseDecimal } from '../domain/decimal.js';
import { FieldError, shown } from './adapter.js';
import { MAX_ID_LENGTH, isId } from './aliases.js';
import type { FixMessage } from './fix-parse.js';
import { dayMs } from './zoned-time.js';

/*
 * The fields of FIX messages that may enter events, by tag: this list is the allowlist. Whatever else a message carries
 * (parties, credentials, raw data) is never read.
 */
export const TAG = {
  Account: 1,
  AvgPx: 6,
  ClOrdID: 11,
  Commission: 12,
  CommType: 13,
  CumQty: 14,
  Currency: 15,
  ExecID: 17,
  ExecRefID: 19,
  ExecTransType: 20,
  LastMkt: 30,
  LastPx: 31,
  LastQty: 32,
  MsgSeqNum: 34,
  MsgType: 35,
  OrderID: 37,
  OrderQty: 38,
  OrdStatus: 39,
  OrdType: 40,
  OrigClOrdID: 41,
  PossDupFlag: 43,
  Price: 44,
  SecurityID: 48,
  SenderCompID: 49,
  SenderSubID: 50,
  SendingTime: 52,
  Side: 54,
  Symbol: 55,
  TargetCompID: 56,
  TargetSubID: 57,
  Text: 58,
  TimeInForce: 59,
  TransactTime: 60,
  SymbolSfx: 65,
  TradeDate: 75,
  PositionEffect: 77,
  PossResend: 97,
  StopPx: 99,
  CxlRejReason: 102,
  OrdRejReason: 103,
  SettlCurrency: 120,
  OrigSendingTime: 122,
  NoMiscFees: 136,
  MiscFeeAmt: 137,
  MiscFeeCurr: 138,
  SecurityDesc: 107,
  LeavesQty: 151,
  ExecType: 150,
  SecurityType: 167,
  MaturityMonthYear: 200,
  PutOrCall: 201,
  StrikePrice: 202,
  MaturityDay: 205,
  ContractMultiplier: 231,
  ExecRestatementReason: 378,
  PriceType: 423,
  CxlRejResponseTo: 434,
  MultiLegReportingType: 442,
  Product: 460,
  CFICode: 461,
  CommCurrency: 479,
  MaturityDate: 541,
  LastParPx: 669,
  MiscFeeBasis: 891,
} as const;

export type TagName = keyof typeof TAG;

/** Tags that repeat by their nature. Any other of the allowlist that comes twice makes the message ambiguous. */
const REPEATING: ReadonlySet<number> = new Set([TAG.MiscFeeAmt, TAG.MiscFeeCurr, TAG.MiscFeeBasis]);
const READ_TAGS: ReadonlySet<number> = new Set(Object.values(TAG));

const MAX_TEXT_LENGTH = 200;
const UTC_TIMESTAMP = /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})-(?<time>(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(?<fraction>\d{1,12}))?Z?$/u;
const CONTROL = /[\p{Cc}]/u;
const CONTROLS = /[\p{Cc}]+/gu;

/** The name of a field in errors: `OrderQty (38)`. */
export const fieldName = (name: TagName): string => `${name} (${TAG[name]})`;

/** Text of a log that was read byte by byte: UTF-8 where it is valid, ISO 8859-1 otherwise. */
function decoded(bytes: string): string {
  // Most values are ASCII and are what they are.
  if (!/\P{ASCII}/u.test(bytes)) return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch (error) {
    if (error instanceof TypeError) return bytes;
    throw error;
  }
}

/** The value of a field, undefined where it is absent or empty. */
export function textOf({ values }: FixMessage, name: TagName): string | undefined {
  const value = values.get(TAG[name]);
  if (value === undefined || value === '') return undefined;
  // Words may run over several lines; an id or a code may not.
  const text = name === 'Text' ? decoded(value).replaceAll(CONTROLS, ' ').trim() : decoded(value);
  if (text === '') return undefined;
  if (CONTROL.test(text)) throw new FieldError(fieldName(name), 'holds a control character');
  if (text.length > MAX_ID_LENGTH && name !== 'Text') throw new FieldError(fieldName(name), `is longer than ${MAX_ID_LENGTH} characters`);
  return text;
}

/** The value; throws a FieldError that names the field where there is none. */
export function required<Value>(value: Value | undefined, name: TagName): Value {
  if (value === undefined) throw new FieldError(fieldName(name), 'is required and missing');
  return value;
}

/** An id of the allowlist; `NONE`, empty and 0 are none. */
export function idOf(message: FixMessage, name: TagName): string | undefined {
  const text = textOf(message, name);
  return isId(text) ? text : undefined;
}

/** A FIX float as a decimal: it may come without a leading zero (`.5`) or with nothing behind its point (`5.`). */
export function plainDecimal(text: string, name: TagName): string {
  const plain = text.trim().replace(/^([+-]?)\./u, '$10.').replace(/\.$/u, '');
  if (!tryParseDecimal(plain)) throw new FieldError(fieldName(name), `${shown(text)} is not a decimal`);
  return plain;
}

function decimalOf(message: FixMessage, name: TagName): string | undefined {
  const text = textOf(message, name);
  return text === undefined ? undefined : plainDecimal(text, name);
}

/** A number as the broker says it, negative ones too. */
export function reportedQuantity(message: FixMessage, name: TagName): QuantityString | undefined {
  const text = decimalOf(message, name);
  return text === undefined ? undefined : quantityText(text);
}

/** A size: brokers that sign it by the side (a buy-to-close as a negative number) mean its absolute value. */
export function sizeOf(message: FixMessage, name: TagName): QuantityString | undefined {
  const text = decimalOf(message, name);
  return text === undefined ? undefined : quantityText(text.replace(/^[+-]/u, ''));
}

/** A price, which may be negative (spreads); undefined where it is absent. Throws a FieldError where it is no decimal. */
export function priceOf(message: FixMessage, name: TagName): PriceString | undefined {
  const text = decimalOf(message, name);
  return text === undefined ? undefined : priceText(text);
}

/** UTCTimestamp as ISO-8601 text with the digits it came with. */
export function timeOf(message: FixMessage, name: TagName): string | undefined {
  const text = textOf(message, name);
  if (text === undefined) return undefined;
  const match = UTC_TIMESTAMP.exec(text.trim())?.groups;
  const date = match ? `${match['year'] ?? ''}-${match['month'] ?? ''}-${match['day'] ?? ''}` : '';
  if (!match || dayMs(date) === undefined) throw new FieldError(fieldName(name), `${shown(text)} is not a UTC timestamp (YYYYMMDD-HH:MM:SS)`);
  return `${date}T${match['time'] ?? ''}${match['fraction'] === undefined ? '' : `.${match['fraction']}`}Z`;
}

/** LocalMktDate as `YYYY-MM-DD`. */
export function dateOf(message: FixMessage, name: TagName): string | undefined {
  const text = textOf(message, name);
  if (text === undefined) return undefined;
  const date = text.replace(/^(\d{4})(\d{2})(\d{2})$/u, '$1-$2-$3');
  if (dayMs(date) === undefined) throw new FieldError(fieldName(name), `${shown(text)} is not a date (YYYYMMDD)`);
  return date;
}

/** MsgSeqNum as whole-number text without leading zeros. */
export function sequenceOf(message: FixMessage): string | undefined {
  const text = textOf(message, 'MsgSeqNum');
  if (text === undefined) return undefined;
  if (!/^\d{1,18}$/u.test(text)) throw new FieldError(fieldName('MsgSeqNum'), `${shown(text)} is not a whole number`);
  return String(BigInt(text));
}

/** Whether a Boolean field is `Y`; one that is absent is not. */
export function flagOf(message: FixMessage, name: TagName): boolean {
  return textOf(message, name) === 'Y';
}

/** Free text, cut to what an event may hold. */
export const shortText = (text: string): string => text.slice(0, MAX_TEXT_LENGTH).replace(/\p{Surrogate}$/u, '');

/** Refuses messages in which a field that is read comes twice: which one is meant cannot be known. */
export function refuseRepeatedFields({ fields }: FixMessage): void {
  const seen = new Set<number>();
  for (const { tag } of fields) {
    if (!READ_TAGS.has(tag) || REPEATING.has(tag)) continue;
    if (seen.has(tag)) throw new FieldError(String(tag), 'comes more than once');
    seen.add(tag);
  }
}
