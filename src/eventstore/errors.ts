/**
 * Why the store did not do what it was asked:
 * - `unavailable`: no answer could be had within the stated time, over all retries
 * - `deadline`: one call was not answered within its deadline
 * - `overloaded`: the queue of appends is full, or one waited in it for the whole stated time; nothing was sent
 * - `too_large`: an event or an append is over the limit
 * - `stream_deleted`: the stream is tombstoned; the ledger never deletes a stream
 * - `damaged`: the store says that what it holds is damaged (gRPC DATA_LOSS)
 * - `access_denied`: the store refused the credentials or the operation
 * - `closed`: the client was closed
 * - `protocol`: an answer that this version does not understand
 */
export type EventStoreErrorCode = 'unavailable' | 'deadline' | 'overloaded' | 'too_large' | 'stream_deleted' | 'damaged' | 'access_denied' | 'closed' | 'protocol';

/** An error of the event store, or of the way to it. */
export class EventStoreError extends Error {
  override readonly name = 'EventStoreError';

  constructor(
    readonly code: EventStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same call may succeed later: nothing is wrong with what was asked. */
  get isTransient(): boolean {
    return this.code === 'unavailable' || this.code === 'deadline' || this.code === 'overloaded';
  }
}

/** A new event that is not what its type says: it was not written. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';

  constructor(
    readonly eventType: string,
    /** Path of the field within the event, for example `data.execution.lastQty`. */
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${eventType}: ${field} ${reason}`);
  }
}

/** A stored event that this program cannot read: of another shape, or of a version that is newer than the program. */
export class UndecodableEventError extends Error {
  override readonly name = 'UndecodableEventError';

  constructor(
    readonly stream: string,
    readonly revision: bigint,
    readonly eventType: string,
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${eventType} at revision ${revision} of ${stream}: ${field} ${reason}`);
  }
}
