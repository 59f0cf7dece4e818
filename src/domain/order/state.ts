import type { Notional, Price, Quantity } from '../amounts.js';
import type { AccountId, Digest, ExecId, OrderId, TenantId } from '../ids.js';
import type { ExecutionData, OrderEvent, OrderFactEvent, OrderTerms, OrdStatus } from './events.js';

/** Where a fact stands among an order's facts, whatever order they came in: see `compareFacts`. */
export interface FactOrder {
  readonly occurredAt: string;
  readonly session: string;
  readonly sequence: string;
  readonly digest: Digest;
}

/** One fact of an order: the event without its envelope, and its place. */
export interface OrderFactEntry {
  readonly place: FactOrder;
  readonly fact: OrderFactEvent;
}

export type ExecutionStatus = 'live' | 'corrected' | 'busted';

/** One execution of an order: its newest version, and what became of it. */
export interface OrderExecution {
  /** The ExecID of the first version: what corrections and busts lead back to. */
  readonly execId: ExecId;
  /** 1 for the trade as first reported, one more for each correction. */
  readonly version: number;
  readonly status: ExecutionStatus;
  /** The newest values; those before a bust, where it is busted. */
  readonly execution: ExecutionData;
  /** Market time of the version. */
  readonly occurredAt: string;
  readonly tradingDay: string;
}

/** Where the broker's numbers and ours disagree now. It closes by itself when they agree again. */
export interface OrderDiscrepancy {
  readonly kind: 'cum_qty' | 'overfill' | 'missing_execution' | 'terms_missing' | 'status';
  readonly field: string;
  readonly brokers: string;
  readonly ours: string;
  readonly execId?: ExecId;
}

/** What an order looks like: what its facts, folded in source order, amount to. FIX 4.4 Appendix D. */
export interface OrderView {
  /** From the earliest fact that carries them; `undefined` while only facts without terms are known. */
  readonly terms: OrderTerms | undefined;
  readonly ordStatus: OrdStatus;
  readonly orderQty: Quantity;
  readonly cumQty: Quantity;
  readonly leavesQty: Quantity;
  /** Sum of price × quantity over the live executions: AvgPx is computed from it. */
  readonly notional: Notional;
  readonly avgPx: Price;
  /** The ids that the latest broker message used. */
  readonly clOrdId: string | undefined;
  readonly brokerOrderId: string | undefined;
  readonly executions: readonly OrderExecution[];
  readonly discrepancies: readonly OrderDiscrepancy[];
  /** Market time of the first and of the latest fact. */
  readonly openedAt: string | undefined;
  readonly changedAt: string | undefined;
}

/** An order as it is folded from its stream. */
export interface OrderState {
  /** `true` once the stream has an event. */
  readonly exists: boolean;
  readonly tenantId: TenantId | undefined;
  readonly accountId: AccountId | undefined;
  /** Where the stream is a pointer (`AliasClaimed`) or was linked into another order. */
  readonly redirectsTo: OrderId | undefined;
  /** Command key → digest of each command that was applied, conflicting versions included. */
  readonly applied: ReadonlyMap<string, readonly Digest[]>;
  /** Sorted by place. */
  readonly facts: readonly OrderFactEntry[];
  readonly conflicts: number;
  readonly view: OrderView;
}

export type { OrderEvent };
