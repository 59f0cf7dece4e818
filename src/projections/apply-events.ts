import type { EventBatch, RecordedEvent } from '../eventstore/event-store.js';
import { applyBatch } from './apply-batch.js';
import { lastPlace } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';
import { isRowError } from './postgres-errors.js';
import { OversizedBatchError } from './projection.js';
import type { Projection, ProjectionFold, ProjectionRows, StreamFailure } from './projection.js';

/** What applies a projection's events: its fold, and where the rows go. */
export interface Applier {
  readonly projection: Projection;
  readonly fold: ProjectionFold;
  readonly rows: ProjectionRows;
  /** Streams that are set aside: their events are left out, and those that are refused now are added. */
  readonly setAside: Set<string>;
}

export type EventsOutcome =
  | { readonly kind: 'applied'; readonly checkpoint: Checkpoint; readonly setAside: readonly StreamFailure[]; readonly rowsChanged: boolean }
  /** Another process moved the checkpoint: what is in memory is not what is in the tables. */
  | { readonly kind: 'lost_race' };

/**
 * Folds the events of a batch, writes what they change and moves the checkpoint. After an error or a lost race the fold has to
 * be reset: it may be ahead of the rows.
 */
export async function applyEvents(applier: Applier, from: Checkpoint, batch: Pick<EventBatch, 'events' | 'upTo'>): Promise<EventsOutcome> {
  const { projection, fold, rows, setAside } = applier;
  const events = setAside.size === 0 ? batch.events : batch.events.filter(({ stream }) => !setAside.has(stream));
  const to: Checkpoint = { ...from, position: batch.upTo, lastEvent: lastPlace(batch.events, from.lastEvent) };
  const isWhole = projection.readsOwnRows === true && events.length > 1;
  try {
    const folded = await fold.changes(events);
    const outcome = await applyBatch(rows, from, to, folded, isWhole ? 'whole' : 'apart');
    if (outcome.kind === 'lost_race') return outcome;
    for (const { stream } of outcome.setAside) setAside.add(stream);
    // What Postgres refused is in memory all the same.
    if (projection.readsOwnRows === true && outcome.setAside.length > folded.failed.length) fold.reset();
    return { kind: 'applied', checkpoint: to, setAside: outcome.setAside, rowsChanged: folded.changed.length > 0 };
  } catch (error) {
    if (!isWhole || !(isRowError(error) || error instanceof OversizedBatchError)) throw error;
    fold.reset();
    return await applyInParts(applier, from, batch);
  }
}

/** One half after the other, each folded on what the one before it left: an event that is refused is found alone. */
async function applyInParts(applier: Applier, from: Checkpoint, { events, upTo }: Pick<EventBatch, 'events' | 'upTo'>): Promise<EventsOutcome> {
  const middle = Math.ceil(events.length / 2);
  const [left, right]: (readonly RecordedEvent[])[] = [events.slice(0, middle), events.slice(middle)];
  const first = await applyEvents(applier, from, { events: left ?? [], upTo: left?.at(-1)?.position ?? upTo });
  if (first.kind === 'lost_race') return first;
  const second = await applyEvents(applier, first.checkpoint, { events: right ?? [], upTo });
  if (second.kind === 'lost_race') return second;
  return { ...second, setAside: [...first.setAside, ...second.setAside], rowsChanged: first.rowsChanged || second.rowsChanged };
}
