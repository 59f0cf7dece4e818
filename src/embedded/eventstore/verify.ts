import type { Block } from './block.js';
import { frameSize, readEventHead } from './event-frame.js';
import { TOMBSTONE_REVISION } from './messages.js';
import type { Run } from './storage-records.js';
import { EventStorage } from './storage.js';
import type { StreamRecord } from './stream-record.js';

/** What was found in a store. It is sound when `problems` is empty. */
export interface StoreReport {
  readonly events: number;
  readonly streams: number;
  readonly blocks: number;
  /** Position of the newest event; undefined in an empty store. */
  readonly lastPosition: bigint | undefined;
  /** Each names a position or a stream and says what is wrong there; the first `MOST_PROBLEMS` of them. */
  readonly problems: readonly string[];
}

const MOST_PROBLEMS = 100;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class Verification {
  readonly problems: string[] = [];
  events = 0;
  streams = 0;
  blocks = 0;
  lastPosition: bigint | undefined;
  #indexed = 0;
  readonly #storage: EventStorage;

  constructor(storage: EventStorage) {
    this.#storage = storage;
  }

  #problem(text: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(text);
  }

  /** The log: every block's checksum, every frame, positions that only grow, all before the head. */
  verifyLog(): void {
    let next = 0n;
    let previous = 0n;
    for (const first of this.#storage.blockPositions()) {
      this.blocks += 1;
      if (first < next) this.#problem(`position ${first}: the block overlaps the one before it`);
      try {
        const block = this.#storage.block(first);
        if (block === undefined) throw new Error('the block cannot be read');
        if (block.previous !== previous) this.#problem(`position ${first}: the block before it, at position ${block.previous}, is missing`);
        this.#verifyBlock(block);
        next = first + BigInt(block.count);
        this.lastPosition = next - 1n;
      } catch (error) {
        this.#problem(`position ${first}: ${reasonOf(error)}`);
        next = first + 1n;
      }
      previous = first;
    }
    const { nextPosition, lastBlock } = this.#storage.head();
    if (previous !== lastBlock) this.#problem(`the newest block is at position ${lastBlock}, the log ends with that at ${previous}`);
    if (next > nextPosition) this.#problem(`the log ends at position ${next - 1n}, its head says before ${nextPosition}`);
  }

  #verifyBlock({ first, count, frames }: Block): void {
    let at = 0;
    for (let index = 0; index < count; index += 1) {
      const { position } = readEventHead(frames, at);
      if (position !== first + BigInt(index)) this.#problem(`position ${first + BigInt(index)}: the event there says ${position}`);
      at += frameSize(frames, at);
      this.events += 1;
    }
    if (at !== frames.length) this.#problem(`position ${first}: ${frames.length - at} bytes are left over`);
  }

  /** The index: every stream's revisions without a gap, each at an event that names this stream and revision. */
  verifyStreams(): void {
    for (const key of this.#storage.streamKeys()) {
      this.streams += 1;
      try {
        this.#verifyStream(this.#storage.streamOfKey(key));
      } catch (error) {
        this.#problem(reasonOf(error));
      }
    }
    const known = this.#storage.head().nextStreamNumber - 1n;
    if (BigInt(this.streams) !== known) this.#problem(`${this.streams} streams are in the index, ${known} were made`);
    if (this.#indexed !== this.events) this.#problem(`${this.events} events are in the log, ${this.#indexed} in the streams`);
  }

  #verifyStream({ number, last }: StreamRecord): void {
    let next = 0n;
    let name: Buffer | undefined;
    let label = `stream number ${number}`;
    for (const run of this.#storage.runsFrom(number, 0n)) {
      const block = this.#storage.block(run.block);
      if (block === undefined) throw new Error(`${label}: revision ${run.firstRevision} stands in a block that is missing`);
      if (run.offset >= block.frames.length) throw new Error(`${label}: revision ${run.firstRevision} stands behind the end of its block`);
      if (name === undefined) {
        name = Buffer.from(readEventHead(block.frames, run.offset).stream);
        label = `stream ${name.toString('utf8')}`;
      }
      const isTombstone = run.firstRevision === TOMBSTONE_REVISION;
      if (run.firstRevision > next && !isTombstone) this.#problem(`${label}: revision ${next} is missing`);
      if (run.firstRevision < next) this.#problem(`${label}: revision ${run.firstRevision} is in the index twice`);
      this.#verifyRun(run, block, name);
      next = run.firstRevision + BigInt(run.count);
      this.#indexed += run.count;
    }
    if (next !== last + 1n) this.#problem(`${label}: ends at ${next - 1n}, its record says ${last}`);
  }

  #verifyRun({ firstRevision, count, offset }: Run, { frames }: Block, name: Buffer): void {
    let at = offset;
    for (let index = 0; index < count; index += 1, at += frameSize(frames, at)) {
      const revision = firstRevision + BigInt(index);
      if (at >= frames.length) {
        this.#problem(`stream ${name.toString('utf8')}: revision ${revision} stands behind the end of its block`);
        return;
      }
      const head = readEventHead(frames, at);
      if (head.revision !== revision || !head.stream.equals(name)) {
        this.#problem(`stream ${name.toString('utf8')}: at revision ${revision} stands ${head.stream.toString('utf8')}@${head.revision}`);
      }
    }
  }
}

/** Walks a store whose folder is locked. Reads only. @throws as `EventStorage` where it cannot be opened at all. */
export async function walkStore(dir: string): Promise<StoreReport> {
  const storage = new EventStorage(dir);
  try {
    const verification = new Verification(storage);
    verification.verifyLog();
    verification.verifyStreams();
    const { events, streams, blocks, lastPosition, problems } = verification;
    return { events, streams, blocks, lastPosition, problems };
  } finally {
    await storage.close();
  }
}
