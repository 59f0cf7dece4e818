import { apiError } from './errors.js';
import type { AuthenticatedViewer } from './viewer.js';

/** The part of all places that one viewer may take, so that none keeps the others out. */
const SHARE_OF_VIEWER = 0.25;

/** Counts the queries that wait, and refuses one more than there may be, of all viewers or of one. */
export class WaitingRoom {
  readonly #limit: number;
  readonly #limitOfViewer: number;
  readonly #byViewer = new Map<string, number>();
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#limitOfViewer = Math.max(1, Math.floor(limit * SHARE_OF_VIEWER));
  }

  /** The returned function is called once, when the wait is over. Throws a GraphQL error UNAVAILABLE. */
  enter({ tenantId, actor }: AuthenticatedViewer): () => void {
    const key = JSON.stringify([tenantId, actor]);
    const ofViewer = this.#byViewer.get(key) ?? 0;
    if (ofViewer >= this.#limitOfViewer) throw apiError('UNAVAILABLE', 'waitFor: too many of your queries are waiting: try again', 'waitFor');
    if (this.#waiting >= this.#limit) throw apiError('UNAVAILABLE', 'waitFor: too many queries are waiting: try again', 'waitFor');
    this.#waiting += 1;
    this.#byViewer.set(key, ofViewer + 1);
    return () => {
      this.#waiting -= 1;
      const left = (this.#byViewer.get(key) ?? 1) - 1;
      if (left === 0) this.#byViewer.delete(key);
      else this.#byViewer.set(key, left);
    };
  }
}
