import type { MoneyJson, PriceString, QuantityString } from '../amounts.js';
import type { DomainEvent, NewEvent } from '../decider.js';
import type { Digest, ExecId, OrderId, PositionId } from '../ids.js';
import type { Instrument } from '../instrument.js';

/*
 * The events of an order's stream `order-<orderId>`. This file is a stored contract: an event that was written is never
 * edited, so a changed shape is a new schemaVersion with an upcaster. Decimals are canonical text, times ISO-8601 text.
 */

/** FIX 4.4 Side (tag 54). */
export type Side = 'buy' | 'sell' | 'sell_short' | 'sell_short_exempt' | 'buy_minus' | 'sell_plus';
/** FIX 4.4 OrdType (tag 40), the ones that matter to a ledger. */
export type OrdType = 'market' | 'limit' | 'stop' | 'stop_limit' | 'market_on_close' | 'limit_on_close' | 'pegged' | 'trailing_stop' | 'other';
/** FIX 4.4 TimeInForce (tag 59). */
export type TimeInForce = 'day' | 'gtc' | 'opg' | 'ioc' | 'fok' | 'gtx' | 'gtd' | 'at_the_close';
/** FIX 4.4 OrdStatus (tag 39). */
export type OrdStatus =
  | 'pending_new'
  | 'new'
  | 'partially_filled'
  | 'filled'
  | 'done_for_day'
  | 'canceled'
  | 'pending_cancel'
  | 'stopped'
  | 'rejected'
  | 'suspended'
  | 'calculated'
  | 'expired'
  | 'accepted_for_bidding'
  | 'pending_replace';
export type Environment = 'live' | 'paper';
/** Opens or closes a position (FIX PositionEffect, tag 77). */
export type PositionEffect = 'open' | 'close';

/** What an order is: given once when it is placed, or by the first broker message that carries it. */
export interface OrderTerms {
  readonly environment: Environment;
  readonly instrument: Instrument;
  /** The symbol as the source spells it. */
  readonly sourceSymbol: string;
  readonly side: Side;
  readonly orderQty: QuantityString;
  readonly ordType: OrdType;
  readonly price?: PriceString;
  readonly stopPx?: PriceString;
  readonly timeInForce?: TimeInForce;
  readonly positionEffect?: PositionEffect;
  readonly positionId?: PositionId;
  /** What made the order: the strategy, and the signal or other cause. */
  readonly strategy?: string;
  readonly signal?: string;
  /** Orders that belong together (a spread's legs, a basket), and where they are kept. */
  readonly group?: string;
  readonly portfolio?: string;
}

/** The ids by which a message names its order: as they stand in the message, never `NONE`, empty or 0. */
export interface OrderRefs {
  /** FIX OrderID (tag 37). */
  readonly brokerOrderId?: string;
  /** FIX ClOrdID (tag 11). */
  readonly clOrdId?: string;
  /** FIX OrigClOrdID (tag 41). */
  readonly origClOrdId?: string;
}

/** What the broker says the order looks like now. Compared with our own fold, never adopted. */
export interface BrokerReport {
  readonly ordStatus?: OrdStatus;
  readonly orderQty?: QuantityString;
  readonly cumQty?: QuantityString;
  readonly leavesQty?: QuantityString;
  readonly avgPx?: PriceString;
  /** Why, in the broker's own code or words (rejects, restatements); at most 200 characters. */
  readonly reason?: string;
}

/** What every broker message about an order has: the ids it used, what it reported, and the terms where it carries them. */
export interface FactBase {
  readonly refs: OrderRefs;
  readonly report?: BrokerReport;
  /** A message with terms opens the order where none is known (a phoned order's execution report). */
  readonly terms?: OrderTerms;
  /** PossResend (tag 97): the message may have been sent before under another sequence number. */
  readonly possResend?: boolean;
  /**
   * The message states the whole order as it was at its time, not one change of it (brokers that send snapshots): from there
   * on, its terms are the order's and nothing is pending or over but what it says. Executions are not part of it.
   */
  readonly statesWholeOrder?: true;
}

