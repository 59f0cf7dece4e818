import type { MoneyJson, PriceString, QuantityString } from '../amounts.js';
import type { DecimalString } from '../decimal.js';
import type { DomainEvent, NewEvent } from '../decider.js';
import type { ExecId, OrderId, TargetKey } from '../ids.js';
import type { Instrument } from '../instrument.js';
import type { Environment, ExecutionData, OrdType, TimeInForce } from '../order/events.js';

/*
 * The events of a position's stream `position-<positionId>`. A stored contract, as `order/events.ts` is.
 * A position is one episode, from zero to zero.
 */

export type Direction = 'long' | 'short';
export type TargetKind = 'profit' | 'stop_loss';
/** Why a position is closed. */
export type CloseReason = 'expiry' | 'manual' | 'risk' | 'strategy';
/** How closing came to its end; `nothing_left` where the targets' orders closed it before its own order was placed. */
export type CloseOutcome = 'filled' | 'cancelled' | 'rejected' | 'nothing_left';

/** Which version of which execution a position's fill comes from: the key under which it counts once. */
export interface FillKey {
  readonly orderId: OrderId;
  /** The ExecID of the trade's first version. */
  readonly execId: ExecId;
  /** 1, and one more for each correction or bust. */
  readonly version: number;
}

/** What is held, how much, and how it came about. `quantity` may be 0 where opening orders will fill it. */
export type PositionOpened = NewEvent<
  'PositionOpened',
  {
    readonly environment: Environment;
    readonly instrument: Instrument;
    readonly sourceSymbol: string;
    readonly direction: Direction;
    readonly quantity: QuantityString;
    readonly openPrice?: PriceString;
    /** What opening it brought in (positive, a credit) or cost (negative, a debit), as a whole. */
    readonly originalCredit?: MoneyJson;
    readonly strategyType: string;
    readonly strategy?: string;
    readonly signal?: string;
    readonly group?: string;
    readonly portfolio?: string;
  }
>;

/** A target's terms as they are from now on; set again, they replace the former ones. */
export type TargetSet = NewEvent<
  'TargetSet',
  {
    readonly targetKey: TargetKey;
    readonly kind: TargetKind;
    /** Of the target's own original credit or debit: `0 < percent ≤ 100`, at most two decimals. */
    readonly percent: DecimalString;
    readonly targetPrice: PriceString;
    readonly quantity: QuantityString;
    /** The target's own original credit (positive) or debit (negative). */
    readonly originalCredit?: MoneyJson;
    /** The id of the target's order as its sender knows it: Fillbook's, the broker's or a ClOrdID; at most 200 characters. */
    readonly orderRef?: string;
  }
>;

/** The order behind `orderRef` is known: fills of `orderId` are fills of this target. */
export type TargetOrderAttached = NewEvent<'TargetOrderAttached', { readonly targetKey: TargetKey; readonly orderRef: string; readonly orderId: OrderId }>;

interface FillBase {
  readonly fill: FillKey;
  /** Whether it adds to the position or takes from it. */
  readonly effect: 'open' | 'close';
  /** The target whose order it was. */
  readonly targetKey?: TargetKey;
  readonly execution: ExecutionData;
}

/** A trade that belongs to this position, whole. */
export type FillRecorded = NewEvent<'FillRecorded', FillBase>;
/** A newer version of a trade that belongs to this position. */
export type FillCorrected = NewEvent<'FillCorrected', FillBase>;
/** The trade was busted: `execution` holds the values that no longer count. */
export type FillReversed = NewEvent<'FillReversed', FillBase>;
/** The target's order ended without filling it (cancelled, expired), or the target was taken back. */
export type TargetCancelled = NewEvent<'TargetCancelled', { readonly targetKey: TargetKey; readonly reason?: string }>;
/** The target's order was rejected. */
export type TargetRejected = NewEvent<'TargetRejected', { readonly targetKey: TargetKey; readonly reason?: string }>;

/** What the order that closes the rest of a position is to be like. Its side and quantity follow from the position. */
export interface ClosingOrder {
  /** The ClOrdID that it will have, unique within the account. */
  readonly clOrdId: string;
  readonly ordType: OrdType;
  readonly price?: PriceString;
  readonly stopPx?: PriceString;
  readonly timeInForce?: TimeInForce;
}

/** The position is to be closed: in the same append, its unfilled targets were cancelled. One order closes what is left. */
export type PositionCloseRequested = NewEvent<
  'PositionCloseRequested',
  {
    readonly reason: CloseReason;
    /** What was open when it was asked for; the order is sized by what is open when it is placed. */
    readonly quantity: QuantityString;
    readonly side: 'buy' | 'sell';
    readonly order: ClosingOrder;
    /** The order does not wait for the end of the targets' orders. */
    readonly immediately: boolean;
  }
>;
/** So much is left to close: the order of this ClOrdID is placed for it. */
export type ClosingOrderSized = NewEvent<'ClosingOrderSized', { readonly clOrdId: string; readonly quantity: QuantityString }>;
/** The closing has come to its end, and another one may be asked for where something is still open. */
export type PositionCloseEnded = NewEvent<'PositionCloseEnded', { readonly clOrdId: string; readonly outcome: CloseOutcome; readonly reason?: string }>;

export type PositionEventBody =
  | PositionOpened
  | TargetSet
  | TargetOrderAttached
  | FillRecorded
  | FillCorrected
  | FillReversed
  | TargetCancelled
  | TargetRejected
  | PositionCloseRequested
  | ClosingOrderSized
  | PositionCloseEnded;
export type PositionEventType = PositionEventBody['type'];
/** An event of a position's stream with its metadata. */
export type PositionEvent = PositionEventBody & DomainEvent;

const POSITION_EVENT_TYPES: Readonly<Record<PositionEventType, true>> = {
  PositionOpened: true,
  TargetSet: true,
  TargetOrderAttached: true,
  FillRecorded: true,
  FillCorrected: true,
  FillReversed: true,
  TargetCancelled: true,
  TargetRejected: true,
  PositionCloseRequested: true,
  ClosingOrderSized: true,
  PositionCloseEnded: true,
};

/** Whether an event type is one of a position's stream. */
export const isPositionEventType = (type: string): type is PositionEventType => Object.hasOwn(POSITION_EVENT_TYPES, type);
