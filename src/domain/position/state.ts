import type { MoneyJson, Notional, Price, Quantity } from '../amounts.js';
import type { DecimalString } from '../decimal.js';
import type { AccountId, Digest, OrderId, TargetKey, TenantId } from '../ids.js';
import type { ExecutionData } from '../order/events.js';
import type { FillKey, PositionOpened, TargetKind } from './events.js';

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
}
