import { sql } from 'kysely';
import type { Page } from '../keyset.js';
import { pageOf } from '../keyset.js';
import type { ReadDatabase } from '../prepared.js';
import { fetchRows } from '../prepared.js';
import { selection } from '../selection.js';
import type { Selected } from '../selection.js';
import type { ParkedFactTable } from '../tables.js';
import { visibleTo } from '../viewer.js';
import type { Viewer } from '../viewer.js';
import { PARKED_FACT } from './projection.js';

/** A parked fact as queries give it. */
export interface SelectedParkedFact extends Omit<Selected<ParkedFactTable>, 'status'> {
  readonly status: 'parked' | 'taken_up';
}

const COLUMNS = selection('f', Object.keys(PARKED_FACT.columns));

export interface ParkedFilter {
  readonly accountId?: string | undefined;
  readonly status?: string | undefined;
}

/** Where a walk over parked facts stands: the place in `$all` of the parking, then the fact's own key. */
export interface ParkedPlace {
  readonly parkedPosition: string;
  readonly stream: string;
  readonly revision: string;
}

/** Facts whose orders were not known when they came, in the order in which they were parked. */
export async function listParkedFacts(
  database: ReadDatabase,
  viewer: Viewer,
  args: { filter: ParkedFilter; first: number; after?: ParkedPlace | undefined },
): Promise<Page<SelectedParkedFact>> {
  const { filter, first, after } = args;
  let query = database.db
    .selectFrom('parked_fact as f')
    .select(COLUMNS)
    .where(visibleTo(viewer, 'f', filter.accountId))
    .orderBy('f.parked_position')
    .orderBy('f.stream')
    .orderBy('f.revision')
    .limit(first + 1);
  if (after) query = query.where(sql<boolean>`(f.parked_position, f.stream, f.revision) > (${after.parkedPosition}::bigint, ${after.stream}, ${after.revision}::bigint)`);
  if (filter.status !== undefined) query = query.where('f.status', '=', filter.status);
  return pageOf(await fetchRows<SelectedParkedFact>(database, query), first);
}
