/** The wall clock of a zone (IANA name), turned into UTC. */
export interface ZonedClock {
  /**
   * UTC as ISO-8601 text of so many seconds after midnight of the wall clock; `fraction` is the digits after the point,
   * kept as they are. `date` is `YYYY-MM-DD`. A time that a change of the clocks skips is read as if the change had not
   * happened yet; of one that comes twice the first is meant.
   */
  toUtc(date: string, seconds: number, fraction: string): string;
}

const MS_PER_SECOND = 1000;
const SECONDS_PER_MINUTE = 60;
/** Minutes of two days: more are never needed by one file. */
const MAX_CACHED_OFFSETS = 2_880;

/** A calendar day that exists, as UTC milliseconds of its midnight; undefined for text that is none. */
export function dayMs(date: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(date)) return undefined;
  const ms = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date ? undefined : ms;
}

/** The clock of a zone; undefined where the zone is not known. Offsets are kept by the minute: they change only there. */
export function zonedClock(zone: string): ZonedClock | undefined {
  const format = formatterOf(zone);
  if (!format) return undefined;
  const offsets = new Map<number, number>();
  const offsetAt = (wallMs: number): number => {
    const minute = Math.floor(wallMs / MS_PER_SECOND / SECONDS_PER_MINUTE);
    const known = offsets.get(minute);
    if (known !== undefined) return known;
    const offset = wallOffset(format, wallMs);
    if (offsets.size >= MAX_CACHED_OFFSETS) offsets.clear();
    offsets.set(minute, offset);
    return offset;
  };
  return {
    toUtc(date, seconds, fraction) {
      const midnight = dayMs(date);
      if (midnight === undefined) throw new RangeError(`not a day: ${date}`);
      const wallMs = midnight + seconds * MS_PER_SECOND;
      const whole = new Date(wallMs - offsetAt(wallMs)).toISOString().slice(0, 19);
      return `${whole}${fraction === '' ? '' : `.${fraction}`}Z`;
    },
  };
}

/** The calendar day (`YYYY-MM-DD`) that it is in a zone at an ISO-8601 time in UTC; undefined where the zone is not known. */
export function zonedDay(zone: string): ((utc: string) => string) | undefined {
  const format = formatterOf(zone);
  // Fractions of a second never change the day.
  return format && ((utc) => new Date(wallAt(format, Date.parse(`${utc.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}Z`))).toISOString().slice(0, 10));
}

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** What the wall clock of the zone shows at an instant, as if it were UTC. */
function wallAt(format: Intl.DateTimeFormat, instantMs: number): number {
  const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'));
}

/** Wall clock minus UTC in milliseconds, at a time of the wall clock. */
function wallOffset(format: Intl.DateTimeFormat, wallMs: number): number {
  // The offsets a day before and a day after are those on both sides of a change, if there is one near.
  const dayOfMs = 86_400 * MS_PER_SECOND;
  const before = wallAt(format, wallMs - dayOfMs) - (wallMs - dayOfMs);
  const after = wallAt(format, wallMs + dayOfMs) - (wallMs + dayOfMs);
  const fits = (offset: number): boolean => wallAt(format, wallMs - offset) === wallMs;
  return [before, after].find((offset) => fits(offset)) ?? before;
}
