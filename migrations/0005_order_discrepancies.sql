-- Where the broker's numbers and ours disagree now, each by name: a list of {kind, field, brokers, ours, execId}, as many as
-- discrepancy_count up to 100. All of it follows from the event store: the projection's version is one more, so that a rebuild fills it.
alter table orders add column discrepancies jsonb not null default '[]';
