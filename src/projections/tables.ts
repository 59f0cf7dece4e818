import type { Generated } from 'kysely';

/*
 * The rows of the read models, as the migrations make them. Decimals (`numeric`) and positions (`bigint`) travel as
 * strings between Postgres and us; market times are ISO-8601 text with the precision that they came with.
 */

/** One row an order, from `projections/orders`. Provisional orders that were linked into another have no row. */
export interface OrdersTable {
  order_id: string;
  tenant_id: string;
  account_id: string;
  broker_order_id: string | null;
  cl_ord_id: string | null;
  environment: string | null;
  symbol: string | null;
  source_symbol: string | null;
  security_type: string | null;
  quote_currency: string | null;
  multiplier: string | null;
  side: string | null;
  ord_type: string | null;
  time_in_force: string | null;
  price: string | null;
  stop_px: string | null;
  ord_status: string;
  order_qty: string;
  cum_qty: string;
  leaves_qty: string;
  avg_px: string;
  trading_day: string;
  position_id: string | null;
  strategy: string | null;
  signal: string | null;
  order_group: string | null;
  portfolio: string | null;
  discrepancy_count: number;
  /** The first 100 of them: a list of {kind, field, brokers, ours, execId}. */
  discrepancies: unknown;
  conflict_count: number;
  opened_at: string | null;
  changed_at: string | null;
  /** Place in `$all` of the stream's first event: it never changes, so pages are ordered by it. */
  opened_position: string;
  /** Of the stream's last event that is folded into the row, and its place in `$all`. */
  revision: string;
  last_position: string;
}

/** One row an execution: its newest version. Key: order_id, exec_id. */
export interface ExecutionTable {
  order_id: string;
  exec_id: string;
  version: number;
  status: string;
  tenant_id: string;
  account_id: string;
  symbol: string;
  source_symbol: string;
  side: string;
  last_qty: string;
  last_px: string;
  multiplier: string;
  quote_currency: string;
  settlement_currency: string;
  fees: unknown;
  venue: string | null;
  position_id: string | null;
  occurred_at: string;
  trading_day: string;
  last_position: string;
}

/** What was realised: null where it is not known what opening cost. Before fees, and less those in its currency. */
interface RealisedColumns {
  realised_pnl: string | null;
  realised_pnl_net: string | null;
  realised_pnl_currency: string | null;
  /** Where the opening credit or debit was taken from. */
  realised_pnl_basis: string | null;
  /** Fees of its fills, a list of `{amount, currency}`, one a currency. */
  fees: unknown;
}

/** One row a position, from `projections/positions`. */
export interface PositionTable extends RealisedColumns {
  position_id: string;
  tenant_id: string;
  account_id: string;
  environment: string;
  symbol: string;
  security_type: string;
  multiplier: string;
  quote_currency: string;
  direction: string;
  status: string;
  opened_qty: string;
  closed_qty: string;
  open_qty: string;
  open_price: string | null;
  original_credit: string | null;
  original_credit_currency: string | null;
  strategy_type: string;
  strategy: string | null;
  signal: string | null;
  position_group: string | null;
  portfolio: string | null;
  target_count: number;
  unfilled_target_count: number;
  /** The newest closing that was asked for: null where none was. */
  close_status: string | null;
  close_reason: string | null;
  close_qty: string | null;
  close_order_id: string | null;
  close_end_reason: string | null;
  opened_at: string;
  changed_at: string;
  /** Place in `$all` of the stream's first event: it never changes, so pages are ordered by it. */
  opened_position: string;
  revision: string;
  last_position: string;
}

/**
 * One row a target. Key: position_id, target_key. `order_id` is unique within its tenant: where several targets were
 * attached to one order (`claimed_order_id`), the one that was set first has it, and the others have none.
 */
export interface ProfitTargetTable extends RealisedColumns {
  position_id: string;
  target_key: string;
  tenant_id: string;
  account_id: string;
  kind: string;
  status: string;
  /** Not wholly filled and not ended: the partial index is on this. */
  unfilled: boolean;
  percent: string;
  target_price: string;
  quantity: string;
  filled_qty: string;
  avg_fill_px: string;
  original_credit: string | null;
  original_credit_currency: string | null;
  /** What of the opening credit or debit belongs to what was filled, and what the fills brought in or cost. */
  credit_closed: string | null;
  closing_cash: string | null;
  order_ref: string | null;
  order_id: string | null;
  claimed_order_id: string | null;
  reason: string | null;
  set_at: string;
  changed_at: string;
  filled_at: string | null;
  /** Place in `$all` of the target's first setting (pages are ordered by it) and of its last change. */
  set_position: string;
  last_position: string;
}

/** One row a fill of a position: its newest version. Key: position_id, order_id, exec_id. */
export interface PositionFillTable {
  position_id: string;
  order_id: string;
  exec_id: string;
  version: number;
  /** Not where it was busted or is another position's by now. */
  live: boolean;
  tenant_id: string;
  account_id: string;
  effect: string;
  target_key: string | null;
  symbol: string;
  source_symbol: string;
  side: string;
  qty: string;
  px: string;
  multiplier: string;
  quote_currency: string;
  fees: unknown;
  occurred_at: string;
  last_position: string;
}

