import { addQuantity, formatQuantity, quantity, quantityText } from '../domain/amounts.js';
import type { QuantityString } from '../domain/amounts.js';
import type { Environment, OrderTerms, OrdType, TermsChange } from '../domain/order/events.js';
import { FieldError, shown } from './adapter.js';
import { ordStatusOf, ordTypeOf, positionEffectOf, sideOf, timeInForceOf } from './fix-codes.js';
import { fieldName, priceOf, required, sizeOf, textOf } from './fix-fields.js';
import { instrumentOf, sourceSymbolOf } from './fix-instrument.js';
import type { InstrumentDefaults } from './fix-instrument.js';
import type { FixMessage } from './fix-parse.js';

export interface FixDefaults extends InstrumentDefaults {
  readonly environment: Environment;
}

/** What the message says of OrdType, or what its prices tell where it says nothing (40 is optional in reports). */
function ordTypeOrImplied(message: FixMessage): OrdType {
  const stated = ordTypeOf(message);
  if (stated !== undefined) return stated;
  const [price, stopPx] = [priceOf(message, 'Price'), priceOf(message, 'StopPx')];
  if (stopPx !== undefined) return price === undefined ? 'stop' : 'stop_limit';
  return price === undefined ? 'other' : 'limit';
}

/** OrdStatus of orders whose LeavesQty says nothing of their OrderQty: nothing is left of them, whatever it was. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['canceled', 'done_for_day', 'expired', 'calculated', 'rejected']);
const UNKNOWN_QTY = quantityText('0');

/**
 * OrderQty (38), or CumQty + LeavesQty where the report leaves it out, as it may. Undefined where neither is said: an order
 * for an amount of cash (152) has no quantity before the broker gives it one.
 */
function orderQtyOf(message: FixMessage): QuantityString | undefined {
  const stated = sizeOf(message, 'OrderQty');
  if (stated !== undefined) return stated;
  const [cumQty, leavesQty] = [sizeOf(message, 'CumQty'), sizeOf(message, 'LeavesQty')];
  if (cumQty === undefined || leavesQty === undefined || NOTHING_LEFT.has(ordStatusOf(message) ?? 'rejected')) return undefined;
  return formatQuantity(addQuantity(quantity(cumQty), quantity(leavesQty)));
}

/** The order's terms where the message carries them: instrument and side at least. An OrderQty of 0 is not known yet. */
export function termsOf(message: FixMessage, defaults: FixDefaults): OrderTerms | undefined {
  const [instrument, sourceSymbol, side] = [instrumentOf(message, defaults), sourceSymbolOf(message), sideOf(message)];
  if (instrument === undefined || sourceSymbol === undefined || side === undefined) return undefined;
  const orderQty = orderQtyOf(message) ?? UNKNOWN_QTY;
  const [price, stopPx] = [priceOf(message, 'Price'), priceOf(message, 'StopPx')];
  const [timeInForce, positionEffect] = [timeInForceOf(message), positionEffectOf(message)];
  return {
    environment: defaults.environment,
    instrument,
    sourceSymbol,
    side,
    orderQty,
    ordType: ordTypeOrImplied(message),
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(positionEffect === undefined ? {} : { positionEffect }),
  };
}

/** Side (54); throws a FieldError where it is missing or not one of 1 to 6. */
export function requiredSide(message: FixMessage): NonNullable<ReturnType<typeof sideOf>> {
  const code = required(textOf(message, 'Side'), 'Side');
  const side = sideOf(message);
  if (side === undefined) throw new FieldError(fieldName('Side'), `${shown(code)} is not one of 1 to 6`);
  return side;
}

/** The terms of a NewOrderSingle. Throws a FieldError where Symbol, Side or OrdType is missing. */
export function newOrderTerms(message: FixMessage, defaults: FixDefaults): OrderTerms {
  required(sourceSymbolOf(message), 'Symbol');
  requiredSide(message);
  required(ordTypeOf(message), 'OrdType');
  return required(termsOf(message, defaults), 'Symbol');
}

/** What a replace request or its acknowledgement says of the terms from now on; only what it says. */
export function changeOf(message: FixMessage): TermsChange {
  const [orderQty, price, stopPx] = [orderQtyOf(message), priceOf(message, 'Price'), priceOf(message, 'StopPx')];
  const [ordType, timeInForce] = [ordTypeOf(message), timeInForceOf(message)];
  return {
    ...(orderQty === undefined ? {} : { orderQty }),
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(ordType === undefined ? {} : { ordType }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
}
