/*
 * A hint says that a projection has moved. It is sent once a batch, after the commit, and it may be lost: who needs to know
 * reads Postgres after its own cursor, and looks again from time to time without one.
 */

/** `projection` has committed everything up to `position`. */
export interface Hint {
  readonly projection: string;
  readonly position: bigint;
}

/**
 * In place of a projection's name: hints may have been missed, so anything may have moved. Subscribers are told so whenever the
 * connection is made, the first time too.
 */
export const ANY_PROJECTION = '*';

export interface Hints {
  /** Sends a hint. Never rejects: a hint that cannot be sent is dropped, as it may be on its way. */
  publish(hint: Hint): Promise<void>;
  /** Calls `onHint` for every hint from any process until the returned function is called. */
  subscribe(onHint: (hint: Hint) => void): () => void;
  close(): Promise<void>;
}

/** Told of what went wrong; the connection is made again without the caller doing anything. */
export type HintErrorListener = (error: Error) => void;

const HINT_TEXT = /^([a-z][a-z0-9:_-]*) (\d{1,20})$/;

export const formatHint = ({ projection, position }: Hint): string => `${projection} ${position}`;

/** `undefined` where the text is no hint: others may write to the same channel. */
export function parseHint(text: string): Hint | undefined {
  const [, projection, position] = HINT_TEXT.exec(text) ?? [];
  return projection === undefined || position === undefined ? undefined : { projection, position: BigInt(position) };
}

/** The subscribers of one process: one listener that throws does not keep a hint from the others. */
export class HintListeners {
  readonly #listeners = new Set<(hint: Hint) => void>();
  readonly #onError: HintErrorListener;

  constructor(onError: HintErrorListener) {
    this.#onError = onError;
  }

  add(onHint: (hint: Hint) => void): () => void {
    // A function of its own, so that the same listener can be added twice and removed once.
    const listener = (hint: Hint): void => onHint(hint);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  tell(hint: Hint): void {
    for (const listener of this.#listeners) {
      try {
        listener(hint);
      } catch (error) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  clear(): void {
    this.#listeners.clear();
  }
}
