import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { QuarantineTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { QUARANTINE } from './projection.js';

/** A quarantined line as queries give it. */
export interface SelectedQuarantinedLine extends Omit<Selected<QuarantineTable>, 'status'> {
  readonly status: 'quarantined' | 'replayed';
}

const COLUMNS = selection('q', Object.keys(QUARANTINE.columns));

export interface QuarantineFilter {
  readonly accountId?: string | undefined;
  readonly status?: string | undefined;
  /** File name or feed. */
  readonly origin?: string | undefined;
}

/** Where a walk over the quarantine stands: the place in `$all` of the quarantining, then the line's own id. */
export interface QuarantinePlace {
  readonly quarantinedPosition: string;
  readonly quarantineId: string;
}

/** Lines and messages that could not be parsed, in the order in which they were set aside. */
export async function listQuarantine(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: QuarantineFilter; first: number; after?: QuarantinePlace | undefined },
): Promise<Page<SelectedQuarantinedLine>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('quarantine as q')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'q', filter.accountId))
    .orderBy('q.quarantined_position')
    .orderBy('q.quarantine_id')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(q.quarantined_position, q.quarantine_id) > (${after.quarantinedPosition}::bigint, ${after.quarantineId})`);
  if (filter.status !== undefined) query = query.where('q.status', '=', filter.status);
  if (filter.origin !== undefined) query = query.where('q.origin', '=', filter.origin);
  return pageOf(await fetchRows<SelectedQuarantinedLine>(database, query), first);
}
