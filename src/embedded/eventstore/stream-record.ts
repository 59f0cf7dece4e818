import { createHash } from 'node:crypto';
import { openValue, sealValue } from './damage.js';
import type { StreamMetadata } from './stream-metadata.js';

/** What the store keeps of a stream, one record a name. */
export interface StreamRecord {
  /** The stream's number in the index of revisions. */
  readonly number: bigint;
  /** Revision of the newest event, -1 before the first; the largest revision after a tombstone. */
  readonly last: bigint;
  readonly metadata: StreamMetadata;
}

const HAS_MAX_COUNT = 1;
const HAS_MAX_AGE = 2;
const HAS_TRUNCATE_BEFORE = 4;

/** A record as it is stored under its key. */
export function encodeStreamRecord(key: Buffer, { number, last, metadata }: StreamRecord): Buffer {
  const bytes = Buffer.alloc(41);
  bytes.writeBigUInt64BE(number, 0);
  bytes.writeBigInt64BE(last, 8);
  bytes[16] =
    (metadata.maxCount === undefined ? 0 : HAS_MAX_COUNT) |
    (metadata.maxAgeSeconds === undefined ? 0 : HAS_MAX_AGE) |
    (metadata.truncateBefore === undefined ? 0 : HAS_TRUNCATE_BEFORE);
  bytes.writeBigInt64BE(metadata.maxCount ?? 0n, 17);
  bytes.writeDoubleBE(metadata.maxAgeSeconds ?? 0, 25);
  bytes.writeBigInt64BE(metadata.truncateBefore ?? 0n, 33);
  return sealValue(key, bytes);
}

/** @throws GrpcError DATA_LOSS where the checksum does not fit. */
export function decodeStreamRecord(key: Buffer, stored: Buffer): StreamRecord {
  const bytes = openValue(key, stored, `the record of stream ${nameOfKey(key)}`);
  const flags = bytes[16] ?? 0;
  return {
    number: bytes.readBigUInt64BE(0),
    last: bytes.readBigInt64BE(8),
    metadata: {
      ...(flags & HAS_MAX_COUNT ? { maxCount: bytes.readBigInt64BE(17) } : {}),
      ...(flags & HAS_MAX_AGE ? { maxAgeSeconds: bytes.readDoubleBE(25) } : {}),
      ...(flags & HAS_TRUNCATE_BEFORE ? { truncateBefore: bytes.readBigInt64BE(33) } : {}),
    },
  };
}

/** LMDB allows keys of 1,978 bytes; a longer name is told by its start and its digest. */
const LONGEST_PLAIN_NAME = 1_000;

/** The key of a stream's record. A plain name starts with 0, a digested one with 1. */
export function streamKey(name: Buffer): Buffer {
  if (name.length <= LONGEST_PLAIN_NAME) return Buffer.concat([Buffer.of(0), name]);
  const digest = createHash('sha256').update(name).digest();
  return Buffer.concat([Buffer.of(1), digest]);
}

/** The name of which this is the key, for a message. */
const nameOfKey = (key: Buffer): string => (key[0] === 0 ? key.subarray(1).toString('utf8') : `with the digest ${key.subarray(1).toString('hex')}`);
