import { dayMs } from './zoned-time.js';

const ISO_TIME =
  /^(?<date>\d{4}-\d{2}-\d{2})[T ](?<hours>[01]\d|2[0-3]):(?<minutes>[0-5]\d)(?::(?<seconds>[0-5]\d)(?:[.,](?<fraction>\d{1,12}))?)?\s?(?:Z|z|(?<sign>[+-])(?<offsetHours>[01]\d|2[0-3]):?(?<offsetMinutes>[0-5]\d)?)$/iu;
const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60_000;
const MINUTES_PER_HOUR = 60;
/** Digits of a second's fraction by how many digits the number has: times between 1973 and 5138. */
const FRACTION_DIGITS: ReadonlyMap<number, number> = new Map([
  [9, 0],
  [10, 0],
  [12, 3],
  [13, 3],
  [15, 6],
  [16, 6],
  [18, 9],
  [19, 9],
]);

function utcText(ms: number, fraction: string): string | undefined {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return undefined;
  const whole = date.toISOString().slice(0, -'.000Z'.length);
  return whole.length === 'YYYY-MM-DDTHH:MM:SS'.length ? `${whole}${fraction === '' ? '' : `.${fraction}`}Z` : undefined;
}

/**
 * Whole seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by how many digits there are, as ISO-8601
 * text in UTC with that precision (`1759347763167` is `2025-10-01T19:42:43.167Z`). Undefined for anything else.
 */
export function utcOfEpoch(text: string): string | undefined {
  const digits = FRACTION_DIGITS.get(text.length);
  if (digits === undefined || !/^[1-9]\d*$/u.test(text)) return undefined;
  const seconds = text.slice(0, text.length - digits);
  return utcText(Number(seconds) * MS_PER_SECOND, digits === 0 ? '' : text.slice(-digits));
}

/** An ISO-8601 time with its offset, in UTC, with every digit it came with. Undefined for text that is none, or has no offset. */
export function utcOfIso(text: string): string | undefined {
  const parts = ISO_TIME.exec(text.trim())?.groups;
  const midnight = parts === undefined ? undefined : dayMs(parts['date'] ?? '');
  if (parts === undefined || midnight === undefined) return undefined;
  const of = (name: string): number => Number(parts[name] ?? 0);
  const offset = (of('offsetHours') * MINUTES_PER_HOUR + of('offsetMinutes')) * (parts['sign'] === '-' ? -1 : 1);
  const minutes = of('hours') * MINUTES_PER_HOUR + of('minutes') - offset;
  return utcText(midnight + minutes * MS_PER_MINUTE + of('seconds') * MS_PER_SECOND, parts['fraction'] ?? '');
}
