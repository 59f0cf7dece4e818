import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Database, type RootDatabase, open } from 'lmdb';
import { type Block, decodeBlock } from './block.js';
import { checkDataFile } from './data-file.js';
import { type StreamRecord, decodeStreamRecord, encodeStreamRecord, streamKey } from './stream-record.js';

/** Consecutive events of one stream that stand together in one block. */
export interface Run {
  readonly firstRevision: bigint;
  readonly count: number;
  /** Key of the block. */
  readonly block: bigint;
  /** Offset of the run's first frame among the block's frames. */
  readonly offset: number;
}

/** Where the log goes on. */
export interface StoreHead {
  /** The position of the next event. */
  readonly nextPosition: bigint;
  readonly nextStreamNumber: bigint;
}

/** All that one commit writes. */
export interface CommitContent {
  readonly head: StoreHead;
  readonly blocks: readonly { readonly block: Block; readonly stored: Buffer }[];
  readonly streams: readonly { readonly name: Buffer; readonly record: StreamRecord }[];
  readonly runs: readonly { readonly streamNumber: bigint; readonly run: Run }[];
}

type Table = Database<Buffer, Buffer>;

const FORMAT = 'fillbook-event-store 1';
const KEY_FORMAT = Buffer.from('format');
const KEY_HEAD = Buffer.from('head');
const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/**
 * Address space that is reserved for the file (it grows as it is written; LMDB maps more when this is used up). Windows allocates the
 * file at its full size, so there the map grows from small.
 */
const MAP_BYTES = 2 ** 38;

const MAX_UINT64 = (1n << 64n) - 1n;

function positionKey(position: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(position);
  return key;
}

function runKey(streamNumber: bigint, revision: bigint): Buffer {
  const key = Buffer.allocUnsafe(16);
  key.writeBigUInt64BE(streamNumber, 0);
  key.writeBigUInt64BE(revision, 8);
  return key;
}

/** A key after all runs of the stream before and before all runs of this one; no run has it. */
const beforeRuns = (streamNumber: bigint): Buffer => runKey(streamNumber - 1n, MAX_UINT64);

function encodeRun({ block, offset, count }: Run): Buffer {
  const value = Buffer.allocUnsafe(16);
  value.writeBigUInt64BE(block, 0);
  value.writeUInt32BE(offset, 8);
  value.writeUInt32BE(count, 12);
  return value;
}

const decodeRun = (key: Buffer, value: Buffer): Run => ({
  firstRevision: key.readBigUInt64BE(8),
  block: value.readBigUInt64BE(0),
  offset: value.readUInt32BE(8),
  count: value.readUInt32BE(12),
});

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

  /** Opens or creates the store in `dir`. @throws Error that names the folder where LMDB cannot open it or the format is another. */
  constructor(dir: string) {
    mkdirSync(dir, { recursive: true });
    const file = path.join(dir, 'events.mdb');
    checkDataFile(file);
    const mapSize = process.platform === 'win32' ? {} : { mapSize: MAP_BYTES };
    this.#root = open<Buffer, Buffer>({ path: file, maxDbs: 8, overlappingSync: false, ...BINARY, ...mapSize });
    this.#facts = this.#root.openDB('facts', BINARY);
    this.#blocks = this.#root.openDB('blocks', BINARY);
    this.#streams = this.#root.openDB('streams', BINARY);
    this.#runs = this.#root.openDB('runs', BINARY);
    const format = this.#facts.get(KEY_FORMAT)?.toString('utf8');
    if (format === undefined) this.#facts.putSync(KEY_FORMAT, Buffer.from(FORMAT));
    else if (format !== FORMAT) throw new Error(`${dir}: holds "${format}", this version reads "${FORMAT}"`);
  }

  head(): StoreHead {
    const head = this.#facts.get(KEY_HEAD);
    if (head === undefined) return { nextPosition: 1n, nextStreamNumber: 1n };
    return { nextPosition: head.readBigUInt64BE(0), nextStreamNumber: head.readBigUInt64BE(8) };
  }

  stream(name: Buffer): StreamRecord | undefined {
    const value = this.#streams.get(streamKey(name));
    return value === undefined ? undefined : decodeStreamRecord(value);
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

  /** Blocks from the one that starts at or before `position` on; the first may lie wholly before it. */
  *blocksFrom(position: bigint): Generator<Block> {
    yield* this.#range({ start: positionKey(this.#startOfBlockAt(position)) });
  }

  /** Blocks from the one that starts before `position`, newest first. */
  *blocksBefore(position: bigint): Generator<Block> {
    if (position > 0n) yield* this.#range({ start: positionKey(position - 1n), reverse: true });
  }

  #startOfBlockAt(position: bigint): bigint {
    for (const key of this.#blocks.getKeys({ start: positionKey(position), reverse: true, limit: 1 })) return key.readBigUInt64BE(0);
    return position;
  }

  *#range(options: { start: Buffer; reverse?: boolean }): Generator<Block> {
    for (const { key, value } of this.#blocks.getRange(options)) yield decodeBlock(key.readBigUInt64BE(0), value);
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

  /** All streams, in the order of their keys. */
  *streamRecords(): Generator<StreamRecord> {
    for (const { value } of this.#streams.getRange()) yield decodeStreamRecord(value);
  }

  /**
   * Writes all of `content` or nothing; it is on disk when this returns. Synchronous, since lmdb's asynchronous commits reject
   * promises that nobody holds when the disk is full.
   * @throws Error of LMDB (disk full, input/output error); the store is then as it was before.
   */
  commit(content: CommitContent): void {
    const head = Buffer.allocUnsafe(16);
    head.writeBigUInt64BE(content.head.nextPosition, 0);
    head.writeBigUInt64BE(content.head.nextStreamNumber, 8);
    this.#root.transactionSync(() => {
      this.#facts.putSync(KEY_HEAD, head);
      for (const { block, stored } of content.blocks) this.#blocks.putSync(positionKey(block.first), stored);
      for (const { name, record } of content.streams) this.#streams.putSync(streamKey(name), encodeStreamRecord(record));
      for (const { streamNumber, run } of content.runs) this.#runs.putSync(runKey(streamNumber, run.firstRevision), encodeRun(run));
    });
    for (const { block } of content.blocks) this.#remember(block);
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}
