-- The fills of positions, what positions and targets have realised, and how far a position's closing is. All of it follows
-- from the event store: the projection's version is one more, so that a rebuild fills what is new.

create table position_fill (
  position_id text collate "C" not null,
  order_id text collate "C" not null,
  exec_id text collate "C" not null,
  version integer not null,
  -- Busted, or another position's by now, where it is not live.
  live boolean not null,
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  effect text collate "C" not null,
  target_key text collate "C",
  symbol text collate "C" not null,
  source_symbol text collate "C" not null,
  side text collate "C" not null,
  qty numeric not null,
  px numeric not null,
  multiplier numeric not null,
  quote_currency text collate "C" not null,
  -- A list of {amount, currency}.
  fees jsonb not null,
  occurred_at text collate "C" not null,
  last_position bigint not null,
  primary key (position_id, order_id, exec_id)
);
-- A position's fills by market time, all of them or a target's, and which position an execution belongs to. Without the Z, a
-- whole second comes before its fractions.
create index position_fill_by_time on position_fill (position_id, rtrim(occurred_at, 'Z'), order_id, exec_id);
create index position_fill_by_target on position_fill (position_id, target_key, rtrim(occurred_at, 'Z'), order_id, exec_id) where target_key is not null;
create index position_fill_by_execution on position_fill (order_id, exec_id);

-- realised_pnl is null where it is not known what opening cost. The basis says what that was taken from.
alter table position
  add column realised_pnl numeric,
  add column realised_pnl_net numeric,
  add column realised_pnl_currency text collate "C",
  add column realised_pnl_basis text collate "C",
  add column fees jsonb not null default '[]',
  add column close_status text collate "C",
  add column close_reason text collate "C",
  add column close_qty numeric,
  add column close_order_id text collate "C",
  add column close_end_reason text collate "C";

-- credit_closed: what of the opening credit belongs to what was filled; closing_cash: what the fills brought in or cost.
alter table profit_target
  add column realised_pnl numeric,
  add column realised_pnl_net numeric,
  add column realised_pnl_currency text collate "C",
  add column realised_pnl_basis text collate "C",
  add column credit_closed numeric,
  add column closing_cash numeric,
  add column fees jsonb not null default '[]';
-- Walks over all targets in the order in which they were set, as the report of their profit does.
create index profit_target_by_setting on profit_target (tenant_id, set_position, position_id, target_key);

-- What the policy that closes positions waits for: the orders of a position that is being closed, its own closing order among
-- them. The rows of a position go when its closing has ended.
create table policy_closing_order (
  order_id text not null,
  position_id text not null,
  tenant_id text not null,
  account_id text not null,
  primary key (order_id, position_id)
);
create index policy_closing_order_by_position on policy_closing_order (position_id);
