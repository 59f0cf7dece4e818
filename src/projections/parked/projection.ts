import type { DomainEvent } from '../../domain/decider.js';
import { GrowingList } from '../../domain/order/growing-list.js';
import { InsertOnlyMap } from '../../domain/order/insert-only-map.js';
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

/** A parked stream may hold very many facts, so a new one copies none of those before it. */
interface FoldedParking {
  /** Every row as it came to be, in the order of the events: of a fact that was taken up, as parked and then as taken up. */
  readonly history: GrowingList<ParkedRow>;
  /** By the command key of a fact: where in the history its row is. */
  readonly places: InsertOnlyMap<string, number>;
  /** Of the few keys under which several payloads came: where the others are. */
  readonly others: ReadonlyMap<string, readonly number[]>;
  /** Revisions of the facts that were taken up. */
  readonly takenUp: InsertOnlyMap<string, true>;
}

const parkedFolder: StreamFolder<FoldedParking> = {
  initial: { history: GrowingList.empty(), places: InsertOnlyMap.empty(), others: new Map(), takenUp: InsertOnlyMap.empty() },
  apply,
  difference,
  weight: ({ history }) => 1 + history.length,
};

function apply(folded: FoldedParking, recorded: RecordedEvent): FoldedParking {
  const event = decodeIngestEvent(recorded);
  if (event.type === 'FactParked') return withParked(folded, parkedRow(recorded, event));
  if (event.type !== 'ParkedFactTakenUp') throw new Error(`${event.type} is no event of a parked stream`);
  const { factKey, orderId } = event.data;
  const waiting = rowsUnder(folded, factKey).filter(({ revision }) => !folded.takenUp.has(revision));
  if (waiting.length === 0) throw new Error(`no fact with the key ${factKey} is parked in ${recorded.stream}`);
  let { history, takenUp } = folded;
  for (const row of waiting) {
    history = history.with({ ...row, status: 'taken_up', order_id: orderId, last_position: recorded.position.toString() });
    takenUp = takenUp.with(row.revision, true);
  }
  return { ...folded, history, takenUp };
}

function withParked({ history, places, others, takenUp }: FoldedParking, row: ParkedRow): FoldedParking {
  const [key, place] = [row.command_key, history.length];
  const isOther = places.has(key);
  return {
    history: history.with(row),
    places: places.with(key, place),
    others: isOther ? new Map(others).set(key, [...(others.get(key) ?? []), place]) : others,
    takenUp,
  };
}

/** All that were parked under a key, as they were then. */
function rowsUnder({ history, places, others }: FoldedParking, key: string): readonly ParkedRow[] {
  const first = places.get(key);
  const all = first === undefined ? [] : [first, ...(others.get(key) ?? [])];
  return all.map((place) => history.get(place)).filter((row) => row !== undefined);
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

/** The history only grows: what is new in it is what has changed. */
function difference(before: FoldedParking, after: FoldedParking): TableChange[] {
  const changed = new Map<string, ParkedRow>();
  for (let place = before.history.length; place < after.history.length; place += 1) {
    const row = after.history.get(place);
    if (row) changed.set(row.revision, row);
  }
  return changed.size === 0 ? [] : [{ table: PARKED_FACT, upserts: [...changed.values()], removals: [] }];
}
