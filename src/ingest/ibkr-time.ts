import { FieldError, ImportOptionError, shown } from './adapter.js';
import type { JsonFields } from './json-fields.js';
import { utcOfIso } from './json-times.js';
import { dayMs, zonedClock } from './zoned-time.js';
import type { ZonedClock } from './zoned-time.js';

/*
 * Days and times of Flex statements. Their form is chosen in the query, their zone is the account's and stands nowhere.
 */

export interface FlexClock {
  readonly clock: ZonedClock;
  /** How `01/02/2026` is read; refused where it is not said. */
  readonly slashedDates: 'mdy' | 'dmy' | undefined;
}

/** When a trade was made, in UTC, and the trading day that it counts for. */
export interface TradeTime {
  readonly occurredAt: string;
  readonly tradingDay: string;
}

const MOMENT = /^(?<date>\d{8}|\d{4}-\d{2}-\d{2}|\d{1,2}-[A-Za-z]{3}-\d{2,4}|\d{1,2}\/\d{1,2}\/\d{2,4})(?:[;, T]\s?(?<time>\d[^;,]*))?$/u;
const TIME = /^(?<hours>[01]\d|2[0-3]):?(?<minutes>[0-5]\d)(?::?(?<seconds>[0-5]\d)(?:\.(?<fraction>\d{1,12}))?)?(?:\s(?<zone>[A-Z]{3,4}))?$/u;
const MONTHS: readonly string[] = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** Zones that a statement may write behind a time. */
const OFFSETS: ReadonlyMap<string, string> = new Map([
  ['EST', '-05:00'],
  ['EDT', '-04:00'],
  ['GMT', '+00:00'],
  ['UTC', '+00:00'],
]);
const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

/** Throws an `ImportOptionError` where the zone is not known. */
export function flexClock(zone: string, slashedDates: 'mdy' | 'dmy' | undefined): FlexClock {
  const clock = zonedClock(zone);
  if (!clock) throw new ImportOptionError('zone', `${shown(zone)} is no time zone known here, such as America/New_York`);
  return { clock, slashedDates };
}

const padded = (part: string): string => part.padStart(2, '0');
const wholeYear = (year: string): string => (year.length === 2 ? `20${year}` : year);

/** A date in any form that Flex queries offer, as `YYYY-MM-DD`. */
function dayOf(field: string, text: string, { slashedDates }: FlexClock): string {
  const parts = text.split(/[/-]/u);
  const [first = '', second = '', third = ''] = parts;
  if (text.includes('/') && slashedDates === undefined) throw new FieldError(field, `${shown(text)} may begin with the month or the day: say which by the flag slashedDates=mdy or dmy`);
  const day = text.includes('/')
    ? `${wholeYear(third)}-${slashedDates === 'mdy' ? padded(first) : padded(second)}-${slashedDates === 'mdy' ? padded(second) : padded(first)}`
    : parts.length === 1
      ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
      : first.length === 4
        ? text
        : `${wholeYear(third)}-${padded(String(MONTHS.indexOf(second.toUpperCase()) + 1))}-${padded(first)}`;
  if (dayMs(day) === undefined) throw new FieldError(field, `${shown(text)} is not a day`);
  return day;
}

interface Moment {
  readonly field: string;
  readonly day: string;
  readonly time: string | undefined;
}

/** A field that holds a day, with a time or without one. */
function momentIn(fields: JsonFields, field: string, clock: FlexClock): Moment | undefined {
  const text = fields.text(field)?.trim();
  if (text === undefined) return undefined;
  const parts = MOMENT.exec(text)?.groups;
  if (!parts) throw new FieldError(field, `${shown(text)} is not a day or a time of a Flex statement, such as 20260130;093406`);
  return { field, day: dayOf(field, parts['date'] ?? '', clock), time: parts['time']?.trim() };
}

function utcOf(field: string, day: string, time: string, { clock }: FlexClock): string {
  const parts = TIME.exec(time)?.groups;
  if (!parts) throw new FieldError(field, `${shown(time)} is not a time of day, such as 093406 or 09:34:06`);
  const { hours = '00', minutes = '00', seconds = '00', fraction = '', zone } = parts;
  if (zone === undefined) return clock.toUtc(day, Number(hours) * SECONDS_PER_HOUR + Number(minutes) * SECONDS_PER_MINUTE + Number(seconds), fraction);
  const offset = OFFSETS.get(zone);
  const utc = offset === undefined ? undefined : utcOfIso(`${day}T${hours}:${minutes}:${seconds}${fraction === '' ? '' : `.${fraction}`}${offset}`);
  if (utc === undefined) throw new FieldError(field, `${shown(zone)} is a zone that is not known here`);
  return utc;
}

/**
 * `dateTime`, or `tradeDate` with `tradeTime`. A statement without any time of day says only the day: its first second is
 * taken, so that days are in order. The trading day is `tradeDate`: a future's evening counts for the next day.
 */
export function tradeTime(fields: JsonFields, clock: FlexClock): TradeTime {
  const traded = momentIn(fields, 'tradeDate', clock);
  const moment = momentIn(fields, 'dateTime', clock) ?? traded;
  if (!moment) throw new FieldError('dateTime', 'is required and missing, and so is tradeDate');
  const ownTime = moment.time === undefined ? undefined : { field: moment.field, time: moment.time };
  const tradeTimeText = fields.text('tradeTime')?.trim();
  const { field, time } = ownTime ?? (tradeTimeText === undefined ? { field: moment.field, time: '000000' } : { field: 'tradeTime', time: tradeTimeText });
  return { occurredAt: utcOf(field, moment.day, time, clock), tradingDay: traded?.day ?? moment.day };
}

/** The expiry of a contract as `YYYYMMDD`; undefined where there is none. */
export const expiryOf = (fields: JsonFields, clock: FlexClock): string | undefined => momentIn(fields, 'expiry', clock)?.day.replaceAll('-', '');
