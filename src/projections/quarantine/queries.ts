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

interface QuarantineFilter {
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

/** Where a walk over the quarantine by file and line stands. */
export interface QuarantineLinePlace {
  readonly origin: string;
  readonly line: string;
  readonly quarantineId: string;
}

interface QuarantineArgs<Place> {
  readonly filter: QuarantineFilter;
  readonly first: number;
  readonly after?: Place | undefined;
}

/** Lines and messages that could not be parsed, in the order in which they were set aside. */
export async function listQuarantine(database: ReadDatabase, viewer: Viewer, args: QuarantineArgs<QuarantinePlace>): Promise<Page<SelectedQuarantinedLine>> {
  const { filter, first, after } = args;
  let query = lines(database, viewer, filter)
    .orderBy('q.quarantined_position')
    .orderBy('q.quarantine_id')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(q.quarantined_position, q.quarantine_id) > (${after.quarantinedPosition}::bigint, ${after.quarantineId})`);
  return pageOf(await fetchRows<SelectedQuarantinedLine>(database, query), first);
}

/** As `listQuarantine`, by file and line: lines of one file are set aside at the same time, so the order of the events is not theirs. */
export async function listQuarantineByLine(database: ReadDatabase, viewer: Viewer, args: QuarantineArgs<QuarantineLinePlace>): Promise<Page<SelectedQuarantinedLine>> {
  const { filter, first, after } = args;
  let query = lines(database, viewer, filter)
    .orderBy('q.origin')
    .orderBy('q.line')
    .orderBy('q.quarantine_id')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(q.origin, q.line, q.quarantine_id) > (${after.origin}, ${after.line}::numeric, ${after.quarantineId})`);
  return pageOf(await fetchRows<SelectedQuarantinedLine>(database, query), first);
}

function lines({ db }: ReadDatabase, viewer: Viewer, filter: QuarantineFilter) {
  let query = db.selectFrom('quarantine as q').select(COLUMNS).where(visibleTo(viewer, 'q', filter.accountId));
  if (filter.status !== undefined) query = query.where('q.status', '=', filter.status);
  if (filter.origin !== undefined) query = query.where('q.origin', '=', filter.origin);
  return query;
}
