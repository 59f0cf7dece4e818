import { compareQuantity, tryPrice, tryQuantity, ZERO_QUANTITY } from '../amounts.js';
import { reject } from '../decider.js';
import type { Decision } from '../decider.js';
import { isZero, tryParseDecimal } from '../decimal.js';
import type { OrderTerms, OrdType, TermsChange } from './events.js';

type Rejected = Extract<Decision<never>, { kind: 'rejected' }>;
/** `undefined` where nothing is wrong. */
type Verdict = Decision<never> | undefined;

const MAX_ID_LENGTH = 200;

const NEEDS_PRICE: ReadonlySet<OrdType> = new Set<OrdType>(['limit', 'stop_limit', 'limit_on_close']);
const NEEDS_STOP: ReadonlySet<OrdType> = new Set<OrdType>(['stop', 'stop_limit']);
/** What stands in an id field where there is no id. */
const NO_IDS: ReadonlySet<string> = new Set(['NONE', '0']);

const invalid = (field: string, message: string): Rejected | Decision<never> => reject('invalid_terms', `${field}: ${message}`, field);

/** Rejected as `invalid_terms` where the ClOrdID is empty, longer than 200 characters, or `NONE` or `0`, which name no order. */
export function checkClOrdId(clOrdId: string): Verdict {
  if (clOrdId.trim() === '' || NO_IDS.has(clOrdId)) return invalid('clOrdId', `is no id: ${JSON.stringify(clOrdId)}`);
  if (clOrdId.length > MAX_ID_LENGTH) return invalid('clOrdId', `has ${clOrdId.length} characters, at most ${MAX_ID_LENGTH} are allowed`);
  return undefined;
}

function checkQuantity(field: string, text: string): Verdict {
  const value = tryQuantity(text);
  if (!value) return invalid(field, `is no decimal: ${JSON.stringify(text.slice(0, 80))}`);
  if (compareQuantity(value, ZERO_QUANTITY) <= 0) return invalid(field, `must be more than 0, is ${text}`);
  return undefined;
}

/** Prices may be negative or zero: spreads and energy are. */
const checkPrice = (field: string, text: string | undefined): Verdict =>
  text === undefined || tryPrice(text) ? undefined : invalid(field, `is no decimal: ${JSON.stringify(text.slice(0, 80))}`);

function checkPrices({ ordType, price, stopPx }: Pick<OrderTerms, 'ordType' | 'price' | 'stopPx'>): Verdict {
  if (NEEDS_PRICE.has(ordType) && price === undefined) return invalid('price', `an order of type ${ordType} needs one`);
  if (NEEDS_STOP.has(ordType) && stopPx === undefined) return invalid('stopPx', `an order of type ${ordType} needs one`);
  return checkPrice('price', price) ?? checkPrice('stopPx', stopPx);
}

function checkInstrument({ instrument, sourceSymbol }: OrderTerms): Verdict {
  if (instrument.symbol === '') return invalid('instrument.symbol', 'is empty');
  if (sourceSymbol === '') return invalid('sourceSymbol', 'is empty');
  const multiplier = tryParseDecimal(instrument.multiplier);
  if (!multiplier || isZero(multiplier) || multiplier.units < 0n) return invalid('instrument.multiplier', `must be a decimal above 0, is ${JSON.stringify(instrument.multiplier)}`);
  if (instrument.quoteCurrency === '') return invalid('instrument.quoteCurrency', 'is empty');
  return instrument.settlementCurrency === '' ? invalid('instrument.settlementCurrency', 'is empty') : undefined;
}

function checkNames(terms: OrderTerms): Verdict {
  for (const field of ['strategy', 'signal', 'group', 'portfolio'] as const) {
    const text = terms[field];
    if (text !== undefined && text.length > MAX_ID_LENGTH) return invalid(field, `has ${text.length} characters, at most ${MAX_ID_LENGTH} are allowed`);
  }
  return undefined;
}

/** Why an order with these terms cannot be placed; `undefined` where it can. */
export const checkTerms = (terms: OrderTerms): Verdict =>
  checkInstrument(terms) ?? checkQuantity('orderQty', terms.orderQty) ?? checkPrices(terms) ?? checkNames(terms);

/** Why this change cannot be asked for; `undefined` where it can. `terms` are those the order has now, where they are known. */
export function checkChange(change: TermsChange, terms: OrderTerms | undefined): Verdict {
  const quantity = change.orderQty === undefined ? undefined : checkQuantity('orderQty', change.orderQty);
  if (quantity) return quantity;
  return terms ? checkPrices({ ...terms, ...change }) : (checkPrice('price', change.price) ?? checkPrice('stopPx', change.stopPx));
}