/** One trade, whole, so that it can be posted without another stream. */
export interface ExecutionData {
  readonly execId: ExecId;
  /**
   * Another name of the same trade (FIX SecondaryExecID, tag 527), where messages name it now by one id, now by another: a bust
   * or a correction may refer to it. A name that several trades of an order have is that of the first.
   */
  readonly secondaryExecId?: ExecId;
  readonly side: Side;
  /** FIX LastQty (tag 32) and LastPx (tag 31); LastQty is never negative. */
  readonly lastQty: QuantityString;
  readonly lastPx: PriceString;
  readonly instrument: Instrument;
  readonly sourceSymbol: string;
  /** Positive where they are paid, negative where they are a rebate; in any currency. */
  readonly fees: readonly MoneyJson[];
  readonly positionEffect?: PositionEffect;
  readonly positionId?: PositionId;
  readonly venue?: string;
}

/** What a replace asks for or made: only what changes. */
export interface TermsChange {
  readonly orderQty?: QuantityString;
  readonly price?: PriceString;
  readonly stopPx?: PriceString;
  readonly ordType?: OrdType;
  readonly timeInForce?: TimeInForce;
}

/** The order was sent: by us through the API (`intent`), or as seen in a log (`fact`; FIX 35=D, LOBSTER type 1). */
export type OrderPlaced = NewEvent<'OrderPlaced', FactBase & { readonly origin: 'intent' | 'fact'; readonly terms: OrderTerms }>;
/** A cancel was asked for (35=F). By itself it changes no status. */
export type CancelRequested = NewEvent<'CancelRequested', FactBase & { readonly origin: 'intent' | 'fact' }>;
/** A replace was asked for (35=G). By itself it changes no status. */
export type ReplaceRequested = NewEvent<'ReplaceRequested', FactBase & { readonly origin: 'intent' | 'fact'; readonly change: TermsChange }>;
/** ExecType A: received, not yet accepted. */
export type OrderPendingNew = NewEvent<'OrderPendingNew', FactBase>;
/** ExecType 0: working. */
export type OrderAccepted = NewEvent<'OrderAccepted', FactBase>;
/** ExecType 8. */
export type OrderRejected = NewEvent<'OrderRejected', FactBase>;
/** ExecType 6: the cancel request is being dealt with. */
export type CancelPending = NewEvent<'CancelPending', FactBase>;
/** ExecType E: the replace request is being dealt with. */
export type ReplacePending = NewEvent<'ReplacePending', FactBase>;
/** ExecType 5: the order now has these terms. */
export type OrderReplaced = NewEvent<'OrderReplaced', FactBase & { readonly change: TermsChange }>;
/** ExecType 4, asked for or not. */
export type OrderCanceled = NewEvent<'OrderCanceled', FactBase>;
/** 35=9: a cancel or replace request was refused (CxlRejResponseTo, tag 434). */
export type CancelRejected = NewEvent<'CancelRejected', FactBase & { readonly responseTo: 'cancel' | 'replace' }>;
/** ExecType 3: no more executions today. */
export type OrderDoneForDay = NewEvent<'OrderDoneForDay', FactBase>;
/** ExecType C. */
export type OrderExpired = NewEvent<'OrderExpired', FactBase>;
/**
 * ExecType D: the broker changed the order by itself. `reducedBy` where a venue says how much of it was cancelled and not to
 * what: OrderQty stays, LeavesQty falls.
 */
