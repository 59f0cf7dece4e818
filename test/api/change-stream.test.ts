import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChangeStream } from '../../src/api/change-stream.js';

interface Row {
  readonly id: number;
  readonly lastPosition: string;
}

/** A table that changes, and a stream that follows it in pages of about `limit` rows. */
function following(limit: number, endsAtMs?: number) {
  const rows = new Map<number, Row>();
  const counts = { reads: 0, ends: 0 };
  let position = 0;
  const read = async (after: string): Promise<Row[]> => {
    counts.reads += 1;
    const changed = [...rows.values()].filter((row) => Number(row.lastPosition) > Number(after)).toSorted((a, b) => Number(a.lastPosition) - Number(b.lastPosition));
    const last = changed[limit - 1]?.lastPosition;
    return last === undefined ? changed : changed.filter((row) => Number(row.lastPosition) <= Number(last));
  };
  const stream = new ChangeStream<Row>({ read, after: '0', endsAtMs, onEnd: () => (counts.ends += 1) });
  /** One event changes these rows. */
  const change = (...ids: readonly number[]): void => {
    position += 10;
    for (const id of ids) rows.set(id, { id, lastPosition: String(position) });
    stream.wake();
  };
  return { rows, counts, stream, change };
}

describe('a stream of changes', () => {
  it('reads nothing that is not asked for, however often it is woken', async () => {
    const { counts, stream, change } = following(2);
    for (let round = 0; round < 1_000; round += 1) change(round % 10);
    expect(counts.reads).toBe(0);
    await stream.next();
    await stream.next();
    expect(counts.reads).toBe(1);
    await stream.return();
  });

  it('conflates: a row that changed many times comes once, as it is now', async () => {
    const { stream, change } = following(10);
    change(1);
    change(2);
    change(1);
    expect(await stream.next()).toEqual({ done: false, value: { position: '20', row: { id: 2, lastPosition: '20' } } });
    expect(await stream.next()).toEqual({ done: false, value: { position: '30', row: { id: 1, lastPosition: '30' } } });
    await stream.return();
  });

  it('gives the rows of one event a position to resume from only with the last of them', async () => {
    const { stream, change } = following(2);
    change(1);
    change(2, 3, 4);
    const messages = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
    expect(messages.map(({ value }) => [value?.row.id, value?.position])).toEqual([
      [1, '10'],
      [2, '10'],
      [3, '10'],
      [4, '20'],
    ]);
    await stream.return();
  });

  it('waits for news, and ends while it waits', async () => {
    const { counts, stream, change } = following(2);
    const first = stream.next();
    change(7);
    expect((await first).value?.row.id).toBe(7);
    const second = stream.next();
    await stream.return();
    expect(await second).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(counts.ends).toBe(1);
  });

  it('fails once when the token ends, then is done', async () => {
    const { counts, stream } = following(2, Date.now() + 20);
    await expect(stream.next()).rejects.toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(counts.ends).toBe(1);
  });

  it('ends when its rows cannot be read', async () => {
    let ends = 0;
    const stream = new ChangeStream<Row>({ read: () => Promise.reject(new Error('no database')), after: '0', endsAtMs: undefined, onEnd: () => (ends += 1) });
    await expect(stream.next()).rejects.toThrow('no database');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(ends).toBe(1);
  });

  it('ends with every row as it is, whatever happens between two messages, also for a client that comes back', async () => {
    const step = fc.oneof(fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), fc.constant('pull' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), async (steps, limit) => {
        const { rows, stream, change } = following(limit);
        const seen = new Map<number, Row>();
        let pending = 0;
        for (const one of steps) {
          if (one !== 'pull') {
            change(...one);
            pending = 1;
          } else if (pending > 0 && [...rows.values()].some((row) => seen.get(row.id) !== row)) {
            const { value } = await stream.next();
            if (value) seen.set(value.row.id, value.row);
          }
        }
        while ([...rows.values()].some((row) => seen.get(row.id) !== row)) {
          const { value } = await stream.next();
          if (value) seen.set(value.row.id, value.row);
        }
        expect(seen).toEqual(rows);
        await stream.return();
      }),
      { numRuns: 200 },
    );
  });
});

describe('the end of a token', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends the stream, also when it is further away than a timer can be set to', async () => {
    vi.useFakeTimers();
    const days = 24 * 3_600_000;
    const { stream } = following(2, Date.now() + 60 * days);
    const ended = stream.next().then(
      () => 'news',
      (error: unknown) => (error instanceof Error ? error.message : 'no error'),
    );
    await vi.advanceTimersByTimeAsync(59 * days);
    expect(await Promise.race([ended, Promise.resolve('open')])).toBe('open');
    await vi.advanceTimersByTimeAsync(days);
    expect(await ended).toBe('the token has expired');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind where the stream ends before', async () => {
    vi.useFakeTimers();
    const days = 24 * 3_600_000;
    const { stream } = following(2, Date.now() + 60 * days);
    await vi.advanceTimersByTimeAsync(30 * days);
    await stream.return();
    expect(vi.getTimerCount()).toBe(0);
  });
});
