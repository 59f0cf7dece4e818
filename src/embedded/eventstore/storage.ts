import path from 'node:path';
import { type Database, type RootDatabase, open } from 'lmdb';
import { makeFolder } from '../make-folder.js';
import { type Block, decodeBlock } from './block.js';
import { checkDataFile } from './data-file.js';
import { damaged } from './damage.js';
import { openingError } from './opening-error.js';
import { EMPTY_HEAD, HEAD_KEY, type Run, type StoreHead, beforeRuns, decodeHead, decodeRun, encodeHead, encodeRun, positionKey, runKey } from './storage-records.js';
import { type StreamRecord, decodeStreamRecord, encodeStreamRecord, streamKey } from './stream-record.js';

/** All that one commit writes. */
export interface CommitContent {
  readonly head: StoreHead;
  readonly blocks: readonly { readonly block: Block; readonly stored: Buffer }[];
  readonly streams: readonly { readonly name: Buffer; readonly record: StreamRecord }[];
  readonly runs: readonly { readonly streamNumber: bigint; readonly run: Run }[];
}

type Table = Database<Buffer, Buffer>;

const FORMAT = 'fillbook-event-store 2';
const KEY_FORMAT = Buffer.from('format');
const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/**
 * Address space that is reserved for the file (it grows as it is written; LMDB maps more when this is used up). Windows allocates the
 * file at its full size, so there the map grows from small.
 */
const MAP_BYTES = 2 ** 38;

const isEmpty = (table: Table): boolean => {
  for (const _ of table.getKeys({ limit: 1 })) return false;
  return true;
};

/** Each block names the one before it: what damage hides leaves a gap. */
function assertNext(before: bigint, block: Block): void {
  if (block.previous === before) return;
  throw damaged(`the block at position ${block.previous}, before that at ${block.first}, is missing`);
}

/** Blocks that were read or written last; live subscribers and readers of one stream ask for the same ones again. */
const CACHED_BLOCKS = 32;

/**
 * The event log on LMDB: `blocks` by position, `streams` by name, `runs` by stream number and revision. Nothing of it is kept in
 * memory but a few blocks. A commit is one LMDB transaction, synced to disk before its promise resolves: `overlappingSync` (lmdb's
 * default) would answer after the commit and sync later, so it is off.
 */
export class EventStorage {
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #facts: Table;
  readonly #blocks: Table;
  readonly #streams: Table;
  readonly #runs: Table;
  readonly #cache = new Map<bigint, Block>();

  /** Opens or creates the store in `dir`. Errors name the folder. @throws StoreDamagedError; FolderNotWritableError where the disk is full; Error where LMDB cannot open it or the format is another. */
  constructor(dir: string) {
    makeFolder(dir);
    const file = path.join(dir, 'events.mdb');
    checkDataFile(file);
    const mapSize = process.platform === 'win32' ? {} : { mapSize: MAP_BYTES };
    try {
      this.#root = open<Buffer, Buffer>({ path: file, maxDbs: 8, overlappingSync: false, ...BINARY, ...mapSize });
      this.#facts = this.#root.openDB('facts', BINARY);
      this.#blocks = this.#root.openDB('blocks', BINARY);
      this.#streams = this.#root.openDB('streams', BINARY);
      this.#runs = this.#root.openDB('runs', BINARY);
      this.#checkFacts();
    } catch (error) {
      throw openingError(dir, error);
    }
  }

