import { apiError } from './errors.js';
import type { ApiLimits } from './limits.js';
import type { AuthenticatedViewer } from './viewer.js';

/** The subscriptions of one connection: a WebSocket has many, an HTTP request one. */
export class ConnectionSlots {
  open = 0;
}

/** Counts open subscriptions, and refuses one more than a connection, a viewer or the server may have. */
export class SubscriptionSlots {
  readonly #limits: ApiLimits;
  readonly #byViewer = new Map<string, number>();
  #open = 0;

  constructor(limits: ApiLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** Takes a place; the returned function gives it back, once. Throws a GraphQL error LIMIT_EXCEEDED. */
  take(viewer: AuthenticatedViewer, connection: ConnectionSlots): () => void {
    const key = JSON.stringify([viewer.tenantId, viewer.actor]);
    const ofViewer = this.#byViewer.get(key) ?? 0;
    const { subscriptionsPerConnection, subscriptionsPerViewer, subscriptions } = this.#limits;
    refuseOver(connection.open, subscriptionsPerConnection, 'this connection');
    refuseOver(ofViewer, subscriptionsPerViewer, 'you');
    refuseOver(this.#open, subscriptions, 'the server');
    connection.open += 1;
    this.#open += 1;
    this.#byViewer.set(key, ofViewer + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      connection.open -= 1;
      this.#open -= 1;
      const left = (this.#byViewer.get(key) ?? 1) - 1;
      if (left === 0) this.#byViewer.delete(key);
      else this.#byViewer.set(key, left);
    };
  }
}

function refuseOver(open: number, limit: number, who: string): void {
  if (open >= limit) throw apiError('LIMIT_EXCEEDED', `${who} cannot have more than ${limit} subscriptions at once`);
}
