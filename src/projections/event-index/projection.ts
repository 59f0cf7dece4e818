import type { RecordedEvent } from '../../eventstore/event-store.js';
import { messageOf } from '../postgres-errors.js';
import type { BatchChanges, ColumnType, Projection, Row, RowOf, StreamFailure, Table } from '../projection.js';
import type { EventIndexTable } from '../tables.js';

export const EVENT_INDEX: Table = {
  name: 'event_index',
  key: ['position'],
  appendOnly: true,
  columns: {
    position: 'bigint',
    event_id: 'text',
    stream: 'text',
    revision: 'bigint',
    type: 'text',
    schema_version: 'integer',
    tenant_id: 'text',
    account_id: 'text',
    actor: 'text',
    source: 'text',
    correlation_id: 'text',
    causation_id: 'text',
    command_key: 'text',
    occurred_at: 'text',
    received_at: 'text',
    recorded_at: 'text',
    trading_day: 'text',
    hash: 'text',
  } satisfies Record<keyof EventIndexTable, ColumnType>,
};

/** Every event of the ledger, by its metadata alone: events of types and versions that this program does not know are in it too. */
export const eventIndexProjection: Projection = {
  name: 'event-index',
  version: 1,
  streamPrefixes: ['order-', 'position-', 'parked-', 'quarantine-', 'store-genesis'],
  tables: [EVENT_INDEX],
  open: () => ({ changes: async (events) => indexed(events), reset: () => undefined }),
};

function indexed(events: readonly RecordedEvent[]): BatchChanges {
  const rows = new Map<string, { position: bigint; rows: Row[] }>();
  const failed = new Map<string, StreamFailure>();
  for (const event of events) {
    const { stream, position } = event;
    if (failed.has(stream)) continue;
    try {
      const row = indexRow(event);
      const own = rows.get(stream);
      if (own) {
        own.rows.push(row);
        own.position = position;
      } else rows.set(stream, { position, rows: [row] });
    } catch (error) {
      failed.set(stream, { stream, position, reason: messageOf(error) });
    }
  }
  const changed = [...rows].map(([stream, own]) => ({ stream, position: own.position, changes: [{ table: EVENT_INDEX, upserts: own.rows, removals: [] }] }));
  return { changed, failed: [...failed.values()] };
}

function indexRow({ position, id, stream, revision, type, recordedAt, metadata }: RecordedEvent): RowOf<EventIndexTable> {
  const fields = recordOf(metadata, 'metadata');
  const { schemaVersion } = fields;
  if (typeof schemaVersion !== 'number' || !Number.isInteger(schemaVersion)) throw new Error('metadata.schemaVersion is no whole number');
  return {
    position: position.toString(),
    event_id: id,
    stream,
    revision: revision.toString(),
    type,
    schema_version: schemaVersion,
    tenant_id: textOf(fields, 'tenantId'),
    account_id: textOf(fields, 'accountId'),
    actor: textOf(fields, 'actor'),
    source: textOf(recordOf(fields['source'], 'metadata.source'), 'name'),
    correlation_id: textOf(fields, '$correlationId'),
    causation_id: textOf(fields, '$causationId'),
    command_key: textOf(fields, 'commandKey'),
    occurred_at: textOf(fields, 'occurredAt'),
    received_at: textOf(fields, 'receivedAt'),
    recorded_at: recordedAt,
    trading_day: textOf(fields, 'tradingDay'),
    hash: textOf(fields, 'hash'),
  };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

function recordOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new Error(`${name} is no object`);
  return value;
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw new Error(`metadata: ${name} is no text`);
  return value;
}
