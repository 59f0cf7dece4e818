import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayMs, zonedClock } from '../../src/ingest/zoned-time.js';

const utc = (zone: string, date: string, seconds: number, fraction = ''): string | undefined => zonedClock(zone)?.toUtc(date, seconds, fraction);

describe('the wall clock of a zone', () => {
  it('is turned into UTC by the offset of that day, keeping every digit', () => {
    expect(utc('America/New_York', '2012-06-21', 34_200, '004241176')).toBe('2012-06-21T13:30:00.004241176Z');
    expect(utc('America/New_York', '2012-12-21', 34_200, '5')).toBe('2012-12-21T14:30:00.5Z');
    expect(utc('Asia/Kolkata', '2012-06-21', 3_600)).toBe('2012-06-20T19:30:00Z');
  });

  it('changes its offset on the very hour of a change of the clocks', () => {
    expect(utc('America/New_York', '2026-03-08', 7_199)).toBe('2026-03-08T06:59:59Z');
    expect(utc('America/New_York', '2026-03-08', 10_800)).toBe('2026-03-08T07:00:00Z');
    expect(utc('America/New_York', '2026-11-01', 7_200)).toBe('2026-11-01T07:00:00Z');
  });

  it('means the first of two equal times, and reads a skipped one as if the clocks had not changed yet', () => {
    expect(utc('America/New_York', '2026-11-01', 5_400)).toBe('2026-11-01T05:30:00Z');
    expect(utc('America/New_York', '2026-03-08', 9_000)).toBe('2026-03-08T07:30:00Z');
  });

  it('never goes back while the day goes on, but for the hour that comes twice', () => {
    const clock = zonedClock('Europe/Berlin');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_398 }), (seconds) => {
        const [first, second] = [clock?.toUtc('2026-06-15', seconds, '') ?? '', clock?.toUtc('2026-06-15', seconds + 1, '') ?? ''];
        expect(Date.parse(second) - Date.parse(first)).toBe(1000);
      }),
      { numRuns: 200 },
    );
  });

  it('is undefined for a zone that does not exist', () => {
    expect(zonedClock('Mars/Olympus')).toBeUndefined();
  });
});

describe('a day', () => {
  it('is one of the calendar', () => {
    expect(dayMs('2024-02-29')).toBe(Date.UTC(2024, 1, 29));
    expect([dayMs('2023-02-29'), dayMs('2023-13-01'), dayMs('20230101'), dayMs('')]).toEqual([undefined, undefined, undefined, undefined]);
  });
});
