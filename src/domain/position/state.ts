import type { MoneyJson, Notional, Price, Quantity } from '../amounts.js';
import type { DecimalString } from '../decimal.js';
import type { AccountId, Digest, OrderId, TargetKey, TenantId } from '../ids.js';
import type { ExecutionData } from '../order/events.js';
import type { CloseOutcome, FillKey, PositionCloseRequested, PositionOpened, TargetKind } from './events.js';

export type PositionStatus = 'open' | 'closed' | 'over_closed';
/** `active` and `partially_filled` are unfilled: not wholly filled and not ended. */
export type TargetStatus = 'active' | 'partially_filled' | 'filled' | 'cancelled' | 'rejected';

/** One version of a trade that was seen. The digest is that of the fact: the same version with another one is a conflict. */
export interface FillVersion {
  readonly version: number;
  readonly digest: Digest;
}

/** A trade of the position: its newest version (of two payloads under one version, the one with the greater digest). */
export interface PositionFill {
  readonly fill: FillKey;
  readonly live: boolean;
  readonly effect: 'open' | 'close';
  readonly targetKey: TargetKey | undefined;
  readonly execution: ExecutionData;
  readonly occurredAt: string;
  /** Every version that was recorded, in order. */
  readonly versions: readonly FillVersion[];
}

/** That a target's order ended, or that the target was taken back. */
export interface TargetEnding {
  readonly status: 'cancelled' | 'rejected';
  readonly reason: string | undefined;
}

/** An amount a currency. One whose amounts cancel out is left out. */
export type MoneyByCurrency = ReadonlyMap<string, Notional>;

export interface CashFlow {
  /** Positive where money came in (sells), negative where it went out (buys), without the fees, in the quote currency. */
  readonly cash: MoneyByCurrency;
  /** Positive where they are paid, negative where they are a rebate; in any currency. */
  readonly fees: MoneyByCurrency;
}

export interface TargetState {
  readonly targetKey: TargetKey;
  readonly kind: TargetKind;
  readonly percent: DecimalString;
  readonly targetPrice: Price;
  readonly quantity: Quantity;
  readonly filledQty: Quantity;
  /** Sum of price × quantity over its live fills: the average price is computed from it. */
  readonly filledNotional: Notional;
  /** Average price of its live fills; zero while there are none. */
  readonly avgFillPx: Price;
  /** Cash and fees of its live fills. */
  readonly closing: CashFlow;
  readonly status: TargetStatus;
  readonly originalCredit: MoneyJson | undefined;
  readonly orderRef: string | undefined;
  readonly orderId: OrderId | undefined;
  /** Orders that it had before it was set to another one: their late fills still count for it. */
  readonly formerOrderIds: readonly OrderId[];
  /** Kept also while the target is wholly filled: after a bust, it is ended again. */
  readonly ending: TargetEnding | undefined;
  /** Why it was cancelled or rejected, where it was. */
  readonly reason: string | undefined;
  /** Market time of its setting, of its last change, and of the fill that completed it. */
  readonly setAt: string;
  readonly changedAt: string;
  readonly filledAt: string | undefined;
}

/** `requested` waits for the targets' orders, `sized` has an order; the others are how it ended. */
export type CloseStatus = 'requested' | 'sized' | CloseOutcome;

/** The newest closing that was asked for. */
export interface CloseState {
  readonly request: PositionCloseRequested['data'];
  readonly status: CloseStatus;
  /** What its order was placed for, once it was sized. */
  readonly quantity: Quantity | undefined;
  /** Why it ended as it did, where that was said. */
  readonly reason: string | undefined;
}

/** A position as it is folded from its stream. */
export interface PositionState {
  readonly exists: boolean;
  readonly tenantId: TenantId | undefined;
  readonly accountId: AccountId | undefined;
  readonly opened: PositionOpened['data'] | undefined;
  readonly openedAt: string | undefined;
  readonly changedAt: string | undefined;
  /** Command key → digest of each command that was applied. Fills are not among them: their own key and version is theirs. */
  readonly applied: ReadonlyMap<string, readonly Digest[]>;
  /** Sorted by order and execution, whatever order they came in. */
  readonly fills: readonly PositionFill[];
  /** In the order in which they were first set. */
  readonly targets: readonly TargetState[];
  readonly status: PositionStatus;
  readonly openedQty: Quantity;
  readonly closedQty: Quantity;
  /** openedQty − closedQty: negative where the position is over-closed. */
  readonly openQty: Quantity;
  /** Cash and fees of the live fills that opened it, and of those that closed it. */
  readonly opening: CashFlow;
  readonly closing: CashFlow;
  readonly close: CloseState | undefined;
}
