import type { MoneyJson, PriceString } from '../domain/amounts.js';
import { ONE, formatDecimal, multiply, parseDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { Decimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { ExecId } from '../domain/ids.js';
import type { ExecutionData } from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';
import { positionEffectOf, priceKindOf } from './fix-codes.js';
import { TAG, fieldName, idOf, plainDecimal, priceOf, required, sizeOf, textOf } from './fix-fields.js';
import { instrumentOf, requireRight, seriesSymbolOf, sourceSymbolOf } from './fix-instrument.js';
import type { FixMessage } from './fix-parse.js';
import { requiredSide } from './fix-terms.js';
import type { FixDefaults } from './fix-terms.js';

interface Traded extends Pick<ExecutionData, 'lastQty' | 'lastPx' | 'instrument'> {
  /** Currency (15): of a currency pair the one that the quantity is in, else the one of the price. */
  readonly dealtCurrency: string;
}

type Basis = 'absolute' | 'per_unit' | 'percentage';

/** A fee as the message states it, before it is an amount. */
interface StatedFee {
  readonly field: 'Commission' | 'MiscFeeAmt';
  readonly value: string;
  readonly basis: Basis;
  readonly currency: string;
}

/** CommType (13). Other types name no amount of money that was paid. */
const COMMISSION_BASES: ReadonlyMap<string, Basis> = new Map([
  ['1', 'per_unit'],
  ['2', 'percentage'],
  ['3', 'absolute'],
]);
/** MiscFeeBasis (891). */
const FEE_BASES: ReadonlyMap<string, Basis> = new Map([
  ['0', 'absolute'],
  ['1', 'per_unit'],
  ['2', 'percentage'],
]);

const CURRENCY = /^[\w.]{1,20}$/u;
const MAX_FEES = 20;

function commissionOf(message: FixMessage, currency: string): StatedFee[] {
  const value = priceOf(message, 'Commission');
  const basis = COMMISSION_BASES.get(textOf(message, 'CommType') ?? '');
  if (value === undefined || basis === undefined) return [];
  return [{ field: 'Commission', value, basis, currency: textOf(message, 'CommCurrency') ?? currency }];
}

function feeBasis(code: string): Basis {
  const basis = FEE_BASES.get(code);
  if (basis === undefined) throw new FieldError(fieldName('MiscFeeBasis'), `${shown(code)} is not one of 0 to 2`);
  return basis;
}

/** The fees of the NoMiscFees group (136), each on its own basis and in its own currency where it says one. */
function groupFees({ fields }: FixMessage, currency: string): StatedFee[] {
  const fees: StatedFee[] = [];
  for (const { tag, value } of fields) {
    if (tag === TAG.MiscFeeAmt) fees.push({ field: 'MiscFeeAmt', value: plainDecimal(value, 'MiscFeeAmt'), basis: 'absolute', currency });
    const last = fees.pop();
    if (last === undefined) continue;
    const isCurrency = tag === TAG.MiscFeeCurr && CURRENCY.test(value);
    const isBasis = tag === TAG.MiscFeeBasis && value !== '';
    fees.push({ ...last, ...(isCurrency ? { currency: value } : {}), ...(isBasis ? { basis: feeBasis(value) } : {}) });
  }
  return fees;
}

/** What the trade is worth: of a currency pair in either of its currencies, else in the quote currency. */
function principalIn(currency: string, { lastQty, lastPx, instrument, dealtCurrency }: Traded): Decimal {
  const size = multiply(parseDecimal(lastQty), parseDecimal(instrument.multiplier));
  return currency === dealtCurrency && currency !== instrument.quoteCurrency ? size : multiply(size, parseDecimal(lastPx));
}

/** What a fee of 1 comes to. A percentage of 5 % is said as .05, as Commission's definition has it. */
function baseOf({ basis, currency }: StatedFee, traded: Traded): Decimal {
  switch (basis) {
    case 'absolute':
      return ONE;
    case 'per_unit':
      return parseDecimal(traded.lastQty);
    case 'percentage':
      return principalIn(currency, traded);
  }
}

function amountOf(fee: StatedFee, traded: Traded): MoneyJson {
  const amount = formatDecimal(multiply(parseDecimal(fee.value), baseOf(fee, traded)));
  if (!tryParseDecimal(amount)) throw new FieldError(fieldName(fee.field), 'is an amount with too many digits');
  return { amount, currency: fee.currency };
}

function feesOf(message: FixMessage, traded: Traded): MoneyJson[] {
  const fees = [...commissionOf(message, traded.dealtCurrency), ...groupFees(message, traded.dealtCurrency)];
  if (fees.length > MAX_FEES) throw new FieldError(fieldName('NoMiscFees'), `and the commission are more than ${MAX_FEES} fees`);
  return fees.map((fee) => amountOf(fee, traded)).filter(({ amount }) => amount !== '0');
}

/** LastPx (31), or LastParPx (669) where the price is none that money follows from: its own PriceType is percent of par. */
function tradedPrice(message: FixMessage): PriceString {
  const lastPx = required(priceOf(message, 'LastPx'), 'LastPx');
  if (priceKindOf(message) !== 'indirect') return lastPx;
  const [parPx, type] = [priceOf(message, 'LastParPx'), textOf(message, 'PriceType') ?? ''];
  // Brokers fill the field with 0 where they have no such price: it would be a trade for nothing.
  if (parPx !== undefined && parPx !== '0') return parPx;
  throw new FieldError(fieldName('PriceType'), `${shown(type)} is no price that money follows from, and LastParPx (${TAG.LastParPx}) does not say the percent of par`);
}

/** The trade in a report. Throws a FieldError that names what is missing or wrong: ExecID, Side, LastQty, LastPx, Symbol, the right of an option. */
export function executionOf(message: FixMessage, defaults: FixDefaults): ExecutionData {
  const instrument = required(instrumentOf(message, defaults), 'Symbol');
  requireRight(message);
  const positionEffect = positionEffectOf(message);
  const venue = textOf(message, 'LastMkt');
  const traded = { lastQty: required(sizeOf(message, 'LastQty'), 'LastQty'), lastPx: tradedPrice(message), instrument };
  return {
    execId: requiredExecId(message, 'ExecID'),
    side: requiredSide(message),
    ...traded,
    sourceSymbol: required(sourceSymbolOf(message), 'Symbol'),
    fees: feesOf(message, { ...traded, dealtCurrency: textOf(message, 'Currency') ?? instrument.quoteCurrency }),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(venue === undefined ? {} : { venue }),
  };
}

/** Throws a FieldError where the id is missing or names nothing. */
export const requiredExecId = (message: FixMessage, name: 'ExecID' | 'ExecRefID'): ExecId => execId(required(idOf(message, name), name));

/** One leg in words, `leg AAPL 20260116 C 150: 2 @ 1.05`. */
export function legOf(message: FixMessage): string {
  const [quantity, price] = [sizeOf(message, 'LastQty'), priceOf(message, 'LastPx')];
  const traded = quantity === undefined || price === undefined ? '' : `: ${quantity} @ ${price}`;
  return `leg ${seriesSymbolOf(message) ?? 'without a symbol'}${traded}`;
}
