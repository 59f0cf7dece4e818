import type { Digest, OrderId } from '../ids.js';
import type { OrderFactEvent, OrderTerms, TermsChange } from './events.js';
import type { OrderFactEntry } from './state.js';

/*
 * Commands carry the key and the digest under which they are applied once; everything else of their context (who, when,
 * from where) becomes metadata and does not take part in deciding.
 */
interface Keyed {
  readonly commandKey: string;
  readonly commandDigest: Digest;
}

/** Intent: place an order. Rejected where its terms are invalid or the order exists. */
export interface PlaceOrder extends Keyed {
  readonly kind: 'PlaceOrder';
  readonly clOrdId: string;
  readonly terms: OrderTerms;
}

/** Intent: ask for the order to be cancelled. Rejected where nothing is left to cancel. */
export interface RequestCancel extends Keyed {
  readonly kind: 'RequestCancel';
  readonly clOrdId: string;
}

/** Intent: ask for other terms. Rejected where nothing is left to replace or nothing would change. */
export interface RequestReplace extends Keyed {
  readonly kind: 'RequestReplace';
  readonly clOrdId: string;
  readonly change: TermsChange;
}

/** Fact: what a broker or a log says. Never refused. */
export interface RecordOrderFact extends Keyed {
  readonly kind: 'RecordOrderFact';
  readonly fact: OrderFactEvent;
  /** Where its message stands among the order's, and its trading day. */
  readonly said: Pick<OrderFactEntry, 'place' | 'tradingDay'>;
}

/** This order is the same as `intoOrderId`. */
export interface LinkOrder extends Keyed {
  readonly kind: 'LinkOrder';
  readonly intoOrderId: OrderId;
}

/** This alias names `orderId`: rejected where the stream is an order or a pointer to another one. */
export interface ClaimAlias extends Keyed {
  readonly kind: 'ClaimAlias';
  readonly orderId: OrderId;
  readonly aliasKey: string;
}

export type OrderCommand = PlaceOrder | RequestCancel | RequestReplace | RecordOrderFact | LinkOrder | ClaimAlias;
