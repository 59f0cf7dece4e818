import type { Position } from '../eventstore/event-store.js';

/** The rebuild could not be done; the live read model is as it was. */
export class RebuildError extends Error {
  override readonly name = 'RebuildError';
}

export interface RebuildProgress {
  readonly phase: 'reading' | 'indexing' | 'catching_up' | 'swapping';
  /** Events read so far. */
  readonly events: number;
  /** How far the new version is, and where the log ended when the rebuild began: positions in `$all`. */
  readonly position: Position | undefined;
  readonly head: Position | undefined;
}
