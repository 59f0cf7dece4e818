-- The read models: exactly the rows of src/projections/tables.ts.
--
-- Everything in here can be rebuilt from the event store. No column constrains what a broker may say: market times and
-- trading days are text with the precision they came with, decimals are numeric without a limit, and a name that two rows
-- must not share (a target's order) is given to one of them by the projection before it is written.

create table orders (
  order_id text primary key,
  tenant_id text not null,
  account_id text not null,
  broker_order_id text,
  cl_ord_id text,
  environment text,
  symbol text,
  source_symbol text,
  security_type text,
  quote_currency text,
  multiplier numeric,
  side text,
  ord_type text,
  time_in_force text,
  price numeric,
  stop_px numeric,
  ord_status text not null,
  order_qty numeric not null,
  cum_qty numeric not null,
  leaves_qty numeric not null,
  avg_px numeric not null,
  trading_day text not null,
  position_id text,
  strategy text,
  signal text,
  order_group text,
  portfolio text,
  discrepancy_count integer not null,
  conflict_count integer not null,
  opened_at text,
  changed_at text,
  revision bigint not null,
  last_position bigint not null
);
-- Pages and subscriptions, newest change first: of some accounts, and of a whole tenant.
create index orders_by_account on orders (tenant_id, account_id, last_position);
create index orders_by_tenant on orders (tenant_id, last_position);
create index orders_by_status on orders (tenant_id, ord_status, last_position);
create index orders_by_broker_order_id on orders (broker_order_id) where broker_order_id is not null;
create index orders_by_cl_ord_id on orders (cl_ord_id) where cl_ord_id is not null;

create table execution (
  order_id text not null,
  exec_id text not null,
  version integer not null,
  status text not null,
  tenant_id text not null,
  account_id text not null,
  symbol text not null,
  source_symbol text not null,
  side text not null,
  last_qty numeric not null,
  last_px numeric not null,
  multiplier numeric not null,
  quote_currency text not null,
  settlement_currency text not null,
  fees jsonb not null,
  venue text,
  position_id text,
  occurred_at text not null,
  trading_day text not null,
  last_position bigint not null,
  primary key (order_id, exec_id)
);
create index execution_by_account on execution (tenant_id, account_id, last_position);
create index execution_by_tenant on execution (tenant_id, last_position);
create index execution_by_position on execution (position_id) where position_id is not null;

create table position (
  position_id text primary key,
  tenant_id text not null,
  account_id text not null,
  environment text not null,
  symbol text not null,
  security_type text not null,
  multiplier numeric not null,
  quote_currency text not null,
  direction text not null,
  status text not null,
  opened_qty numeric not null,
  closed_qty numeric not null,
  open_qty numeric not null,
  open_price numeric,
  original_credit numeric,
  original_credit_currency text,
  strategy_type text not null,
  strategy text,
  signal text,
  position_group text,
  portfolio text,
  target_count integer not null,
  unfilled_target_count integer not null,
  opened_at text not null,
  changed_at text not null,
  revision bigint not null,
  last_position bigint not null
);
create index position_by_account on position (tenant_id, account_id, last_position);
create index position_by_tenant on position (tenant_id, last_position);
create index position_by_status on position (tenant_id, status, last_position);

create table profit_target (
  position_id text not null,
  target_key text not null,
  tenant_id text not null,
  account_id text not null,
  kind text not null,
  status text not null,
  unfilled boolean not null,
  percent numeric not null,
  target_price numeric not null,
  quantity numeric not null,
  filled_qty numeric not null,
  avg_fill_px numeric not null,
  original_credit numeric,
  original_credit_currency text,
  order_ref text,
  order_id text,
  claimed_order_id text,
  reason text,
  set_at text not null,
  changed_at text not null,
  filled_at text,
  set_position bigint not null,
  last_position bigint not null,
  primary key (position_id, target_key)
);
create unique index profit_target_order_id on profit_target (tenant_id, order_id) where order_id is not null;
create index profit_target_by_claim on profit_target (tenant_id, claimed_order_id) where claimed_order_id is not null;
create index profit_target_by_order_ref on profit_target (tenant_id, order_ref) where order_ref is not null;
create index profit_target_by_position_status on profit_target (position_id, status);
-- The unfilled report reads a page from here whatever the number of targets that are done.
create index profit_target_unfilled on profit_target (tenant_id, account_id, set_position) where unfilled;
create index profit_target_unfilled_of_tenant on profit_target (tenant_id, set_position) where unfilled;
create index profit_target_by_account on profit_target (tenant_id, account_id, last_position);
create index profit_target_by_tenant on profit_target (tenant_id, last_position);

create table event_index (
  position bigint primary key,
  event_id text not null,
  stream text not null,
  revision bigint not null,
  type text not null,
  schema_version integer not null,
  tenant_id text not null,
  account_id text not null,
  actor text not null,
  source text not null,
  correlation_id text not null,
  causation_id text not null,
  command_key text not null,
  occurred_at text not null,
  received_at text not null,
  recorded_at text not null,
  trading_day text not null,
  hash text not null
);
create unique index event_index_by_stream on event_index (stream, revision);
create index event_index_by_account on event_index (tenant_id, account_id, position);
create index event_index_by_correlation on event_index (correlation_id);

create table parked_fact (
  stream text not null,
  revision bigint not null,
  tenant_id text not null,
  account_id text not null,
  source text not null,
  alias_kind text not null,
  alias_id text not null,
  fact_type text not null,
  occurred_at text not null,
  command_key text not null,
  status text not null,
  order_id text,
  parked_position bigint not null,
  last_position bigint not null,
  primary key (stream, revision)
);
create index parked_fact_by_status on parked_fact (tenant_id, status, parked_position);
create index parked_fact_by_account on parked_fact (tenant_id, account_id, status, parked_position);

create table quarantine (
  quarantine_id text primary key,
  tenant_id text not null,
  account_id text not null,
  source text not null,
  origin text not null,
  line bigint not null,
  field text,
  reason text not null,
  content text not null,
  status text not null,
  quarantined_position bigint not null,
  last_position bigint not null
);
create index quarantine_by_status on quarantine (tenant_id, status, quarantined_position);
create index quarantine_by_account on quarantine (tenant_id, account_id, status, quarantined_position);

create table set_aside (
  projection text not null,
  stream text not null,
  position bigint not null,
  reason text not null,
  primary key (projection, stream)
);

create table checkpoint (
  name text primary key,
  version integer not null,
  store_id text not null,
  position bigint not null,
  last_event_id text,
  last_event_position bigint,
  updated_at timestamptz not null default now()
);
