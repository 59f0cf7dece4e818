import type { PriceString } from '../domain/amounts.js';
import { canonicalDecimal, formatDecimal, multiply, parseDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import type { Instrument, SecurityType } from '../domain/instrument.js';
import { FieldError } from './adapter.js';
import { readOccSymbol } from './contracts.js';
import { priceKindOf } from './fix-codes.js';
import { TAG, fieldName, priceOf, sizeOf, textOf } from './fix-fields.js';
import type { TagName } from './fix-fields.js';
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
/** Codes of SecurityType (167) that are options, though not always of a multiplier that is known: OPT, OOF, OOC, FOP, FUTOPT, FUT-OPT. */
const OPTION_CODE = /OPT|^OO|^FOP$/u;
/** The right of an option in its CFICode: OCASPS is a call, OPASPS a put. */
const CFI_RIGHT = /^O(?<right>[CP])/u;
/** A symbol that is one option's own, as OCC's are: it has the day, the right and the strike (`AAPL  240621C00150000`, `.AAPL240621C150`). */
const OPTION_SYMBOL = /\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ _-]?[CP][ _-]?\d/u;
const PUT_OR_CALL: ReadonlyMap<string, string> = new Map([
  ['0', 'P'],
  ['1', 'C'],
]);

/** What SecurityType says, or else the rest of the message: 167 counts before PutOrCall, that before CFICode. */
function securityTypeOf(message: FixMessage): SecurityType {
  const stated = textOf(message, 'SecurityType');
  if (stated !== undefined) return SECURITY_TYPES.get(stated) ?? 'other';
  const cfi = textOf(message, 'CFICode');
  const category = cfi === undefined ? undefined : CFI_CATEGORIES.get(cfi.slice(0, 1));
  const isUncategorised = cfi !== undefined && category === undefined;
  // Some brokers write a right and a strike of 0 for everything. Warrants have a right too, and are of a category of their own.
  const isPlaceholder = isUncategorised || (category !== undefined && category !== 'option' && priceOf(message, 'StrikePrice') === '0');
  if (textOf(message, 'PutOrCall') !== undefined && !isPlaceholder) return 'option';
  if (category !== undefined) return category;
  if (textOf(message, 'Product') === CURRENCY) return 'forex';
  if (isUncategorised) return 'other';
  // Nothing else has a strike: as a share it would be netted with its underlying.
  return strikeOf(message) === undefined ? 'equity' : 'option';
}

/** StrikePrice (202); 0 is what brokers write where there is none. */
function strikeOf(message: FixMessage): PriceString | undefined {
  const strike = priceOf(message, 'StrikePrice');
  return strike === '0' ? undefined : strike;
}

/** `202601` and day 16, or MaturityDate `20260116`, as `20260116` or `202601`. */
function maturityOf(message: FixMessage): string | undefined {
  const date = textOf(message, 'MaturityDate');
  if (date !== undefined) return date;
  const month = textOf(message, 'MaturityMonthYear');
  const day = textOf(message, 'MaturityDay');
  return month !== undefined && day !== undefined && month.length === 6 ? month + day.padStart(2, '0') : month;
}

/** `C` or `P` of PutOrCall (201), or of an option's CFICode, whose second letter it is. */
function rightOf(message: FixMessage): string | undefined {
  return PUT_OR_CALL.get(textOf(message, 'PutOrCall') ?? '') ?? CFI_RIGHT.exec(textOf(message, 'CFICode') ?? '')?.groups?.['right'];
}

/** What tells a contract apart from others of its underlying. */
interface Contract {
  readonly expiry: string | undefined;
  readonly right: string | undefined;
  readonly strike: string | undefined;
}

/** The contract as SecurityID (48) or SecurityDesc (107) say it, where they are OCC symbols. Whatever else they hold is not looked at. */
function occContractOf({ values }: FixMessage): Contract | undefined {
  const names: readonly TagName[] = ['SecurityID', 'SecurityDesc'];
  const occ = names.map((name) => readOccSymbol(values.get(TAG[name]) ?? '')).find((found) => found !== undefined);
  const [, expiry, right, strike] = occ?.name.split(' ') ?? [];
  return occ && { expiry, right, strike };
}

/**
 * What the message says of a contract, in its fields first. Where the symbol is an option's own, nothing has to be found out: it tells
 * the contract apart.
 */
function contractOf(message: FixMessage, symbol: string): Contract {
  const [expiry, strike] = [maturityOf(message), strikeOf(message)];
  if (OPTION_SYMBOL.test(symbol)) return { expiry, right: PUT_OR_CALL.get(textOf(message, 'PutOrCall') ?? ''), strike };
  const occ = occContractOf(message);
  // A month alone would make one contract of all its weeks.
  const isDay = occ?.expiry !== undefined && (expiry === undefined || occ.expiry.startsWith(expiry));
  return { expiry: isDay ? occ.expiry : expiry, right: rightOf(message) ?? occ?.right, strike: strike ?? occ?.strike };
}

/**
 * An option's Symbol is that of its underlying: the series is told apart by expiry, right and strike. Where a part of them is not
 * said, by SecurityID (48) as well, if there is one: contracts that are not the same must not be netted.
 */
function seriesOf(message: FixMessage, symbol: string, type: SecurityType): string {
  const { expiry, right, strike } = contractOf(message, symbol);
  const isWhole = type === 'future' || OPTION_SYMBOL.test(symbol) || (expiry !== undefined && right !== undefined && strike !== undefined);
  const id = isWhole ? undefined : textOf(message, 'SecurityID');
  return [symbol, expiry, right, strike, id === symbol ? undefined : id].filter((part) => part !== undefined).join(' ');
}

/** Whether trades are of one contract of a series: options and futures, and whatever else has a right or a strike (a warrant). */
function hasSeries(message: FixMessage, type: SecurityType): boolean {
  if (type === 'option' || type === 'future') return true;
  return type === 'other' && (rightOf(message) !== undefined || strikeOf(message) !== undefined);
}

const isOption = (message: FixMessage): boolean => securityTypeOf(message) === 'option' || OPTION_CODE.test(textOf(message, 'SecurityType') ?? '');

/**
 * Refuses an option with a strike of which nothing says whether it is a call or a put: trades in both would be netted. Not asked of
 * messages that trade nothing.
 */
export function requireRight(message: FixMessage): void {
  const symbol = sourceSymbolOf(message) ?? '';
  if (!isOption(message) || strikeOf(message) === undefined || OPTION_SYMBOL.test(symbol)) return;
  if (contractOf(message, symbol).right !== undefined) return;
  throw new FieldError(fieldName('PutOrCall'), `does not say whether the option is a call or a put, nor does CFICode (${TAG.CFICode}) or an OCC symbol`);
}

/**
 * The multiplier; 0 is what brokers write where there is none, and would move a security for no money. A hundredth where prices are percent of par, as of other sources' bonds. So it is too where they are yields or
 * spreads, since LastParPx (669) is what trades are then posted at.
 */
function multiplierOf(message: FixMessage, type: SecurityType, currency: string, given: string | undefined): DecimalString {
  const usual = type === 'option' && currency === 'USD' ? US_OPTION_MULTIPLIER : '1';
  const stated = sizeOf(message, 'ContractMultiplier');
  const perUnit = canonicalDecimal((stated === '0' ? undefined : stated) ?? given ?? usual);
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
  return hasSeries(message, securityType) ? seriesOf(message, sourceSymbol, securityType) : sourceSymbol;
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