  /** A store without its facts, or facts without their store, are damage: to begin anew would write over what is there. */
  #checkFacts(): void {
    const format = this.#facts.get(KEY_FORMAT)?.toString('utf8');
    const tables = [this.#blocks, this.#streams, this.#runs];
    if (format === undefined) {
      if (this.#facts.get(HEAD_KEY) !== undefined || tables.some((table) => !isEmpty(table))) throw damaged('its format is missing');
      this.#root.transactionSync(() => {
        this.#facts.putSync(KEY_FORMAT, Buffer.from(FORMAT));
        this.#facts.putSync(HEAD_KEY, encodeHead(EMPTY_HEAD));
      });
      return;
    }
    if (format !== FORMAT) throw new Error(`it holds "${format}", this version reads "${FORMAT}"`);
    const { lastBlock, nextStreamNumber } = this.head();
    if (lastBlock > 0n && (isEmpty(this.#blocks) || isEmpty(this.#runs))) throw damaged('its events or their index are missing');
    if (nextStreamNumber > 1n && isEmpty(this.#streams)) throw damaged('its streams are missing');
  }

  /** @throws GrpcError DATA_LOSS where it is missing or its checksum does not fit. */
  head(): StoreHead {
    return decodeHead(this.#facts.get(HEAD_KEY));
  }

  stream(name: Buffer): StreamRecord | undefined {
    const key = streamKey(name);
    const stored = this.#streams.get(key);
    if (stored !== undefined) return decodeStreamRecord(key, stored);
    this.#checkNeighbours(key, name);
    return undefined;
  }

  /**
   * A stream that is not found may be one that damage hides: a changed key, or a changed page on the way to it. Then what stands
   * around its place is not what belongs there.
   */
  #checkNeighbours(key: Buffer, name: Buffer): void {
    for (const reverse of [false, true]) {
      for (const { key: found, value } of this.#streams.getRange({ start: key, limit: 1, reverse })) {
        decodeStreamRecord(found, value);
        if (found.compare(key) === (reverse ? -1 : 1)) continue;
        throw damaged(`the index of streams is out of order near ${name.toString('utf8')}`);
      }
    }
  }

  /** The block that starts at `first`. */
  block(first: bigint): Block | undefined {
    const cached = this.#cache.get(first);
    if (cached !== undefined) return cached;
    const stored = this.#blocks.get(positionKey(first));
    if (stored === undefined) return undefined;
    const block = decodeBlock(first, stored);
    this.#remember(block);
    return block;
  }

  #remember(block: Block): void {
    if (this.#cache.size >= CACHED_BLOCKS) {
      const [oldest] = this.#cache.keys();
      if (oldest !== undefined) this.#cache.delete(oldest);
    }
    this.#cache.set(block.first, block);
  }

  /**
   * Blocks from the one that starts at or before `position` on; the first may lie wholly before it.
   * @throws GrpcError DATA_LOSS at a block that is damaged or missing.
   */
  *blocksFrom(position: bigint): Generator<Block> {
    const start = this.#startOfBlockAt(position);
    let before = start === undefined ? 0n : undefined;
    for (const { key, value } of this.#blocks.getRange({ start: positionKey(start ?? position) })) {
      const block = decodeBlock(key.readBigUInt64BE(0), value);
      if (before !== undefined) assertNext(before, block);
      before = block.first;
      yield block;
    }
    const { lastBlock } = this.head();
    if ((before ?? 0n) !== lastBlock) throw damaged(`the newest block is at position ${lastBlock}, the log ends with that at ${before ?? 0n}`);
  }

  /** Blocks from the one that starts before `position`, newest first. @throws as `blocksFrom`. */
  *blocksBefore(position: bigint): Generator<Block> {
    if (position <= 0n) return;
    let after: Block | undefined;
    for (const { key, value } of this.#blocks.getRange({ start: positionKey(position - 1n), reverse: true })) {
      const block = decodeBlock(key.readBigUInt64BE(0), value);
      if (after !== undefined) assertNext(block.first, after);
      else if (block.first + BigInt(block.count) < position) this.#assertNothingBetween(block, position);
      after = block;
      yield block;
    }
    if (after !== undefined) assertNext(0n, after);
  }

  /** Nothing is missing between a block and a position after it. */
  #assertNothingBetween({ first }: Block, position: bigint): void {
    for (const { key, value } of this.#blocks.getRange({ start: positionKey(position), limit: 1 })) {
      assertNext(first, decodeBlock(key.readBigUInt64BE(0), value));
      return;
    }
    const { lastBlock } = this.head();
    if (first !== lastBlock) throw damaged(`the newest block is at position ${lastBlock}, the log ends with that at ${first}`);
  }

  #startOfBlockAt(position: bigint): bigint | undefined {
    for (const key of this.#blocks.getKeys({ start: positionKey(position), reverse: true, limit: 1 })) return key.readBigUInt64BE(0);
    return undefined;
  }

  /** Runs of a stream in order, from the one that holds `revision` on; the first may lie wholly before it. */
  *runsFrom(streamNumber: bigint, revision: bigint): Generator<Run> {
    let start = runKey(streamNumber, revision);
    for (const key of this.#runs.getKeys({ start, end: beforeRuns(streamNumber), reverse: true, limit: 1 })) start = Buffer.from(key);
    for (const { key, value } of this.#runs.getRange({ start, end: beforeRuns(streamNumber + 1n) })) yield decodeRun(key, value);
  }

  /** Runs of a stream from the one that holds `revision`, or the last before it, backwards. */
  *runsBackwards(streamNumber: bigint, revision: bigint): Generator<Run> {
    const range = { start: runKey(streamNumber, revision), end: beforeRuns(streamNumber), reverse: true };
    for (const { key, value } of this.#runs.getRange(range)) yield decodeRun(key, value);
  }

  /** Where each block starts, in order. */
  *blockPositions(): Generator<bigint> {
    for (const key of this.#blocks.getKeys()) yield key.readBigUInt64BE(0);
  }

  /** The keys of all streams, in order. */
  *streamKeys(): Generator<Buffer> {
    for (const key of this.#streams.getKeys()) yield Buffer.from(key);
  }

  /** The record under one of `streamKeys`. @throws GrpcError DATA_LOSS where it is missing or damaged. */
  streamOfKey(key: Buffer): StreamRecord {
    const stored = this.#streams.get(key);
    if (stored === undefined) throw damaged('the index of streams is out of order');
    return decodeStreamRecord(key, stored);
  }

  /**
   * Writes all of `content` or nothing; it is on disk when this returns. Synchronous, since lmdb's asynchronous commits reject
   * promises that nobody holds when the disk is full.
   * @throws Error of LMDB (disk full, input/output error); the store is then as it was before.
   */
  commit(content: CommitContent): void {
    this.#root.transactionSync(() => {
      this.#facts.putSync(HEAD_KEY, encodeHead(content.head));
      for (const { block, stored } of content.blocks) this.#blocks.putSync(positionKey(block.first), stored);
      for (const { name, record } of content.streams) {
        const key = streamKey(name);
        this.#streams.putSync(key, encodeStreamRecord(key, record));
      }
      for (const { streamNumber, run } of content.runs) {
        const key = runKey(streamNumber, run.firstRevision);
        this.#runs.putSync(key, encodeRun(key, run));
      }
    });
    for (const { block } of content.blocks) this.#remember(block);
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}
