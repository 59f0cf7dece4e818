-- What policies remember between events. All of it follows from the event store: a policy whose tables and checkpoint are
-- emptied reads the store again, and its reactions, which are keyed, are applied once all the same.

-- Every name under which messages spoke of an order, and where in $all it was first used for that order.
create table policy_order_ref (
  tenant_id text not null,
  account_id text not null,
  ref text not null,
  order_id text not null,
  position bigint not null,
  primary key (tenant_id, account_id, ref, order_id)
);

-- Targets that name an order; order_id once it is attached.
create table policy_target (
  position_id text not null,
  target_key text not null,
  tenant_id text not null,
  account_id text not null,
  order_ref text not null,
  order_id text,
  set_position bigint not null,
  primary key (position_id, target_key)
);
create index policy_target_waiting on policy_target (order_ref, tenant_id, account_id, set_position) where order_id is null;

-- Orders whose fills belong to a position: as a target's order, or (target_key null) because the order itself names the position.
create table policy_order_link (
  order_id text primary key,
  tenant_id text not null,
  account_id text not null,
  position_id text not null,
  target_key text
);
create index policy_order_link_untargeted on policy_order_link (position_id) where target_key is null;

-- Parked facts by the orders that would be theirs: one row for each name that the fact gives its order.
create table policy_parked_fact (
  order_id text not null,
  stream text not null,
  revision bigint not null,
  primary key (order_id, stream, revision)
);
create index policy_parked_fact_by_stream on policy_parked_fact (stream, revision);

-- Where in $all the newest reaction of a policy is: who waits for what a command set off waits for this too.
create table policy_reaction (
  policy text primary key,
  position bigint not null
);
