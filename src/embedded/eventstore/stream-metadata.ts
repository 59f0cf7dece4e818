import { isJsonObject, jsonMembers } from './json-members.js';
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

/** What EventStoreDB counts a time span in, to a second: a span has to fit into 64 bits of them. */
const TICKS = 10_000_000n;

/** The members that are whole numbers, by what one counts. */
const NUMBERS: ReadonlyMap<string, bigint> = new Map([['$maxCount', 1n], ['$maxAge', TICKS], ['$tb', 1n], ['$cacheControl', TICKS]]);

/**
 * A number that is written with digits alone and fits into 64 bits; undefined for any other value. It is told from its text: a
 * double, which JSON.parse makes of it, knows neither `2.0` from `2` nor 2^63 from the largest revision.
 */
function wholeNumber(text: string, unit: bigint): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value * unit) === value * unit ? value : undefined;
}

const ACCESS_RIGHTS = new Set(['$r', '$w', '$d', '$mr', '$mw']);

const isRole = (role: unknown): boolean => typeof role === 'string';
const areRoles = (roles: unknown): boolean => isRole(roles) || (Array.isArray(roles) && roles.every(isRole));

/** Rights alone, each with a role or a list of them. */
function isAccessList(json: string): boolean {
  return json.startsWith('{') && Array.from(jsonMembers(json)).every(({ key, value }) => ACCESS_RIGHTS.has(key) && areRoles(JSON.parse(value)));
}

/**
 * The whole numbers among the members of metadata, the last of each name; undefined where a member that EventStoreDB knows is of
 * another kind, also one that means nothing here: then it takes nothing from any of them.
 */
function readNumbers(json: string): ReadonlyMap<string, bigint> | undefined {
  const numbers = new Map<string, bigint>();
  for (const { key, value } of jsonMembers(json)) {
    const unit = NUMBERS.get(key);
    if (unit !== undefined) {
      const number = wholeNumber(value, unit);
      if (number === undefined) return undefined;
      numbers.set(key, number);
    } else if (key === '$tmp' && value !== 'true' && value !== 'false') return undefined;
    else if (key === '$acl' && !isAccessList(value)) return undefined;
  }
  return numbers;
}

/** Reads the payload of a metastream's event; what is not valid metadata counts as none, as on EventStoreDB. */
export function parseStreamMetadata(data: Buffer, isJson: boolean): StreamMetadata {
  const json = data.toString('utf8');
  const numbers = isJson && isJsonObject(json) ? readNumbers(json) : undefined;
  // A number that makes no sense is left out, and the others count.
  const atLeast = (least: bigint, key: string): bigint | undefined => {
    const value = numbers?.get(key);
    return value !== undefined && value >= least ? value : undefined;
  };
  const maxCount = atLeast(1n, '$maxCount');
  const maxAge = atLeast(1n, '$maxAge');
  const truncateBefore = atLeast(0n, '$tb');
  return {
    ...(maxCount === undefined ? {} : { maxCount }),
    ...(maxAge === undefined ? {} : { maxAgeSeconds: Number(maxAge) }),
    ...(truncateBefore === undefined ? {} : { truncateBefore }),
  };
}

/** The metadata that a soft delete writes. */
export const SOFT_DELETED_JSON = Buffer.from(`{"$tb":${TOMBSTONE_REVISION}}`);

/**
 * `data` with truncateBefore set; undefined if it is no JSON object. Other members keep their text: to parse and write them again
 * would change numbers that a double does not hold, `1.0`, and members of one name.
 */
export function withTruncateBefore(data: Buffer, revision: bigint): Buffer | undefined {
  const json = data.toString('utf8');
  if (!isJsonObject(json)) return undefined;
  const others = Array.from(jsonMembers(json)).filter(({ key }) => key !== '$tb');
  return Buffer.from(`{${[...others.map(({ text }) => text), `"$tb":${revision}`].join(',')}}`);
}
