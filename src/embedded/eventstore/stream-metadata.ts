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

/** The members of a JSON object, each as the text that it was written as. `json` is known to be an object. */
function* memberTexts(json: string): Generator<{ readonly key: unknown; readonly text: string }> {
  let [depth, inString, start, colon] = [0, false, 0, 0];
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ':' && depth === 1) colon = at;
    if (depth === 1 && character === '{') start = at + 1;
    if ((depth === 0 && character === '}') || (depth === 1 && character === ',')) {
      const text = json.slice(start, at).trim();
      if (text !== '') yield { key: JSON.parse(json.slice(start, colon)), text };
      start = at + 1;
    }
  }
}

/**
 * `data` with truncateBefore set; undefined if it is no JSON object. Other members keep their text: to parse and write them again
 * would change numbers that a double does not hold, `1.0`, and members of one name.
 */
export function withTruncateBefore(data: Buffer, revision: bigint): Buffer | undefined {
  if (parseObject(data) === undefined) return undefined;
  const others = Array.from(memberTexts(data.toString('utf8'))).filter(({ key }) => key !== '$tb');
  return Buffer.from(`{${[...others.map(({ text }) => text), `"$tb":${revision}`].join(',')}}`);
}
