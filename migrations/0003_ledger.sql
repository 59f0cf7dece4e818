-- The ledger: exactly the rows of src/projections/ledger/tables.ts. As all read models it can be rebuilt from the event store.

-- Double-entry postings, a row a leg: debits are positive, credits negative. Written once: what turns out to be wrong is reversed.
create table posting (
  order_id text collate "C" not null,
  exec_id text collate "C" not null,
  entry integer not null,
  leg integer not null,
  kind text collate "C" not null,
  reverses_entry integer,
  execution_version integer not null,
  cost_method text collate "C",
  account text collate "C" not null,
  unit text collate "C" not null,
  amount numeric not null,
  matched_order_id text collate "C",
  matched_exec_id text collate "C",
  matched_qty numeric,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  environment text collate "C" not null,
  symbol text collate "C" not null,
  occurred_at text collate "C" not null,
  trading_day text collate "C" not null,
  posted_position bigint not null,
  primary key (order_id, exec_id, entry, leg)
);
-- Pages, and the trial balance as of a position, of one account and of a tenant.
create index posting_by_account on posting (tenant_id, account_id, posted_position);
create index posting_by_tenant on posting (tenant_id, posted_position);

-- Sums of the postings: the trial balance as it is now. cost_method is empty for the legs that all methods share.
create table balance (
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  environment text collate "C" not null,
  account text collate "C" not null,
  unit text collate "C" not null,
  cost_method text collate "C" not null,
  amount numeric not null,
  last_position bigint not null,
  primary key (tenant_id, account_id, environment, account, unit, cost_method)
);

-- Sums of what was realised, a gain positive, by trading day of the closing trade.
create table realised_pnl (
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  environment text collate "C" not null,
  symbol text collate "C" not null,
  unit text collate "C" not null,
  cost_method text collate "C" not null,
  trading_day text collate "C" not null,
  amount numeric not null,
  last_position bigint not null,
  primary key (tenant_id, account_id, environment, symbol, unit, cost_method, trading_day)
);
create index realised_pnl_by_day on realised_pnl (tenant_id, cost_method, trading_day, account_id, symbol, environment, unit);

-- A book: one instrument in one account. What it holds now, and at what average cost.
create table book (
  book_id text collate "C" primary key,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  environment text collate "C" not null,
  symbol text collate "C" not null,
  security_type text collate "C" not null,
  multiplier numeric not null,
  quote_currency text collate "C" not null,
  settlement_currency text collate "C" not null,
  quantity numeric not null,
  average_cost numeric not null,
  last_position bigint not null
);
create index book_by_account on book (tenant_id, account_id, symbol);

-- A trade in its book: its newest values, what the book held before it, and the entries that stand.
create table book_entry (
  order_id text collate "C" not null,
  exec_id text collate "C" not null,
  book_id text collate "C" not null,
  place_position bigint not null,
  place_index integer not null,
  execution_version integer not null,
  counts boolean not null,
  quantity numeric not null,
  price numeric not null,
  fees jsonb not null,
  occurred_at text collate "C" not null,
  trading_day text collate "C" not null,
  quantity_before numeric not null,
  average_cost_before numeric not null,
  standing jsonb not null,
  entry_count integer not null,
  last_position bigint not null,
  primary key (order_id, exec_id)
);
create index book_entry_by_place on book_entry (book_id, place_position, place_index);

-- What is open of a trade, first in, first out.
create table lot (
  order_id text collate "C" not null,
  exec_id text collate "C" not null,
  book_id text collate "C" not null,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  environment text collate "C" not null,
  symbol text collate "C" not null,
  quantity numeric not null,
  price numeric not null,
  cost numeric not null,
  place_position bigint not null,
  place_index integer not null,
  last_position bigint not null,
  primary key (order_id, exec_id)
);
create index lot_by_book on lot (book_id, place_position, place_index);
create index lot_by_account on lot (tenant_id, account_id, place_position, place_index);
create index lot_by_tenant on lot (tenant_id, place_position, place_index);
