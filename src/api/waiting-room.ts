import { apiError } from './errors.js';

/** Counts the queries that wait, and refuses one more than there may be. */
export class WaitingRoom {
  readonly #limit: number;
  #waiting = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The returned function is called once, when the wait is over. Throws a GraphQL error UNAVAILABLE. */
  enter(): () => void {
    if (this.#waiting >= this.#limit) throw apiError('UNAVAILABLE', 'waitFor: too many queries are waiting: try again', 'waitFor');
    this.#waiting += 1;
    return () => {
      this.#waiting -= 1;
    };
  }
}
