import { Redis } from 'ioredis';
import { backoffMs } from './backoff.js';
import { ANY_PROJECTION, formatHint, HintListeners, parseHint } from './hints.js';
import type { Hint, HintErrorListener, Hints } from './hints.js';

/** What the ledger's hints travel under. Two ledgers on one Redis need a channel each. */
export interface RedisHintsOptions {
  readonly channel?: string;
  readonly onError?: HintErrorListener;
}

/**
 * Hints over Redis or Valkey publish/subscribe; connections that are lost are made again with backoff.
 */
export function redisHints(url: string, options: RedisHintsOptions = {}): Hints {
  return new RedisHints(url, options);
}

class RedisHints implements Hints {
  readonly #channel: string;
  readonly #onError: HintErrorListener;
  readonly #listeners: HintListeners;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  #closed = false;

  constructor(url: string, { channel = 'fillbook:hint', onError = () => undefined }: RedisHintsOptions) {
    this.#channel = channel;
    this.#onError = onError;
    this.#listeners = new HintListeners(onError);
    // A connection that listens can do nothing else.
    this.#publisher = new Redis(url, { ...CONNECTION, enableOfflineQueue: false, commandTimeout: 5_000 });
    this.#subscriber = new Redis(url, { ...CONNECTION, autoResubscribe: false });
    for (const connection of [this.#publisher, this.#subscriber]) connection.on('error', (error: unknown) => this.#report(error));
    this.#subscriber.on('message', (_channel: string, text: string) => {
      const hint = parseHint(text);
      if (hint) this.#listeners.tell(hint);
    });
    this.#subscriber.on('ready', () => {
      this.#subscriber.subscribe(this.#channel).then(
        () => this.#listeners.tell({ projection: ANY_PROJECTION, position: 0n }),
        (error: unknown) => this.#report(error),
      );
    });
  }

  async publish(hint: Hint): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#publisher.publish(this.#channel, formatHint(hint));
    } catch (error) {
      this.#report(error);
    }
  }

  subscribe(onHint: (hint: Hint) => void): () => void {
    return this.#listeners.add(onHint);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
  }

  #report(error: unknown): void {
    if (!this.#closed) this.#onError(error instanceof Error ? error : new Error(String(error)));
  }
}

const CONNECTION = {
  connectTimeout: 10_000,
  // Wait for the connection as long as it takes; what is published meanwhile fails at once and is dropped.
  maxRetriesPerRequest: null,
  retryStrategy: (attempts: number) => backoffMs(attempts),
};
