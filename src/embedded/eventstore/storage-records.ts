import { damaged, openValue, sealValue } from './damage.js';

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
  /** First position of the newest block; 0 where there is none. */
  readonly lastBlock: bigint;
}

const MAX_UINT64 = (1n << 64n) - 1n;

/** Key of a block by its first position: big-endian, so that keys sort as positions do. */
export function positionKey(position: bigint): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(position);
  return key;
}

/** Key of a run of events by its stream and first revision; those of a stream stand together, in order. */
export function runKey(streamNumber: bigint, revision: bigint): Buffer {
  const key = Buffer.allocUnsafe(16);
  key.writeBigUInt64BE(streamNumber, 0);
  key.writeBigUInt64BE(revision, 8);
  return key;
}

/** A key after all runs of the stream before and before all runs of this one; no run has it. */
export const beforeRuns = (streamNumber: bigint): Buffer => runKey(streamNumber - 1n, MAX_UINT64);

/** A run as it is stored, with a checksum over its key too. */
export function encodeRun(key: Buffer, { block, offset, count }: Run): Buffer {
  const value = Buffer.allocUnsafe(16);
  value.writeBigUInt64BE(block, 0);
  value.writeUInt32BE(offset, 8);
  value.writeUInt32BE(count, 12);
  return sealValue(key, value);
}

/** @throws GrpcError DATA_LOSS where the checksum does not fit. */
export function decodeRun(key: Buffer, stored: Buffer): Run {
  const value = openValue(key, stored, `the index of stream number ${key.readBigUInt64BE(0)} at revision ${key.readBigUInt64BE(8)}`);
  return { firstRevision: key.readBigUInt64BE(8), block: value.readBigUInt64BE(0), offset: value.readUInt32BE(8), count: value.readUInt32BE(12) };
}

/** Key of the head among the facts of a store. */
export const HEAD_KEY = Buffer.from('head');

/** The head as it is stored, with a checksum. */
export function encodeHead({ nextPosition, nextStreamNumber, lastBlock }: StoreHead): Buffer {
  const value = Buffer.allocUnsafe(24);
  value.writeBigUInt64BE(nextPosition, 0);
  value.writeBigUInt64BE(nextStreamNumber, 8);
  value.writeBigUInt64BE(lastBlock, 16);
  return sealValue(HEAD_KEY, value);
}

/** @throws GrpcError DATA_LOSS where it is missing or its checksum does not fit. */
export function decodeHead(stored: Buffer | undefined): StoreHead {
  if (stored === undefined) throw damaged('its head is missing');
  const head = openValue(HEAD_KEY, stored, 'its head');
  return { nextPosition: head.readBigUInt64BE(0), nextStreamNumber: head.readBigUInt64BE(8), lastBlock: head.readBigUInt64BE(16) };
}

export const EMPTY_HEAD: StoreHead = { nextPosition: 1n, nextStreamNumber: 1n, lastBlock: 0n };