/** One row an event of the ledger: what subscriptions, audit and export find their way by. */
export interface EventIndexTable {
  position: string;
  event_id: string;
  stream: string;
  revision: string;
  type: string;
  schema_version: number;
  tenant_id: string;
  account_id: string;
  actor: string;
  source: string;
  correlation_id: string;
  causation_id: string;
  command_key: string;
  occurred_at: string;
  received_at: string;
  recorded_at: string;
  trading_day: string;
  hash: string;
}

/** A fact whose order is not known, until it is taken up. */
export interface ParkedFactTable {
  stream: string;
  revision: string;
  tenant_id: string;
  account_id: string;
  source: string;
  alias_kind: string;
  alias_id: string;
  fact_type: string;
  occurred_at: string;
  command_key: string;
  /** `parked` or `taken_up`. */
  status: string;
  order_id: string | null;
  parked_position: string;
  last_position: string;
}

/** A line or message that could not be parsed. */
export interface QuarantineTable {
  quarantine_id: string;
  tenant_id: string;
  account_id: string;
  source: string;
  /** File name or feed, and the line or message number in it. */
  origin: string;
  line: string;
  field: string | null;
  reason: string;
  /** The line as it came, cut at 100,000 characters. */
  content: string;
  /** `quarantined` or `replayed`. */
  status: string;
  quarantined_position: string;
  last_position: string;
}

/** A stream that a projection could not apply an event of: it is set aside there, and everything else goes on. */
interface SetAsideTable {
  projection: string;
  stream: string;
  position: string;
  reason: string;
}

/**
 * How far a projection or a policy is, and over which store. Moved by compare-and-set in the batch's own transaction.
 * `position` moves over events that nobody handles too, so the last event that was handled has its own position.
 */
interface CheckpointTable {
  name: string;
  version: number;
  store_id: string;
  position: string;
  last_event_id: string | null;
  last_event_position: string | null;
  /** As Postgres writes a timestamptz; set by the database. */
  updated_at: Generated<string>;
}

/** One row a leg of an entry of the ledger. Key: order_id, exec_id, entry, leg. */
export interface PostingTable {
  order_id: string;
  exec_id: string;
  /** From 1, among the entries of this execution. */
  entry: number;
  leg: number;
  /** `trade`, `fee`, `realised` or `reversal`. */
  kind: string;
  reverses_entry: number | null;
  execution_version: number;
  /** `fifo` or `average`; null where both methods share the leg. */
  cost_method: string | null;
  account: string;
  unit: string;
  /** Debits are positive, credits negative. */
  amount: string;
  /** The trade whose lot was closed (FIFO), and how much was closed; signed as what was open. */
  matched_order_id: string | null;
  matched_exec_id: string | null;
  matched_qty: string | null;
  tenant_id: string;
  account_id: string;
  /** `live`, `paper`, or `unknown` while no message has carried the order's terms. */
  environment: string;
  symbol: string;
  occurred_at: string;
  trading_day: string;
  /** Place in `$all` of the event that caused it. */
  posted_position: string;
}

/** Sums of postings. `cost_method` is empty for the legs that both methods share. */
interface BalanceTable {
  tenant_id: string;
  account_id: string;
  environment: string;
  account: string;
  unit: string;
  cost_method: string;
  amount: string;
  last_position: string;
}

/** What was realised, a gain positive, by trading day of the closing trade. */
export interface RealisedPnlTable {
  tenant_id: string;
  account_id: string;
  environment: string;
  symbol: string;
  unit: string;
  cost_method: string;
  trading_day: string;
  amount: string;
  last_position: string;
}

/** One instrument in one account: what it holds now and what that cost on average. */
export interface BookTable {
  book_id: string;
  tenant_id: string;
  account_id: string;
  environment: string;
  symbol: string;
  security_type: string;
  multiplier: string;
  quote_currency: string;
  settlement_currency: string;
  quantity: string;
  average_cost: string;
  last_position: string;
}

/** One row a trade in its book. Key: order_id, exec_id. */
export interface BookEntryTable {
  order_id: string;
  exec_id: string;
  book_id: string;
  place_position: string;
  place_index: number;
  execution_version: number;
  /** False once it was busted. */
  counts: boolean;
  quantity: string;
  price: string;
  fees: unknown;
  occurred_at: string;
  trading_day: string;
  quantity_before: string;
  average_cost_before: string;
  /** What it closed, and the numbers of its entries that stand. */
  standing: unknown;
  entry_count: number;
  last_position: string;
}

/** What is open of a trade, first in, first out; negative where it is short. Key: order_id, exec_id. */
export interface LotTable {
  order_id: string;
  exec_id: string;
  book_id: string;
  tenant_id: string;
  account_id: string;
  environment: string;
  symbol: string;
  quantity: string;
  price: string;
  cost: string;
  place_position: string;
  place_index: number;
  last_position: string;
}

export interface ReadModels {
  orders: OrdersTable;
  execution: ExecutionTable;
  position: PositionTable;
  profit_target: ProfitTargetTable;
  position_fill: PositionFillTable;
  event_index: EventIndexTable;
  parked_fact: ParkedFactTable;
  quarantine: QuarantineTable;
  posting: PostingTable;
  balance: BalanceTable;
  realised_pnl: RealisedPnlTable;
  book: BookTable;
  book_entry: BookEntryTable;
  lot: LotTable;
  set_aside: SetAsideTable;
  checkpoint: CheckpointTable;
}
