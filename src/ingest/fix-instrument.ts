import { canonicalDecimal, formatDecimal, multiply, parseDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import type { Instrument, SecurityType } from '../domain/instrument.js';
import { FieldError } from './adapter.js';
import { priceKindOf } from './fix-codes.js';
import { fieldName, priceOf, sizeOf, textOf } from './fix-fields.js';
import type { FixMessage } from './fix-parse.js';

/** What the log does not say about instruments: given by flags. */
export interface InstrumentDefaults {
  readonly currency: string;
  readonly multiplier: string | undefined;
}

const SECURITY_TYPES: ReadonlyMap<string, SecurityType> = new Map([
  ['CS', 'equity'],
  ['PS', 'equity'],
  ['ETF', 'equity'],
  ['OPT', 'option'],
  ['FUT', 'future'],
  ['OOF', 'option'],
  ['FOR', 'forex'],
  ['FXSPOT', 'forex'],
  ['FXFWD', 'forex'],
  ['MLEG', 'multileg'],
]);
/** CFICode (461, ISO 10962): its first letter. */
const CFI_CATEGORIES: ReadonlyMap<string, SecurityType> = new Map([
  ['E', 'equity'],
  ['O', 'option'],
  ['F', 'future'],
]);
/** Product (460) of currencies. */
const CURRENCY = '4';
const US_OPTION_MULTIPLIER = '100';
const PERCENT = parseDecimal('0.01');
const PUT_OR_CALL: ReadonlyMap<string, string> = new Map([
  ['0', 'P'],
  ['1', 'C'],
]);

function securityTypeOf(message: FixMessage): SecurityType {
  const stated = textOf(message, 'SecurityType');
  if (stated !== undefined) return SECURITY_TYPES.get(stated) ?? 'other';
  const cfi = textOf(message, 'CFICode')?.slice(0, 1);
  const category = cfi === undefined ? undefined : CFI_CATEGORIES.get(cfi);
  if (category !== undefined) return category;
  if (textOf(message, 'Product') === CURRENCY) return 'forex';
  if (cfi !== undefined) return 'other';
  return textOf(message, 'PutOrCall') === undefined ? 'equity' : 'option';
}

/** `202601` and day 16, or MaturityDate `20260116`, as `20260116` or `202601`. */
function maturityOf(message: FixMessage): string | undefined {
  const date = textOf(message, 'MaturityDate');
  if (date !== undefined) return date;
  const month = textOf(message, 'MaturityMonthYear');
  const day = textOf(message, 'MaturityDay');
  return month !== undefined && day !== undefined && month.length === 6 ? month + day.padStart(2, '0') : month;
}

/** An option's Symbol is that of its underlying: the series is told apart by expiry, right and strike. */
function seriesOf(message: FixMessage, base: string): string {
  const right = PUT_OR_CALL.get(textOf(message, 'PutOrCall') ?? '');
  return [base, maturityOf(message), right, priceOf(message, 'StrikePrice')].filter((part) => part !== undefined).join(' ');
}

/**
 * The multiplier: a hundredth where prices are percent of par, as of other sources' bonds. So it is too where they are yields or
 * spreads, since LastParPx (669) is what trades are then posted at.
 */
function multiplierOf(message: FixMessage, type: SecurityType, currency: string, given: string | undefined): DecimalString {
  const usual = type === 'option' && currency === 'USD' ? US_OPTION_MULTIPLIER : '1';
  const perUnit = canonicalDecimal(sizeOf(message, 'ContractMultiplier') ?? given ?? usual);
  if (priceKindOf(message) === 'per_unit') return perUnit;
  const multiplier = formatDecimal(multiply(parseDecimal(perUnit), PERCENT));
  if (!tryParseDecimal(multiplier)) throw new FieldError(fieldName('ContractMultiplier'), 'has too many digits for prices in percent');
  return multiplier;
}

const SEPARATED_PAIR = /^(?<base>[A-Z0-9]{2,10})[-/_.:](?<quote>[A-Z0-9]{2,10})$/u;
const JOINED_PAIR = /^(?<base>[A-Z]{3})(?<quote>[A-Z]{3})$/u;

/** The currencies of a pair, as its symbol shows them. A slash tells a pair also where the message does not say that it is one. */
function pairOf(message: FixMessage, type: SecurityType): { readonly base: string; readonly quote: string } | undefined {
  const symbol = bareSymbolOf(message) ?? '';
  const isPair = type === 'forex' || (symbol.includes('/') && (type === 'equity' || type === 'other'));
  const found = isPair ? (SEPARATED_PAIR.exec(symbol) ?? (type === 'forex' ? JOINED_PAIR.exec(symbol) : null))?.groups : undefined;
  return found && { base: found['base'] ?? '', quote: found['quote'] ?? '' };
}

/**
 * The currency of the price. Currency (15) of a pair is the one that is dealt in: where that is the base, the price is in the
 * other. So it is where a message of a forex trade does not say it: a default would be a guess that the symbol contradicts.
 */
function quoteCurrencyOf(message: FixMessage, type: SecurityType, fallback: string): string {
  const [stated, pair] = [textOf(message, 'Currency'), pairOf(message, type)];
  if (pair !== undefined && stated === pair.base) return pair.quote;
  return stated ?? (type === 'forex' ? pair?.quote : undefined) ?? fallback;
}

/** Symbol (55), or SecurityID (48) where that is `[N/A]`. */
function bareSymbolOf(message: FixMessage): string | undefined {
  const symbol = textOf(message, 'Symbol');
  return symbol === undefined || symbol === '[N/A]' ? textOf(message, 'SecurityID') : symbol;
}

/** The symbol as the source spells it: Symbol (55) with its suffix (65), or SecurityID (48) where the symbol is `[N/A]`. */
export function sourceSymbolOf(message: FixMessage): string | undefined {
  const symbol = bareSymbolOf(message);
  const suffix = textOf(message, 'SymbolSfx');
  // A SecurityID has no suffix: it is another symbol's.
  return symbol === undefined || suffix === undefined || symbol !== textOf(message, 'Symbol') ? symbol : `${symbol} ${suffix}`;
}

/** The symbol of a message's instrument, with its series where it has one; undefined where the message names none. */
export function seriesSymbolOf(message: FixMessage): string | undefined {
  const sourceSymbol = sourceSymbolOf(message);
  if (sourceSymbol === undefined) return undefined;
  const securityType = securityTypeOf(message);
  return securityType === 'option' || securityType === 'future' ? seriesOf(message, sourceSymbol) : sourceSymbol;
}

/**
 * The instrument of a message; undefined where it names none. Where the message does not say the multiplier (231), it is
 * the flag's, or else 100 for an option in US dollars and 1 for everything else; a hundredth of that for percent of par.
 */
export function instrumentOf(message: FixMessage, defaults: InstrumentDefaults): Instrument | undefined {
  const symbol = seriesSymbolOf(message);
  if (symbol === undefined) return undefined;
  const securityType = securityTypeOf(message);
  const quoteCurrency = quoteCurrencyOf(message, securityType, defaults.currency);
  const settlementCurrency = textOf(message, 'SettlCurrency') ?? quoteCurrency;
  if (quoteCurrency.length > 20) throw new FieldError(fieldName('Currency'), 'is longer than 20 characters');
  if (settlementCurrency.length > 20) throw new FieldError(fieldName('SettlCurrency'), 'is longer than 20 characters');
  if (symbol.length > 200) throw new FieldError(fieldName('Symbol'), 'is too long together with its series');
  return {
    symbol,
    securityType,
    multiplier: multiplierOf(message, securityType, quoteCurrency, defaults.multiplier),
    quoteCurrency,
    settlementCurrency,
  };
}