export type OrderRestated = NewEvent<'OrderRestated', FactBase & { readonly change: TermsChange; readonly reducedBy?: QuantityString }>;
/** ExecType 7: a price is guaranteed. */
export type OrderStopped = NewEvent<'OrderStopped', FactBase>;
/** ExecType 9. */
export type OrderSuspended = NewEvent<'OrderSuspended', FactBase>;
/** ExecType B. */
export type OrderCalculated = NewEvent<'OrderCalculated', FactBase>;
/** ExecType I: the answer to a status request; it changes nothing by itself. */
export type OrderStatusReported = NewEvent<'OrderStatusReported', FactBase>;
/** ExecType F (in FIX 4.2: 1 or 2): a trade. */
export type ExecutionRecorded = NewEvent<'ExecutionRecorded', FactBase & { readonly execution: ExecutionData }>;
/** ExecType G: the trade `execRefId` (tag 19) has these values from now on; its version is named by its own ExecID. */
export type ExecutionCorrected = NewEvent<'ExecutionCorrected', FactBase & { readonly execRefId: ExecId; readonly execution: ExecutionData }>;
/** ExecType H: the trade `execRefId` never was. */
export type ExecutionBusted = NewEvent<'ExecutionBusted', FactBase & { readonly execId: ExecId; readonly execRefId: ExecId }>;

export type OrderFactEvent =
  | OrderPlaced
  | CancelRequested
  | ReplaceRequested
  | OrderPendingNew
  | OrderAccepted
  | OrderRejected
  | CancelPending
  | ReplacePending
  | OrderReplaced
  | OrderCanceled
  | CancelRejected
  | OrderDoneForDay
  | OrderExpired
  | OrderRestated
  | OrderStopped
  | OrderSuspended
  | OrderCalculated
  | OrderStatusReported
  | ExecutionRecorded
  | ExecutionCorrected
  | ExecutionBusted;

/**
 * A second message under an id that another payload already has. Kept whole and listed. Of all versions under one id, the
 * one that comes first in source order is folded into the order, whichever came in first: any arrival gives one state.
 */
export type FactConflicted = NewEvent<'FactConflicted', { readonly firstDigest: Digest; readonly fact: OrderFactEvent }>;
/**
 * The message of a fact that is known, once more, where it says better when that was: it stands before the copy that is known (a
 * drop copy may be faster), or is not marked as sent again (PossResend). The fact counts where its first copy stands.
 */
export type FactRepeated = NewEvent<'FactRepeated', { readonly fact: OrderFactEvent }>;
/** This provisional order turned out to be `intoOrderId`: its facts are recorded there, and later ones go there. */
export type OrderLinked = NewEvent<'OrderLinked', { readonly intoOrderId: OrderId }>;
/**
 * This alias names `orderId`. Written as the first and only event of the stream that an order opened under this alias
 * would have: so an alias is either an order's first name or a pointer to one, and the store decides which (ADR 3).
 */
export type AliasClaimed = NewEvent<'AliasClaimed', { readonly orderId: OrderId; readonly aliasKey: string }>;

export type OrderEventBody = OrderFactEvent | FactConflicted | FactRepeated | OrderLinked | AliasClaimed;
export type OrderEventType = OrderEventBody['type'];
/** An event of an order's stream with its metadata. */
export type OrderEvent = OrderEventBody & DomainEvent;

const ORDER_EVENT_TYPES: Readonly<Record<OrderEventType, true>> = {
  OrderPlaced: true,
  CancelRequested: true,
  ReplaceRequested: true,
  OrderPendingNew: true,
  OrderAccepted: true,
  OrderRejected: true,
  CancelPending: true,
  ReplacePending: true,
  OrderReplaced: true,
  OrderCanceled: true,
  CancelRejected: true,
  OrderDoneForDay: true,
  OrderExpired: true,
  OrderRestated: true,
  OrderStopped: true,
  OrderSuspended: true,
  OrderCalculated: true,
  OrderStatusReported: true,
  ExecutionRecorded: true,
  ExecutionCorrected: true,
  ExecutionBusted: true,
  FactConflicted: true,
  FactRepeated: true,
  OrderLinked: true,
  AliasClaimed: true,
};

/** Whether an event type is one of an order's stream. */
export const isOrderEventType = (type: string): type is OrderEventType => Object.hasOwn(ORDER_EVENT_TYPES, type);
