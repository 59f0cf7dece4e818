import { TOMBSTONE_REVISION } from './messages.js';

/** The part of a stream's metadata that decides what can be read of it. */
export interface StreamMetadata {
  /** Only so many of the newest events can be read. */
  readonly maxCount?: bigint;
  /** Events older than so many seconds cannot be read. */
  readonly maxAgeSeconds?: number;
  /** Events before this revision cannot be read; the tombstone's revision means that the stream is soft-deleted. */
  readonly truncateBefore?: bigint;
}

export const NO_METADATA: StreamMetadata = {};

/** A metastream shows its newest event alone. */
export const METASTREAM_METADATA: StreamMetadata = { maxCount: 1n };

export const isMetastream = (stream: string): boolean => stream.startsWith('$$');
export const metastreamOf = (stream: string): string => `$$${stream}`;
export const originalOf = (metastream: string): string => metastream.slice(2);

export const isSoftDeleted = (metadata: StreamMetadata): boolean => metadata.truncateBefore === TOMBSTONE_REVISION;

const BEYOND_DOUBLE = 2 ** 63;

/** A whole number from JSON; what a double rounds up to 2^63 is the largest revision. */
function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return undefined;
  return value >= BEYOND_DOUBLE ? TOMBSTONE_REVISION : BigInt(value);
}

function parseObject(data: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(data.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the payload of a metastream's event; what is not valid metadata counts as none, as on EventStoreDB. */
export function parseStreamMetadata(data: Buffer, isJson: boolean): StreamMetadata {
  const parsed = isJson ? parseObject(data) : undefined;
  if (parsed === undefined) return NO_METADATA;
  const maxCount = wholeNumber(parsed['$maxCount']);
  const maxAge = wholeNumber(parsed['$maxAge']);
  const truncateBefore = wholeNumber(parsed['$tb']);
  const wrong = (key: string, value: bigint | undefined): boolean => parsed[key] !== undefined && parsed[key] !== null && value === undefined;
  if (wrong('$maxCount', maxCount) || wrong('$maxAge', maxAge) || wrong('$tb', truncateBefore)) return NO_METADATA;
  if (maxCount === 0n || maxAge === 0n) return NO_METADATA;
  return {
    ...(maxCount === undefined ? {} : { maxCount }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
    ...(truncateBefore === undefined ? {} : { truncateBefore }),
  };
}

/** The metadata that a soft delete writes. */
export const SOFT_DELETED_JSON = Buffer.from(`{"$tb":${TOMBSTONE_REVISION}}`);

/** `data` with truncateBefore set, other keys as they are; undefined if it is no JSON object. */
export function withTruncateBefore(data: Buffer, revision: bigint): Buffer | undefined {
  const parsed = parseObject(data);
  if (parsed === undefined) return undefined;
  const members = Object.entries(parsed)
    .filter(([key]) => key !== '$tb')
    .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return Buffer.from(`{${[...members, `"$tb":${revision}`].join(',')}}`);
}
