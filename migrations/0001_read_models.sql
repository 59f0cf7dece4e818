-- The read models: exactly the rows of src/projections/tables.ts.
--
-- Everything in here can be rebuilt from the event store. No column constrains what a broker may say: market times and
-- trading days are text with the precision they came with, decimals are numeric without a limit, and a name that two rows
-- must not share (a target's order) is given to one of them by the projection before it is written.
-- Text sorts by its bytes ("C"): as ISO-8601 times and ids do anywhere, and the same after an upgrade of the system's locales.

create table orders (
  order_id text collate "C" primary key,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  broker_order_id text collate "C",
  cl_ord_id text collate "C",
  environment text collate "C",
  symbol text collate "C",
  source_symbol text collate "C",
  security_type text collate "C",
  quote_currency text collate "C",
  multiplier numeric,
  side text collate "C",
  ord_type text collate "C",
  time_in_force text collate "C",
  price numeric,
  stop_px numeric,
  ord_status text collate "C" not null,
  order_qty numeric not null,
  cum_qty numeric not null,
  leaves_qty numeric not null,
  avg_px numeric not null,
  trading_day text collate "C" not null,
  position_id text collate "C",
  strategy text collate "C",
  signal text collate "C",
  order_group text collate "C",
  portfolio text collate "C",
  discrepancy_count integer not null,
  conflict_count integer not null,
  opened_at text collate "C",
  changed_at text collate "C",
  opened_position bigint not null,
  revision bigint not null,
  last_position bigint not null
);
-- Pages of some accounts, of a whole tenant, and of one status.
create index orders_by_account on orders (tenant_id, account_id, opened_position);
create index orders_by_tenant on orders (tenant_id, opened_position);
create index orders_by_status on orders (tenant_id, ord_status, opened_position);
-- What changed after a cursor.
create index orders_by_change on orders (last_position);
create index orders_by_broker_order_id on orders (broker_order_id) where broker_order_id is not null;
create index orders_by_cl_ord_id on orders (cl_ord_id) where cl_ord_id is not null;

create table execution (
  order_id text collate "C" not null,
  exec_id text collate "C" not null,
  version integer not null,
  status text collate "C" not null,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  symbol text collate "C" not null,
  source_symbol text collate "C" not null,
  side text collate "C" not null,
  last_qty numeric not null,
  last_px numeric not null,
  multiplier numeric not null,
  quote_currency text collate "C" not null,
  settlement_currency text collate "C" not null,
  fees jsonb not null,
  venue text collate "C",
  position_id text collate "C",
  occurred_at text collate "C" not null,
  trading_day text collate "C" not null,
  last_position bigint not null,
  primary key (order_id, exec_id)
);
create index execution_by_account on execution (tenant_id, account_id, occurred_at, order_id, exec_id);
create index execution_by_tenant on execution (tenant_id, occurred_at, order_id, exec_id);
create index execution_by_position on execution (position_id) where position_id is not null;

create table position (
  position_id text collate "C" primary key,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  environment text collate "C" not null,
  symbol text collate "C" not null,
  security_type text collate "C" not null,
  multiplier numeric not null,
  quote_currency text collate "C" not null,
  direction text collate "C" not null,
  status text collate "C" not null,
  opened_qty numeric not null,
  closed_qty numeric not null,
  open_qty numeric not null,
  open_price numeric,
  original_credit numeric,
  original_credit_currency text collate "C",
  strategy_type text collate "C" not null,
  strategy text collate "C",
  signal text collate "C",
  position_group text collate "C",
  portfolio text collate "C",
  target_count integer not null,
  unfilled_target_count integer not null,
  opened_at text collate "C" not null,
  changed_at text collate "C" not null,
  opened_position bigint not null,
  revision bigint not null,
  last_position bigint not null
);
create index position_by_account on position (tenant_id, account_id, opened_position);
create index position_by_tenant on position (tenant_id, opened_position);
create index position_by_status on position (tenant_id, status, opened_position);
create index position_by_change on position (last_position);

create table profit_target (
  position_id text collate "C" not null,
  target_key text collate "C" not null,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  kind text collate "C" not null,
  status text collate "C" not null,
  unfilled boolean not null,
  percent numeric not null,
  target_price numeric not null,
  quantity numeric not null,
  filled_qty numeric not null,
  avg_fill_px numeric not null,
  original_credit numeric,
  original_credit_currency text collate "C",
  order_ref text collate "C",
  order_id text collate "C",
  claimed_order_id text collate "C",
  reason text collate "C",
  set_at text collate "C" not null,
  changed_at text collate "C" not null,
  filled_at text collate "C",
  set_position bigint not null,
  last_position bigint not null,
  primary key (position_id, target_key)
);
create unique index profit_target_order_id on profit_target (tenant_id, order_id) where order_id is not null;
create index profit_target_by_claim on profit_target (tenant_id, claimed_order_id) where claimed_order_id is not null;
create index profit_target_by_order_ref on profit_target (tenant_id, order_ref) where order_ref is not null;
create index profit_target_by_position_status on profit_target (position_id, status);
-- The unfilled report reads a page from here whatever the number of targets that are done.
create index profit_target_unfilled on profit_target (tenant_id, account_id, set_position, position_id, target_key) where unfilled;
create index profit_target_unfilled_of_tenant on profit_target (tenant_id, set_position, position_id, target_key) where unfilled;
create index profit_target_by_change on profit_target (last_position);

create table event_index (
  position bigint primary key,
  event_id text collate "C" not null,
  stream text collate "C" not null,
  revision bigint not null,
  type text collate "C" not null,
  schema_version integer not null,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  actor text collate "C" not null,
  source text collate "C" not null,
  correlation_id text collate "C" not null,
  causation_id text collate "C" not null,
  command_key text collate "C" not null,
  occurred_at text collate "C" not null,
  received_at text collate "C" not null,
  recorded_at text collate "C" not null,
  trading_day text collate "C" not null,
  hash text collate "C" not null
);
create unique index event_index_by_stream on event_index (stream, revision);
create index event_index_by_account on event_index (tenant_id, account_id, position);
create index event_index_by_correlation on event_index (correlation_id);

create table parked_fact (
  stream text collate "C" not null,
  revision bigint not null,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  source text collate "C" not null,
  alias_kind text collate "C" not null,
  alias_id text collate "C" not null,
  fact_type text collate "C" not null,
  occurred_at text collate "C" not null,
  command_key text collate "C" not null,
  status text collate "C" not null,
  order_id text collate "C",
  parked_position bigint not null,
  last_position bigint not null,
  primary key (stream, revision)
);
create index parked_fact_by_status on parked_fact (tenant_id, status, parked_position, stream, revision);
create index parked_fact_by_account on parked_fact (tenant_id, account_id, parked_position, stream, revision);

create table quarantine (
  quarantine_id text collate "C" primary key,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  source text collate "C" not null,
  origin text collate "C" not null,
  line numeric not null,
  field text collate "C",
  reason text collate "C" not null,
  content text collate "C" not null,
  status text collate "C" not null,
  quarantined_position bigint not null,
  last_position bigint not null
);
create index quarantine_by_status on quarantine (tenant_id, status, quarantined_position, quarantine_id);
create index quarantine_by_account on quarantine (tenant_id, account_id, quarantined_position, quarantine_id);

create table set_aside (
  projection text collate "C" not null,
  stream text collate "C" not null,
  position bigint not null,
  reason text collate "C" not null,
  primary key (projection, stream)
);

create table checkpoint (
  name text collate "C" primary key,
  version integer not null,
  store_id text collate "C" not null,
  position bigint not null,
  last_event_id text collate "C",
  last_event_position bigint,
  updated_at timestamptz not null default now()
);
