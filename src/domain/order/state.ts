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

/** One fact of an order: the event without its envelope, its place, its trading day and the key it was applied under. */
export interface OrderFactEntry {
  readonly place: FactOrder;
  readonly tradingDay: string;
  readonly key: string;
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
  readonly kind:
    | 'cum_qty'
    | 'leaves_qty'
    | 'order_qty'
    | 'overfill'
    | 'missing_execution'
    | 'conflicting_fact'
    | 'terms_missing'
    | 'instrument'
    | 'status';
  readonly field: string;
  readonly brokers: string;
  readonly ours: string;
  readonly execId?: ExecId;
}

/** What an order looks like: what its facts, folded in source order, amount to. FIX 4.4 Appendix D. */
export interface OrderView {
  /**
   * From the earliest fact that carries them, with what replaces and restatements changed since; `undefined` while only
   * facts without terms are known.
   */
  readonly terms: OrderTerms | undefined;
  readonly ordStatus: OrdStatus;
  readonly orderQty: Quantity;
  readonly cumQty: Quantity;
  readonly leavesQty: Quantity;
  /** Nothing more can be executed, as far as is known: it ended, or nothing of its OrderQty is left. The rest of an order that goes on another day can. */
  readonly isOver: boolean;
  /** Sum of price × quantity over the live executions: AvgPx is computed from it. */
  readonly notional: Notional;
  readonly avgPx: Price;
  /** The ClOrdID that the latest broker message used; that of the placing while there is none. */
  readonly clOrdId: string | undefined;
  /** The ClOrdID that a request has to name: of the placing, then of each replace that was accepted. */
  readonly liveClOrdId: string | undefined;
  /** The broker's id in its latest message that has one. */
  readonly brokerOrderId: string | undefined;
  readonly executions: readonly OrderExecution[];
  readonly discrepancies: readonly OrderDiscrepancy[];
  /** Market time of the first and of the latest fact. */
  readonly openedAt: string | undefined;
  readonly changedAt: string | undefined;
}

/** The keys of the commands that were applied, each with the digests that were seen under it (the first one first). */
export interface AppliedCommands {
  readonly size: number;
  has(key: string): boolean;
  get(key: string): readonly Digest[] | undefined;
  /** With one more: a former holder never sees it. */
  with(key: string, digest: Digest): AppliedCommands;
}

/** The facts of an order and what they amount to. Immutable; the view is computed when it is first asked for. */
export interface OrderFold {
  /** Sorted by place. */
  readonly facts: readonly OrderFactEntry[];
  readonly view: OrderView;
  withFact(entry: OrderFactEntry): OrderFold;
  /** Another version of a fact, under its key: of all versions, the one that comes first in source order is folded. */
  withConflict(entry: OrderFactEntry): OrderFold;
  /** A copy of a fact that is known: the fact is at the place of its first copy, and sent again only where all of its copies are. */
  withCopy(entry: OrderFactEntry): OrderFold;
  /** Whether `withCopy` would change anything. */
  isNews(copy: OrderFactEntry): boolean;
}

/** An order as it is folded from its stream. */
export interface OrderState {
  /** `true` once the stream has an event. */
  readonly exists: boolean;
  readonly tenantId: TenantId | undefined;
  readonly accountId: AccountId | undefined;
  /** Where the stream is a pointer (`AliasClaimed`) or was linked into another order. */
  readonly redirectsTo: OrderId | undefined;
  readonly applied: AppliedCommands;
  readonly fold: OrderFold;
  /** Sorted by place. */
  readonly facts: readonly OrderFactEntry[];
  readonly conflicts: number;
  /** Computed from the facts when it is first asked for: evolving over many events costs one fold. */
  readonly view: OrderView;
}

export type { OrderEvent };
