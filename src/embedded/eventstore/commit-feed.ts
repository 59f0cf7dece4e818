import type { Block } from './block.js';
import type { GrpcCall } from './grpc-call.js';
import type { Committed } from './writer.js';

type Waiter = () => void;

/**
 * Wakes subscriptions when something is committed. It holds callbacks and the newest commit, no queues: a subscription reads the
 * store from its own place, so a slow one costs no memory.
 */
export class CommitFeed {
  readonly #all = new Set<Waiter>();
  readonly #streams = new Map<string, Set<Waiter>>();
  #latest: readonly Block[] = [];
  /** Positions before this one are committed. */
  nextPosition: bigint;

  constructor(nextPosition: bigint) {
    this.nextPosition = nextPosition;
  }

  /** The newest blocks, if they hold all that was committed from `position` on: spares a subscription at the end the read. */
  newestFrom(position: bigint): readonly Block[] | undefined {
    const first = this.#latest[0];
    return first !== undefined && position >= first.first ? this.#latest : undefined;
  }

  /** Resolves at the next commit, or when the call is over. */
  async committed(call: GrpcCall): Promise<void> {
    await untilWoken(call, [this.#all]);
  }

  /** Resolves when the next event of one of the streams is committed, or when the call is over. */
  async appended(call: GrpcCall, streams: readonly string[]): Promise<void> {
    const sets = streams.map((stream) => {
      const waiters = this.#streams.get(stream) ?? new Set();
      this.#streams.set(stream, waiters);
      return waiters;
    });
    await untilWoken(call, sets);
    for (const [index, stream] of streams.entries()) {
      const waiters = sets[index];
      if (waiters?.size === 0 && this.#streams.get(stream) === waiters) this.#streams.delete(stream);
    }
  }

  publish(committed: Committed): void {
    this.#latest = committed.blocks;
    this.nextPosition = committed.nextPosition;
    if (this.#streams.size > 0) {
      for (const { stream } of committed.runs) {
        for (const wake of this.#streams.get(stream) ?? []) wake();
      }
    }
    for (const wake of this.#all) wake();
  }
}

async function untilWoken(call: GrpcCall, sets: readonly Set<Waiter>[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      for (const set of sets) set.delete(wake);
      call.offClose(wake);
      resolve();
    };
    for (const set of sets) set.add(wake);
    call.onClose(wake);
  });
}
