import type { Instrument, SecurityType } from '../domain/instrument.js';
import { abs, compare, formatDecimal, isZero, multiply, parseDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { Decimal, DecimalString } from '../domain/decimal.js';
import { futureRoot, multiplierOf, optionName, readOccSymbol } from './contracts.js';
import type { Multipliers } from './contracts.js';
import type { JsonFields } from './json-fields.js';
import { expiryOf } from './ibkr-time.js';
import type { FlexClock } from './ibkr-time.js';

/** By assetCategory; the multiplier where a statement that names none can mean only one. */
const CATEGORIES: ReadonlyMap<string, { readonly securityType: SecurityType; readonly multiplier?: string }> = new Map([
  ['STK', { securityType: 'equity', multiplier: '1' }],
  ['FUND', { securityType: 'equity', multiplier: '1' }],
  ['OPT', { securityType: 'option', multiplier: '100' }],
  ['FOP', { securityType: 'option' }],
  ['FSOPT', { securityType: 'option' }],
  ['FSFOP', { securityType: 'option' }],
  ['FUT', { securityType: 'future' }],
  ['SSF', { securityType: 'future' }],
  ['CASH', { securityType: 'forex', multiplier: '1' }],
  ['CRYPTO', { securityType: 'spot', multiplier: '1' }],
  ['CFD', { securityType: 'other', multiplier: '1' }],
  ['BOND', { securityType: 'other', multiplier: '1' }],
  ['BILL', { securityType: 'other', multiplier: '1' }],
]);

/** Their prices are percent of the face value. */
const PERCENT_QUOTED: ReadonlySet<string> = new Set(['BOND', 'BILL']);
const PERCENT = parseDecimal('0.01');
const TEN = parseDecimal('10');

export interface InstrumentSetting extends FlexClock {
  readonly currency: string;
  readonly multipliers: Multipliers;
}

/** A symbol on one line, with single blanks: `FB    180921C00200000` as `FB 180921C00200000`. */
export const plainSymbol = (symbol: string): string => symbol.trim().replaceAll(/\s+/gu, ' ');

/** Fillbook's name: of an option, root, expiry, right and strike, as of other sources. */
function nameOf(fields: JsonFields, category: string, sourceSymbol: string, setting: InstrumentSetting): string {
  const occ = category === 'OPT' ? readOccSymbol(sourceSymbol) : undefined;
  if (occ !== undefined) return occ.name;
  const [strike, right, expiry] = [fields.decimal('strike'), fields.text('putCall'), expiryOf(fields, setting)];
  if (category !== 'OPT' || strike === undefined || right === undefined || expiry === undefined) return plainSymbol(sourceSymbol);
  return optionName(fields.text('underlyingSymbol', 50) ?? plainSymbol(sourceSymbol).split(' ')[0] ?? '', expiry, right.slice(0, 1).toUpperCase(), strike);
}

/** Whether the trade's money is a hundredth of quantity × price; where it says none, by the kind of instrument. */
function isPercent(fields: JsonFields, stated: Decimal): boolean {
  const [quantity, price, money] = [fields.decimal('quantity'), fields.decimal('tradePrice') ?? fields.decimal('price'), fields.decimal('tradeMoney') ?? fields.decimal('amount')];
  if (quantity === undefined || price === undefined || money === undefined) return true;
  const full = abs(multiply(multiply(parseDecimal(quantity), parseDecimal(price)), stated));
  return isZero(full) || compare(multiply(abs(parseDecimal(money)), TEN), full) < 0;
}

function multiplierIn(fields: JsonFields, category: string, sourceSymbol: string, { multipliers }: InstrumentSetting): DecimalString {
  const stated = tryParseDecimal(fields.decimal('multiplier') ?? '0');
  const usual = stated === undefined || isZero(stated) ? CATEGORIES.get(category)?.multiplier : fields.decimal('multiplier');
  const root = futureRoot(sourceSymbol) ?? readOccSymbol(sourceSymbol)?.root;
  const multiplier = multiplierOf('multiplier', sourceSymbol, root, usual, multipliers);
  const isBond = PERCENT_QUOTED.has(category) && isPercent(fields, parseDecimal(multiplier));
  return isBond ? formatDecimal(multiply(parseDecimal(multiplier), PERCENT)) : multiplier;
}

/** The instrument of a trade. A multiplier that the statement does not say follows from its kind or the flag, or is an error. */
export function instrumentOf(fields: JsonFields, setting: InstrumentSetting): { readonly instrument: Instrument; readonly sourceSymbol: string } {
  const sourceSymbol = fields.required('symbol', fields.text('symbol', 100));
  const category = (fields.text('assetCategory', 20) ?? (readOccSymbol(sourceSymbol) === undefined ? '' : 'OPT')).toUpperCase();
  const currency = fields.text('currency', 20) ?? setting.currency;
  return {
    sourceSymbol,
    instrument: {
      symbol: nameOf(fields, category, sourceSymbol, setting),
      securityType: CATEGORIES.get(category)?.securityType ?? 'other',
      multiplier: multiplierIn(fields, category, sourceSymbol, setting),
      quoteCurrency: currency,
      settlementCurrency: currency,
    },
  };
}
