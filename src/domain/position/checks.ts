import type { MoneyJson } from '../amounts.js';
import { compare, tryParseDecimal, ZERO } from '../decimal.js';
import type { Decimal } from '../decimal.js';
import type { Rejection } from '../decider.js';
import type { Instrument } from '../instrument.js';
import type { OpenPosition, SetTarget } from './commands.js';

/*
 * What an intent's input must look like. Each check gives the first thing that is wrong, naming the field and the reason, or
 * undefined. Facts are not checked here: they are never refused.
 */

const MAX_TARGET_KEY_LENGTH = 100;
const MAX_ORDER_REF_LENGTH = 200;
const MAX_REASON_LENGTH = 200;
/** Of symbols, strategies, groups and other names. Lengths are in UTF-16 units, as the event contract counts them. */
const MAX_NAME_LENGTH = 200;
const MAX_CURRENCY_LENGTH = 20;
const MAX_PERCENT_SCALE = 2;

/** ASCII letters and digits, and `_ . : / -`: safe in a URL, a file name's part, a log line and a spreadsheet. */
const TARGET_KEY = /^[A-Za-z0-9_.:/-]+$/;
/** Control characters, NUL among them, and halves of surrogate pairs, which no UTF-8 text can hold. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;
/** What brokers and venues send in place of an id. */
const NOT_AN_ID: ReadonlySet<string> = new Set(['NONE', '0']);
const HUNDRED: Decimal = { units: 100n, scale: 0 };

const invalid = (field: string, reason: string): Rejection => ({ code: `${snakeCase(field)}_invalid`, message: `${field}: ${reason}`, field });

const snakeCase = (field: string): string => field.replaceAll('.', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Shown in a message: short, and whole on one line. */
const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

function checkText(field: string, text: string, maxLength: number): Rejection | undefined {
  if (text.trim() === '') return invalid(field, 'must not be empty');
  if (text.length > maxLength) return invalid(field, `must be at most ${maxLength} characters, has ${text.length}`);
  if (UNPRINTABLE.test(text)) return invalid(field, 'must not hold control characters');
  return undefined;
}

const checkOptionalText = (field: string, text: string | undefined, maxLength = MAX_NAME_LENGTH): Rejection | undefined =>
  text === undefined ? undefined : checkText(field, text, maxLength);

function checkDecimal(field: string, text: string): Rejection | undefined {
  if (tryParseDecimal(text)) return undefined;
  return invalid(field, `must be a plain decimal of at most 60 digits, is ${shown(text)}`);
}

/** A decimal above the bound, or at it too where that `includes` it. */
function checkLower(field: string, text: string, rule: 'positive' | 'not_negative'): Rejection | undefined {
  const value = tryParseDecimal(text);
  if (!value) return checkDecimal(field, text);
  const sign = compare(value, ZERO);
  if (rule === 'positive' && sign <= 0) return invalid(field, `must be greater than 0, is ${shown(text)}`);
  if (rule === 'not_negative' && sign < 0) return invalid(field, `must not be negative, is ${shown(text)}`);
  return undefined;
}

function checkPercent(text: string): Rejection | undefined {
  const value = tryParseDecimal(text);
  if (!value) return checkDecimal('percent', text);
  if (compare(value, ZERO) <= 0) return invalid('percent', `must be greater than 0, is ${shown(text)}`);
  if (compare(value, HUNDRED) > 0) return invalid('percent', `must be at most 100, is ${shown(text)}`);
  if (value.scale > MAX_PERCENT_SCALE) return invalid('percent', `must have at most two decimals, is ${shown(text)}`);
  return undefined;
}

function checkMoney(field: string, money: MoneyJson | undefined): Rejection | undefined {
  if (!money) return undefined;
  return checkDecimal(`${field}.amount`, money.amount) ?? checkText(`${field}.currency`, money.currency, MAX_CURRENCY_LENGTH);
}

function checkTargetKey(key: string): Rejection | undefined {
  const wrong = checkText('targetKey', key, MAX_TARGET_KEY_LENGTH);
  if (wrong) return wrong;
  return TARGET_KEY.test(key) ? undefined : invalid('targetKey', `must be ASCII letters, digits and _ . : / - only, is ${shown(key)}`);
}

function checkOrderRef(ref: string | undefined): Rejection | undefined {
  if (ref === undefined) return undefined;
  const wrong = checkText('orderRef', ref, MAX_ORDER_REF_LENGTH);
  if (wrong) return wrong;
  return NOT_AN_ID.has(ref.trim().toUpperCase()) ? invalid('orderRef', `${shown(ref)} is not an order's id`) : undefined;
}

function checkInstrument(instrument: Instrument): Rejection | undefined {
  return (
    checkText('instrument.symbol', instrument.symbol, MAX_NAME_LENGTH) ??
    checkLower('instrument.multiplier', instrument.multiplier, 'positive') ??
    checkText('instrument.quoteCurrency', instrument.quoteCurrency, MAX_CURRENCY_LENGTH) ??
    checkText('instrument.settlementCurrency', instrument.settlementCurrency, MAX_CURRENCY_LENGTH)
  );
}

/** What is wrong with an OpenPosition, if anything. The quantity may be 0: opening orders fill it. */
export function checkOpening({ terms }: OpenPosition): Rejection | undefined {
  return (
    checkInstrument(terms.instrument) ??
    checkText('sourceSymbol', terms.sourceSymbol, MAX_NAME_LENGTH) ??
    checkLower('quantity', terms.quantity, 'not_negative') ??
    (terms.openPrice === undefined ? undefined : checkDecimal('openPrice', terms.openPrice)) ??
    checkMoney('originalCredit', terms.originalCredit) ??
    checkText('strategyType', terms.strategyType, MAX_NAME_LENGTH) ??
    checkOptionalText('strategy', terms.strategy) ??
    checkOptionalText('signal', terms.signal) ??
    checkOptionalText('group', terms.group) ??
    checkOptionalText('portfolio', terms.portfolio)
  );
}

/** What is wrong with a SetTarget by itself, if anything. */
export function checkTarget(command: SetTarget): Rejection | undefined {
  return (
    checkTargetKey(command.targetKey) ??
    checkPercent(command.percent) ??
    checkLower('targetPrice', command.targetPrice, 'positive') ??
    checkLower('quantity', command.quantity, 'positive') ??
    checkMoney('originalCredit', command.originalCredit) ??
    checkOrderRef(command.orderRef)
  );
}

/** What is wrong with the reason that a target is taken back for, if anything. */
export const checkReason = (reason: string | undefined): Rejection | undefined => checkOptionalText('reason', reason, MAX_REASON_LENGTH);
