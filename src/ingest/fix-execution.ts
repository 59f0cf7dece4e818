import type { MoneyJson } from '../domain/amounts.js';
import { canonicalDecimal, formatDecimal, multiply, parseDecimal, tryParseDecimal } from '../domain/decimal.js';
import type { DecimalString } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { ExecId } from '../domain/ids.js';
import type { ExecutionData } from '../domain/order/events.js';
import { FieldError } from './adapter.js';
import { positionEffectOf } from './fix-codes.js';
import { TAG, fieldName, idOf, plainDecimal, priceOf, required, sizeOf, textOf } from './fix-fields.js';
import { instrumentOf, seriesSymbolOf, sourceSymbolOf } from './fix-instrument.js';
import type { FixMessage } from './fix-parse.js';
import { requiredSide } from './fix-terms.js';
import type { FixDefaults } from './fix-terms.js';

/**
 * Commission (12) as an amount, by CommType (13): per unit, as a part of the principal (5 % is .05 there, says the field's
 * definition), or absolute. Other types name no amount of money that was paid.
 */
function commissionOf(message: FixMessage, { lastQty, lastPx, instrument }: Pick<ExecutionData, 'lastQty' | 'lastPx' | 'instrument'>): DecimalString | undefined {
  const commission = priceOf(message, 'Commission');
  if (commission === undefined) return undefined;
  const [stated, quantity] = [parseDecimal(commission), parseDecimal(lastQty)];
  switch (textOf(message, 'CommType') ?? 'none') {
    case '1':
      return formatDecimal(multiply(stated, quantity));
    case '2': {
      const principal = multiply(multiply(quantity, parseDecimal(lastPx)), parseDecimal(instrument.multiplier));
      return formatDecimal(multiply(stated, principal));
    }
    case '3':
      return commission;
    default:
      return undefined;
  }
}

/** The amounts of the NoMiscFees group (136), each in its own currency where it says one. */
function groupFees({ fields }: FixMessage, currency: string): MoneyJson[] {
  const fees: { amount: MoneyJson['amount']; currency: string }[] = [];
  for (const { tag, value } of fields) {
    if (tag === TAG.MiscFeeAmt) fees.push({ amount: canonicalDecimal(plainDecimal(value, 'MiscFeeAmt')), currency });
    const last = fees.at(-1);
    if (tag === TAG.MiscFeeCurr && last && CURRENCY.test(value)) last.currency = value;
  }
  return fees;
}

const CURRENCY = /^[\w.]{1,20}$/u;
const MAX_FEES = 20;

function feesOf(message: FixMessage, execution: Pick<ExecutionData, 'lastQty' | 'lastPx' | 'instrument'>): MoneyJson[] {
  const currency = execution.instrument.quoteCurrency;
  const commission = commissionOf(message, execution);
  if (commission !== undefined && !tryParseDecimal(commission)) throw new FieldError(fieldName('Commission'), 'is an amount with too many digits');
  const fees = [
    ...(commission === undefined ? [] : [{ amount: commission, currency: textOf(message, 'CommCurrency') ?? currency }]),
    ...groupFees(message, currency),
  ];
  if (fees.length > MAX_FEES) throw new FieldError(fieldName('NoMiscFees'), `and the commission are more than ${MAX_FEES} fees`);
  return fees.filter(({ amount }) => amount !== '0');
}

export function executionOf(message: FixMessage, defaults: FixDefaults): ExecutionData {
  const instrument = required(instrumentOf(message, defaults), 'Symbol');
  const positionEffect = positionEffectOf(message);
  const venue = textOf(message, 'LastMkt');
  const traded = { lastQty: required(sizeOf(message, 'LastQty'), 'LastQty'), lastPx: required(priceOf(message, 'LastPx'), 'LastPx'), instrument };
  return {
    execId: requiredExecId(message, 'ExecID'),
    side: requiredSide(message),
    ...traded,
    sourceSymbol: required(sourceSymbolOf(message), 'Symbol'),
    fees: feesOf(message, traded),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(venue === undefined ? {} : { venue }),
  };
}

export const requiredExecId = (message: FixMessage, name: 'ExecID' | 'ExecRefID'): ExecId => execId(required(idOf(message, name), name));

/** One leg in words, `leg AAPL 20260116 C 150: 2 @ 1.05`. */
export function legOf(message: FixMessage): string {
  const [quantity, price] = [sizeOf(message, 'LastQty'), priceOf(message, 'LastPx')];
  const traded = quantity === undefined || price === undefined ? '' : `: ${quantity} @ ${price}`;
  return `leg ${seriesSymbolOf(message) ?? 'without a symbol'}${traded}`;
}
