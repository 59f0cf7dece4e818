import { z } from 'zod';
import { MAX_DECIMAL_DIGITS, MAX_DECIMAL_SCALE } from '../../domain/decimal.js';

/*
 * The values that event schemas are made of. Each is one precompiled check that returns the value as it is, so that what was
 * validated is, byte for byte, what is stored.
 */

/** NUL and lone surrogates: Postgres cannot keep the first, UTF-8 cannot carry the second. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const CANONICAL_DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.(\d*[1-9]))?$/;
const UTC_TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,12})?Z$/;
const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SHA_256 = /^[0-9a-f]{64}$/;
const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,39})$/;

/** The longest id or name in an event, in UTF-16 units, unless its field says otherwise. */
const MAX_ID_LENGTH = 200;

const canBeStored = (value: string): boolean => !UNSTORABLE.test(value);

function isCanonicalDecimal(value: unknown): boolean {
  if (typeof value !== 'string' || value.length > MAX_DECIMAL_DIGITS + 2) return false;
  const match = CANONICAL_DECIMAL.exec(value);
  return match !== null && value !== '-0' && (match[1] ?? '').length <= MAX_DECIMAL_SCALE;
}

function complaintAbout(value: unknown, maxLength: number): string {
  if (typeof value !== 'string') return 'is not a text';
  if (value.length === 0) return 'is empty';
  if (value.length > maxLength) return `is longer than ${maxLength} characters`;
  return 'holds a NUL or half of a surrogate pair, which cannot be stored';
}

/**
 * A schema of one check. zod allocates for every check of every field, and runs an optional field's checks when it is absent
 * to drop their complaint; this is on the path of each event. So a value that passes is let through before that, one that
 * is missing is said to be missing, and zod is left to say what is wrong with the others.
 * `description` names the check in full: two that let different values through have different ones.
 */
function checked<Value>(description: string, passes: (value: unknown) => boolean, error: string | ((issue: { readonly input?: unknown }) => string)): z.ZodCustom<Value, Value> {
  const schema = z.custom<Value>(passes, { error });
  // What the check is cannot be read from it: this says it, also to the test that guards the shapes of stored events.
  z.globalRegistry.add(schema, { description });
  const internals = schema['_zod'];
  const run = internals.run.bind(internals);
  internals.run = (payload, context) => {
    if (passes(payload.value)) return payload;
    if (payload.value !== undefined) return run(payload, context);
    payload.issues.push({ code: 'custom', input: undefined, message: 'is missing' });
    return payload;
  };
  return schema;
}

/** Text of 1 to `maxLength` characters that Postgres and UTF-8 can hold. */
export const text = <Text extends string = string>(maxLength: number = MAX_ID_LENGTH) =>
  checked<Text>(
    `text of 1 to ${maxLength} characters`,
    (value) => typeof value === 'string' && value.length > 0 && value.length <= maxLength && canBeStored(value),
    ({ input }) => complaintAbout(input, maxLength),
  );

/** As `text`, and may be empty. */
export const anyText = (maxLength: number) =>
  checked<string>(
    `text of 0 to ${maxLength} characters`,
    (value) => typeof value === 'string' && value.length <= maxLength && canBeStored(value),
    ({ input }) => complaintAbout(input, maxLength),
  );

const matching = <Text extends string = string>(pattern: RegExp, complaint: string) =>
  checked<Text>(`text like ${pattern.source}`, (value) => typeof value === 'string' && pattern.test(value), complaint);

/** A decimal in its one canonical text. */
export const decimal = <Text extends string>() =>
  checked<Text>('canonical decimal', isCanonicalDecimal, 'is not a decimal in canonical form (such as 10, -0.5 or 1.25)');

/** A canonical decimal that is not negative. */
export const unsignedDecimal = <Text extends string>() =>
  checked<Text>('canonical decimal of zero or more', (value) => isCanonicalDecimal(value) && typeof value === 'string' && !value.startsWith('-'), 'is not a decimal of zero or more in canonical form');

export const uuid = <Text extends string = string>() => matching<Text>(UUID, 'is not a UUID in lower case');
export const digestText = <Text extends string>() => matching<Text>(SHA_256, 'is not a SHA-256 digest in lower-case hex');
export const utcTime = () => matching(UTC_TIME, 'is not an ISO-8601 time in UTC (such as 2012-06-21T13:30:00.004Z)');
export const day = () => matching(DAY, 'is not a day (YYYY-MM-DD)');
export const wholeNumber = () => matching(WHOLE_NUMBER, 'is not a whole number as text');
