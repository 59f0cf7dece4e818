import type { EventId } from './event-id.js';
import { EXPECT_ANY, EXPECT_NO_STREAM, EXPECT_STREAM_EXISTS, TOMBSTONE_REVISION } from './messages.js';
import type { RecentEvent } from './recent-events.js';
import { type StreamMetadata, isSoftDeleted, metastreamOf } from './stream-metadata.js';

/** What the decision looks at: the store, and what was decided before but is not committed yet. */
export interface CommitView {
  /** Revision of the newest event, -1 where there is none, the tombstone's revision after a tombstone. */
  lastRevision(stream: string): bigint;
  metadata(stream: string): StreamMetadata;
  /** The number that a stream has in this store; undefined for one that there never was. */
  streamNumber(stream: string): bigint | undefined;
  /** Where an id was appended lately. */
  recent(id: EventId): RecentEvent | undefined;
  /** Id of the event at a revision, whether or not it can still be read. */
  eventIdAt(stream: string, revision: bigint): string | undefined;
}

export type CommitDecision =
  | { readonly kind: 'append'; readonly last: bigint; readonly undeletes: boolean }
  | { readonly kind: 'idempotent'; readonly revision: bigint }
  | { readonly kind: 'wrong-expected-version'; readonly last: bigint }
  | { readonly kind: 'stream-deleted' };

/** A retry at `any` or `stream_exists`: ids are compared with the recent ones only. */
function checkRecent(view: CommitView, stream: string, last: bigint, ids: readonly EventId[]): CommitDecision {
  const streamNumber = view.streamNumber(stream);
  let revision: bigint | undefined;
  for (const id of ids) {
    const recent = view.recent(id);
    if (recent === undefined || recent.streamNumber !== streamNumber) {
      if (revision !== undefined) return { kind: 'wrong-expected-version', last };
      break;
    }
    revision = recent.revision;
  }
  if (revision === undefined) return { kind: 'append', last, undeletes: isSoftDeleted(view.metadata(stream)) };
  return { kind: 'idempotent', revision };
}

/** A retry at a revision that has passed: ids are compared with those at the revisions that would have been written. */
function checkPast(view: CommitView, stream: string, expected: bigint, last: bigint, ids: readonly EventId[]): CommitDecision {
  let revision = expected;
  for (const id of ids) {
    revision += 1n;
    if (view.eventIdAt(stream, revision) === id) continue;
    const first = revision === expected + 1n;
    if (first && expected === EXPECT_NO_STREAM && isSoftDeleted(view.metadata(stream))) return { kind: 'append', last, undeletes: true };
    return { kind: 'wrong-expected-version', last };
  }
  return revision === expected ? { kind: 'wrong-expected-version', last } : { kind: 'idempotent', revision };
}

/**
 * Whether events with these ids may be appended at `expected`, as EventStoreDB decides it: an id that was appended before makes a
 * retry, which answers as the first time; a partial match is a wrong expected version.
 */
export function checkCommit(view: CommitView, stream: string, expected: bigint, ids: readonly EventId[]): CommitDecision {
  const last = view.lastRevision(stream);
  if (last === TOMBSTONE_REVISION) return { kind: 'stream-deleted' };
  if (expected === EXPECT_STREAM_EXISTS) {
    if (isSoftDeleted(view.metadata(stream))) return { kind: 'stream-deleted' };
    if (last < 0n && view.lastRevision(metastreamOf(stream)) < 0n) return { kind: 'wrong-expected-version', last };
  }
  if (expected === EXPECT_ANY || expected === EXPECT_STREAM_EXISTS) return checkRecent(view, stream, last, ids);
  if (expected < last) return checkPast(view, stream, expected, last, ids);
  if (expected > last) return { kind: 'wrong-expected-version', last };
  return { kind: 'append', last, undeletes: isSoftDeleted(view.metadata(stream)) };
}
