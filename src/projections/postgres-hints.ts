import { Client } from 'pg';
import { ANY_PROJECTION, formatHint, HintListeners, parseHint } from './hints.js';
import type { Hint, HintErrorListener, Hints } from './hints.js';
import { backoffMs } from './backoff.js';

const CHANNEL = 'fillbook_hint';
/** Hints that wait for the connection: with more, the oldest are dropped. One a projection is all that is ever needed. */
const MAX_WAITING_HINTS = 100;

/**
 * Hints over Postgres LISTEN/NOTIFY, on a connection of its own that is made again with backoff when it is lost. Not through a
 * pooler in transaction mode, which loses LISTEN.
 */
export function postgresHints(url: string, onError: HintErrorListener = () => undefined): Hints {
  return new PostgresHints(url, onError);
}

class PostgresHints implements Hints {
  readonly #url: string;
  readonly #onError: HintErrorListener;
  readonly #listeners: HintListeners;
  /** The newest position of each projection that is not sent yet. */
  readonly #waiting = new Map<string, bigint>();
  #client: Client | undefined;
  #sending: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempts = 0;
  #closed = false;
  #connecting: Promise<void>;

  constructor(url: string, onError: HintErrorListener) {
    this.#url = url;
    this.#onError = onError;
    this.#listeners = new HintListeners(onError);
    this.#connecting = this.#connect();
  }

  async publish({ projection, position }: Hint): Promise<void> {
    if (this.#closed) return;
    this.#waiting.delete(projection);
    this.#waiting.set(projection, position);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING_HINTS && oldest !== undefined) this.#waiting.delete(oldest);
    // One statement at a time: hints that come meanwhile are joined into the next one.
    this.#sending ??= this.#sendWaiting().finally(() => {
      this.#sending = undefined;
    });
    await this.#sending;
  }

  subscribe(onHint: (hint: Hint) => void): () => void {
    return this.#listeners.add(onHint);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#listeners.clear();
    this.#waiting.clear();
    await this.#connecting;
    await this.#sending;
    await this.#client?.end();
  }

  async #sendWaiting(): Promise<void> {
    await this.#connecting;
    while (this.#waiting.size > 0 && this.#client && !this.#closed) {
      const hints = [...this.#waiting].map(([projection, position]) => formatHint({ projection, position }));
      this.#waiting.clear();
      try {
        await this.#client.query('SELECT pg_notify($1, hint) FROM unnest($2::text[]) AS hint', [CHANNEL, hints]);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  async #connect(): Promise<void> {
    const client = new Client({ connectionString: this.#url, connectionTimeoutMillis: 10_000, keepAlive: true, application_name: 'fillbook hints' });
    client.on('notification', ({ payload = '' }) => {
      const hint = parseHint(payload);
      if (hint) this.#listeners.tell(hint);
    });
    client.on('error', (error) => this.#report(error));
    client.on('end', () => this.#lost(client));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.#report(error);
      await client.end().catch(() => undefined);
      this.#reconnectLater();
      return;
    }
    this.#client = client;
    this.#attempts = 0;
    this.#listeners.tell({ projection: ANY_PROJECTION, position: 0n });
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    if (this.#closed) return;
    this.#attempts += 1;
    this.#retry = setTimeout(() => {
      if (!this.#closed) this.#connecting = this.#connect();
    }, backoffMs(this.#attempts));
  }

  #report(error: unknown): void {
    if (!this.#closed) this.#onError(error instanceof Error ? error : new Error(String(error)));
  }
}
