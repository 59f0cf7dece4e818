import type { DomainEvent } from '../../domain/decider.js';
import { decodeIngestEvent } from '../../eventstore/codec.js';
import type { RecordedEvent } from '../../eventstore/event-store.js';
import type { FactParked } from '../../eventstore/side-events.js';
import { FoldedStreams } from '../folded-streams.js';
import type { StreamFolder } from '../folded-streams.js';
import type { ColumnType, Projection, RowOf, Table, TableChange } from '../projection.js';
import type { ParkedFactTable } from '../tables.js';

type ParkedRow = RowOf<ParkedFactTable>;

export const PARKED_FACT: Table = {
  name: 'parked_fact',
  key: ['stream', 'revision'],
  columns: {
    stream: 'text',
    revision: 'bigint',
    tenant_id: 'text',
    account_id: 'text',
    source: 'text',
    alias_kind: 'text',
    alias_id: 'text',
    fact_type: 'text',
    occurred_at: 'text',
    command_key: 'text',
    status: 'text',
    order_id: 'text',
    parked_position: 'bigint',
    last_position: 'bigint',
  } satisfies Record<keyof ParkedFactTable, ColumnType>,
};

/** Facts whose order is not known, until they are taken up. */
export const parkedProjection: Projection = {
  name: 'parked',
  version: 1,
  streamPrefixes: ['parked-'],
  tables: [PARKED_FACT],
  open: (options) => new FoldedStreams(parkedFolder, options),
};

interface FoldedParking {
  /** By the command key of the fact, in the order in which they were parked. */
  readonly rows: ReadonlyMap<string, ParkedRow>;
}

const parkedFolder: StreamFolder<FoldedParking> = {
  initial: { rows: new Map() },
  apply,
  difference,
  weight: ({ rows }) => 1 + rows.size,
};

function apply({ rows }: FoldedParking, recorded: RecordedEvent): FoldedParking {
  const event = decodeIngestEvent(recorded);
  if (event.type === 'FactParked') {
    const row = parkedRow(recorded, event);
    return { rows: new Map(rows).set(row.command_key, row) };
  }
  if (event.type !== 'ParkedFactTakenUp') throw new Error(`${event.type} is no event of a parked stream`);
  const { factKey, orderId } = event.data;
  const parked = rows.get(factKey);
  if (!parked) throw new Error(`no fact with the key ${factKey} is parked in ${recorded.stream}`);
  return { rows: new Map(rows).set(factKey, { ...parked, status: 'taken_up', order_id: orderId, last_position: recorded.position.toString() }) };
}

function parkedRow({ stream, revision, position }: RecordedEvent, { data, metadata }: FactParked & DomainEvent): ParkedRow {
  // At least one: the schema says so.
  const [alias] = data.aliases;
  return {
    stream,
    revision: revision.toString(),
    tenant_id: metadata.tenantId,
    account_id: metadata.accountId,
    source: metadata.source.name,
    alias_kind: alias?.kind ?? '',
    alias_id: alias?.id ?? '',
    fact_type: data.fact.type,
    occurred_at: metadata.occurredAt,
    command_key: metadata.commandKey,
    status: 'parked',
    order_id: null,
    parked_position: position.toString(),
    last_position: position.toString(),
  };
}

function difference(before: FoldedParking, after: FoldedParking): TableChange[] {
  const upserts = [...after.rows].filter(([key, row]) => before.rows.get(key) !== row).map(([, row]) => row);
  return upserts.length === 0 ? [] : [{ table: PARKED_FACT, upserts, removals: [] }];
}
