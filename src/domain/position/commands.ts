import type { MoneyJson, PriceString, QuantityString } from '../amounts.js';
import type { DecimalString } from '../decimal.js';
import type { Digest, OrderId, TargetKey } from '../ids.js';
import type { ExecutionData } from '../order/events.js';
import type { CloseOutcome, CloseReason, ClosingOrder, FillKey, PositionOpened, TargetKind } from './events.js';

interface Keyed {
  readonly commandKey: string;
  readonly commandDigest: Digest;
}

/** Intent: open a position. */
export interface OpenPosition extends Keyed {
  readonly kind: 'OpenPosition';
  readonly terms: PositionOpened['data'];
}

/**
 * Intent: set a target, or change the terms of one that is neither filled nor ended (one that is, is rejected: set another
 * key). On a target that exists, an `originalCredit` or `orderRef` that is left out stays as it was.
 */
export interface SetTarget extends Keyed {
  readonly kind: 'SetTarget';
  readonly targetKey: TargetKey;
  readonly targetKind: TargetKind;
  readonly percent: DecimalString;
  readonly targetPrice: PriceString;
  readonly quantity: QuantityString;
  readonly originalCredit?: MoneyJson;
  readonly orderRef?: string;
}

/** Intent: take a target back. */
export interface CancelTarget extends Keyed {
  readonly kind: 'CancelTarget';
  readonly targetKey: TargetKey;
  readonly reason?: string;
}

/** Policy: the order behind a target's reference is known. */
export interface AttachTargetOrder extends Keyed {
  readonly kind: 'AttachTargetOrder';
  readonly targetKey: TargetKey;
  readonly orderRef: string;
  readonly orderId: OrderId;
}

/** Policy, fact: a version of an execution that belongs to this position. Never refused. */
export interface RecordFill extends Keyed {
  readonly kind: 'RecordFill';
  readonly change: 'recorded' | 'corrected' | 'reversed';
  readonly fill: FillKey;
  readonly effect: 'open' | 'close';
  readonly targetKey?: TargetKey;
  readonly execution: ExecutionData;
}

/**
 * Policy, fact: the target's order ended without filling it. Never refused; ignored where the target is filled or has ended, and,
 * given an `orderId`, where the target's order is another one by now.
 */
export interface EndTarget extends Keyed {
  readonly kind: 'EndTarget';
  readonly targetKey: TargetKey;
  readonly ending: 'cancelled' | 'rejected';
  readonly orderId?: OrderId;
  readonly reason?: string;
}

/**
 * Intent: cancel all unfilled targets and close what is left by one order. Rejected where nothing is open, and while it is being
 * closed; a request that waits for the targets' orders may be followed by one that does not.
 */
export interface ClosePosition extends Keyed {
  readonly kind: 'ClosePosition';
  readonly reason: CloseReason;
  readonly order: ClosingOrder;
  readonly immediately: boolean;
}

/** Policy: nothing of the targets' orders is working any more. Ignored where the closing of this ClOrdID does not wait for it. */
export interface SizeClosingOrder extends Keyed {
  readonly kind: 'SizeClosingOrder';
  readonly clOrdId: string;
}

/** Policy, fact: the closing order ended or could not be placed. Ignored where the closing of this ClOrdID has ended. */
export interface EndClose extends Keyed {
  readonly kind: 'EndClose';
  readonly clOrdId: string;
  readonly outcome: CloseOutcome;
  readonly reason?: string;
}

type CloseCommand = ClosePosition | SizeClosingOrder | EndClose;
export type PositionCommand = OpenPosition | SetTarget | CancelTarget | AttachTargetOrder | RecordFill | EndTarget | CloseCommand;
