import { decodeIngestEvent } from '../../eventstore/codec.js';
import type { RecordedEvent } from '../../eventstore/event-store.js';
import { FoldedStreams } from '../folded-streams.js';
import type { StreamFolder } from '../folded-streams.js';
import type { ColumnType, Projection, RowOf, Table, TableChange } from '../projection.js';
import type { QuarantineTable } from '../tables.js';

type QuarantineRow = RowOf<QuarantineTable>;

const STREAM_PREFIX = 'quarantine-';

export const QUARANTINE: Table = {
  name: 'quarantine',
  key: ['quarantine_id'],
  columns: {
    quarantine_id: 'text',
    tenant_id: 'text',
    account_id: 'text',
    source: 'text',
    origin: 'text',
    line: 'numeric',
    field: 'text',
    reason: 'text',
    content: 'text',
    status: 'text',
    quarantined_position: 'bigint',
    last_position: 'bigint',
  } satisfies Record<keyof QuarantineTable, ColumnType>,
};

/** Lines and messages that could not be parsed, and whether they were replayed since. */
export const quarantineProjection: Projection = {
  name: 'quarantine',
  version: 1,
  streamPrefixes: [STREAM_PREFIX],
  tables: [QUARANTINE],
  open: (options) => new FoldedStreams(quarantineFolder, options),
};

interface FoldedQuarantine {
  readonly row: QuarantineRow | undefined;
}

const quarantineFolder: StreamFolder<FoldedQuarantine> = {
  initial: { row: undefined },
  apply,
  difference,
  weight: () => 1,
};

function apply({ row }: FoldedQuarantine, recorded: RecordedEvent): FoldedQuarantine {
  const event = decodeIngestEvent(recorded);
  const position = recorded.position.toString();
  if (event.type === 'QuarantinedLineReplayed') {
    if (!row) throw new Error(`nothing is quarantined in ${recorded.stream}`);
    return { row: { ...row, status: 'replayed', last_position: position } };
  }
  if (event.type !== 'LineQuarantined') throw new Error(`${event.type} is no event of a quarantine stream`);
  const { metadata, data } = event;
  return {
    row: {
      quarantine_id: recorded.stream.slice(STREAM_PREFIX.length),
      tenant_id: metadata.tenantId,
      account_id: metadata.accountId,
      source: metadata.source.name,
      origin: data.origin,
      line: data.line,
      field: data.field ?? null,
      reason: data.reason,
      content: data.content,
      status: 'quarantined',
      quarantined_position: row?.quarantined_position ?? position,
      last_position: position,
    },
  };
}

function difference(before: FoldedQuarantine, after: FoldedQuarantine): TableChange[] {
  return after.row === undefined || after.row === before.row ? [] : [{ table: QUARANTINE, upserts: [after.row], removals: [] }];
}
