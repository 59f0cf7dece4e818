import { errorMessage } from './error-message.js';
import type { KeeperLog } from './keeper-log.js';

/** A store that runs as a process of its own. */
export interface LaunchedStore {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
  readonly exited: Promise<void>;
}

/** Starts a store, on `port` where it is given. */
export type LaunchStore = (port: number | undefined) => Promise<LaunchedStore>;

/** A store that dies sooner than this after it was restarted is not restarted again. */
const HEALTHY_AFTER_MS = 60_000;

/**
 * One store of a data folder: launched when it is first asked for, launched again on the same port when it dies, so that its
 * clients reconnect. When it dies again soon after, or cannot be launched again, `onLost` is told once.
 */
export class SupervisedStore {
  #running: Promise<LaunchedStore> | undefined;
  #restartedAt = Number.NEGATIVE_INFINITY;
  #stopping = false;
  readonly #name: string;
  readonly #launch: LaunchStore;
  readonly #log: KeeperLog;
  readonly #onLost: (reason: string) => void;

  constructor(name: string, launch: LaunchStore, log: KeeperLog, onLost: (reason: string) => void) {
    this.#name = name;
    this.#launch = launch;
    this.#log = log;
    this.#onLost = onLost;
  }

  /** Its connection string, once it accepts connections. A failed launch is tried anew at the next call. */
  async url(): Promise<string> {
    this.#running ??= this.#start(undefined);
    const attempt = this.#running;
    try {
      return (await attempt).url;
    } catch (error) {
      if (this.#running === attempt) this.#running = undefined;
      throw error;
    }
  }

  /** Shuts it down in order, also one that is just being launched. It is not launched again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const store = await this.#running?.catch(() => undefined);
    await store?.stop();
  }

  async #start(port: number | undefined): Promise<LaunchedStore> {
    const startedAt = performance.now();
    const store = await this.#launch(port);
    const tookMs = Math.round(performance.now() - startedAt);
    this.#log(`${this.#name} runs as process ${store.pid} on port ${store.port} (started in ${tookMs} ms)`);
    void store.exited.then(() => this.#onExit(store));
    return store;
  }

  async #onExit(store: LaunchedStore): Promise<void> {
    if (this.#stopping) return;
    const now = performance.now();
    const again = now - this.#restartedAt < HEALTHY_AFTER_MS;
    const death = `${this.#name} (process ${store.pid}) ended unexpectedly`;
    this.#log(death);
    if (again) {
      this.#onLost(`${death}, for the second time within ${HEALTHY_AFTER_MS / 1_000} seconds`);
      return;
    }
    this.#restartedAt = now;
    try {
      this.#running = this.#start(store.port);
      await this.#running;
    } catch (error) {
      this.#onLost(`${death} and did not start again: ${errorMessage(error)}`);
    }
  }
}
