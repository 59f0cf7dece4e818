import type { Logger } from 'pino';
import { readCheckpoints } from '../projections/checkpoint.js';
import type { ChangedKey, FollowedTable } from '../projections/change-queries.js';
import { changedKeys } from '../projections/change-queries.js';
import { ANY_PROJECTION } from '../projections/hints.js';
import type { Hints } from '../projections/hints.js';
import type { ReadDatabase } from '../projections/prepared.js';
import { mayUse } from '../projections/viewer.js';
import type { Viewer } from '../projections/viewer.js';
import type { ReadModelName } from './read-models.js';
import { READ_MODELS } from './read-models.js';

/** What one subscriber follows: an account, a row, or everything that its viewer sees. */
export interface Interest {
  readonly viewer: Viewer;
  readonly accountId: string | undefined;
  readonly id: string | undefined;
}

interface Follower {
  readonly interest: Interest;
  readonly wake: () => void;
}

interface FeedOptions {
  readonly database: ReadDatabase;
  readonly hints: Hints;
  readonly log: Logger;
  readonly pollMs: number;
}

/** Keys of changed rows that are read at once. */
const KEYS_A_READ = 1_000;

function concerns({ viewer, accountId, id }: Interest, changed: ChangedKey): boolean {
  if (id !== undefined && id !== changed.id) return false;
  if (accountId !== undefined && accountId !== changed.account_id) return false;
  return changed.tenant_id === viewer.tenantId && mayUse(viewer, changed.account_id);
}

/**
 * Wakes the subscribers of one table whose rows changed. One read of the changed keys serves all of them: a thousand
 * subscribers cost a thousand reads only where a thousand of them have news. It reads after a hint, and from time to time
 * without one, so that a lost hint costs no more than `pollMs`. Without subscribers it does nothing.
 */
export class ChangeFeed {
  readonly #options: FeedOptions;
  readonly #table: FollowedTable;
  readonly #readModel: ReadModelName;
  readonly #followers = new Set<Follower>();
  readonly #unsubscribe: () => void;
  /** Everybody was woken for changes up to here. Undefined while nobody follows. */
  #cursor: bigint | undefined;
  #starting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #reading = false;
  #readAgain = false;

  constructor(table: FollowedTable, readModel: ReadModelName, options: FeedOptions) {
    this.#table = table;
    this.#readModel = readModel;
    this.#options = options;
    this.#unsubscribe = options.hints.subscribe(({ projection }) => {
      if (projection === readModel || projection === ANY_PROJECTION) this.#look();
    });
  }

  /**
   * From when the promise resolves, `wake` is called after every change that concerns the subscriber, until the returned
   * function is called. Resolves with the position up to which the table is now.
   */
  async follow(interest: Interest, wake: () => void): Promise<{ readonly position: bigint; readonly unfollow: () => void }> {
    const follower: Follower = { interest, wake };
    this.#followers.add(follower);
    const unfollow = (): void => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#rest();
    };
    try {
      if (this.#cursor === undefined) await (this.#starting ??= this.#start());
      return { position: await this.#head(), unfollow };
    } catch (error) {
      unfollow();
      throw error;
    }
  }

  close(): void {
    this.#unsubscribe();
    this.#followers.clear();
    this.#rest();
  }

  async #start(): Promise<void> {
    try {
      this.#cursor = await this.#head();
      this.#lookLater();
    } finally {
      this.#starting = undefined;
    }
  }

  async #head(): Promise<bigint> {
    const [checkpoint] = await readCheckpoints(this.#options.database.pool, [this.#readModel]);
    return checkpoint?.position ?? 0n;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#cursor = undefined;
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), this.#options.pollMs);
  }

  #look(): void {
    if (this.#followers.size === 0) return;
    if (this.#reading) {
      this.#readAgain = true;
      return;
    }
    this.#reading = true;
    void this.#wakeAll().finally(() => {
      this.#reading = false;
      const again = this.#readAgain;
      this.#readAgain = false;
      if (this.#followers.size === 0) return;
      if (again) this.#look();
      else this.#lookLater();
    });
  }

  async #wakeAll(): Promise<void> {
    try {
      let more = true;
      while (more && this.#cursor !== undefined) {
        const changed = await changedKeys(this.#options.database, { table: this.#table, after: this.#cursor, limit: KEYS_A_READ });
        const last = changed.at(-1);
        if (last && this.#followers.size > 0) this.#cursor = BigInt(last.last_position);
        for (const follower of this.#followers) {
          if (changed.some((key) => concerns(follower.interest, key))) follower.wake();
        }
        more = changed.length >= KEYS_A_READ;
      }
    } catch (error) {
      this.#options.log.warn({ err: error, table: this.#table }, 'changes cannot be read: trying again');
    }
  }
}

/** The feeds of everything that can be subscribed to. */
export interface Changes {
  readonly orders: ChangeFeed;
  readonly positions: ChangeFeed;
  readonly targets: ChangeFeed;
  close(): void;
}

/** Opens the feeds that subscriptions read; they end with `close`. */
export function openChanges(options: FeedOptions): Changes {
  const orders = new ChangeFeed('orders', READ_MODELS.orders, options);
  const positions = new ChangeFeed('position', READ_MODELS.positions, options);
  const targets = new ChangeFeed('profit_target', READ_MODELS.positions, options);
  return {
    orders,
    positions,
    targets,
    close: () => {
      for (const feed of [orders, positions, targets]) feed.close();
    },
  };
}
