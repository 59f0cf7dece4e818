import { decodeIngestEvent } from '../eventstore/codec.js';
import type { EventStore } from '../eventstore/event-store.js';
import type { FactParked } from '../eventstore/side-events.js';
import type { DomainEvent } from '../domain/decider.js';
import { listParkedFacts } from '../projections/parked/queries.js';
import type { ParkedPlace, SelectedParkedFact } from '../projections/parked/queries.js';
import type { ReadDatabase } from '../projections/prepared.js';
import type { Viewer } from '../projections/viewer.js';
import { factDetails } from './fact-details.js';
import type { Row } from './output.js';

/** Facts are read this many at a time, each from its own place in the event store. */
const PAGE_SIZE = 200;

/** The read model says where a fact is parked; what it says is in its event. Undefined where that was erased. */
async function eventOf(store: EventStore, { parkedPosition }: SelectedParkedFact): Promise<(FactParked & DomainEvent) | undefined> {
  const recorded = await store.readAt(BigInt(parkedPosition));
  const event = recorded && decodeIngestEvent(recorded);
  return event?.type === 'FactParked' ? event : undefined;
}

function rowOf(row: SelectedParkedFact, event: (FactParked & DomainEvent) | undefined, whole: boolean): Row {
  const { session, sequence } = event?.metadata.source ?? {};
  const fact = event?.data.fact;
  return {
    orderId: row.aliasId,
    aliasKind: row.aliasKind,
    fact: row.factType,
    details: (fact && factDetails(fact)) ?? null,
    occurredAt: row.occurredAt,
    source: row.source,
    session: session ?? null,
    sequence: sequence ?? null,
    account: row.accountId,
    status: row.status,
    key: row.commandKey,
    stream: row.stream,
    revision: row.revision,
    ...(whole ? { data: fact?.data ?? null } : {}),
  };
}

/** Facts that wait for their order, oldest first, with what each of them says; `whole` adds all of it, for machines. */
export async function* parkedReport(
  { database, store }: { readonly database: ReadDatabase; readonly store: EventStore },
  viewer: Viewer,
  { accountId, whole }: { readonly accountId?: string | undefined; readonly whole: boolean },
): AsyncGenerator<Row> {
  let after: ParkedPlace | undefined;
  for (;;) {
    const page = await listParkedFacts(database, viewer, { filter: { accountId, status: 'parked' }, first: PAGE_SIZE, after });
    const events = await Promise.all(page.rows.map((row) => eventOf(store, row)));
    for (const [index, row] of page.rows.entries()) {
      after = { parkedPosition: row.parkedPosition, stream: row.stream, revision: row.revision };
      yield rowOf(row, events[index], whole);
    }
    if (!page.hasMore) return;
  }
}
