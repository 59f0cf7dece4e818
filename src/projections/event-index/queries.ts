import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { EventIndexTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { EVENT_INDEX } from './projection.js';

/** An event as queries give it. */
export type SelectedEvent = Selected<EventIndexTable>;

const COLUMNS = selection('e', Object.keys(EVENT_INDEX.columns));

export interface EventFilter {
  readonly accountId?: string | undefined;
  readonly stream?: string | undefined;
  readonly type?: string | undefined;
  readonly correlationId?: string | undefined;
}

/** Events in the order of `$all`, after a place in it. */
export async function listEvents(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: EventFilter; first: number; after?: string | undefined },
): Promise<Page<SelectedEvent>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('event_index as e')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'e', filter.accountId))
    .orderBy('e.position')
    .limit(first + 1);
  if (after !== undefined) query = query.where('e.position', '>', after);
  if (filter.stream !== undefined) query = query.where('e.stream', '=', filter.stream);
  if (filter.type !== undefined) query = query.where('e.type', '=', filter.type);
  if (filter.correlationId !== undefined) query = query.where('e.correlation_id', '=', filter.correlationId);
  return pageOf(await fetchRows<SelectedEvent>(database, query), first);
}
