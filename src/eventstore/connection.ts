import { EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreError } from './errors.js';
import { connectUnverified, isUnverified } from './unverified-tls.js';

/** Of a connection to the store, in milliseconds. */
export interface ConnectionTuning {
  /** How often a connection with open calls is pinged, at least 10,000 (the server refuses less). */
  readonly keepAliveIntervalMs: number;
  /** How long a ping may stay unanswered until the connection counts as dead. */
  readonly keepAliveTimeoutMs: number;
}

let connectionsMade = 0;

/**
 * One connection to the store that can be replaced. The client keeps a connection that stopped answering, and grpc-js shares
 * a TCP connection among channels of equal settings; so each connection gets a keep-alive timeout of its own (a
 * millisecond more), and a replaced one is a new TCP connection. A connection has room for 100 calls: what must not wait for
 * others (appends, each subscription) has a connection of its own.
 */
export class Connection {
  #client: EventStoreDBClient;
  #closed = false;

  constructor(
    private readonly url: string,
    private readonly tuning: ConnectionTuning,
  ) {
    this.#client = this.#connect();
  }

  get client(): EventStoreDBClient {
    return this.#client;
  }

  /**
   * Why the calls of `client` were ended from this side, if they were: the client (6.2.1) shows a read that was cut off so as one
   * that came to its end, so whoever sees the end of a call has to ask.
   */
  whyEnded(client: EventStoreDBClient): EventStoreError | undefined {
    if (this.#closed) return new EventStoreError('closed', 'the event store client was closed');
    return client === this.#client ? undefined : new EventStoreError('unavailable', 'the connection had to be made anew');
  }

  /** Closes `failed` and connects anew, unless that has been done. The calls still open on it end: see `whyEnded`. */
  replace(failed: EventStoreDBClient): void {
    if (failed !== this.#client) return;
    this.#client = this.#connect();
    void close(failed);
  }

  close(): Promise<void> {
    this.#closed = true;
    return close(this.#client);
  }

  #connect(): EventStoreDBClient {
    connectionsMade = (connectionsMade + 1) % 1_000;
    const settings: Array<[string, number]> = [
      ['keepAliveInterval', this.tuning.keepAliveIntervalMs],
      ['keepAliveTimeout', this.tuning.keepAliveTimeoutMs + connectionsMade],
    ];
    const missing = settings.filter(([name]) => !this.url.toLowerCase().includes(`${name.toLowerCase()}=`));
    const query = missing.map(([name, value]) => `${name}=${value}`).join('&');
    const separator = this.url.includes('?') ? '&' : '?';
    const url = query === '' ? this.url : `${this.url}${separator}${query}`;
    return isUnverified(url) ? connectUnverified(url) : EventStoreDBClient.connectionString(url);
  }
}

/** `dispose` waits for the end of every call, also of one that ended unseen (6.2.1): after this the channel is closed anyway. */
const DISPOSE_MS = 2_000;

async function close(client: EventStoreDBClient): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DISPOSE_MS);
  });
  await Promise.race([client.dispose(), waited]);
  clearTimeout(timer);
  // `dispose` ends the calls and leaves the channel open. It may never have been made (a cluster that was not found).
  const channel = await client['getChannel']().catch(() => undefined);
  channel?.close();
}
