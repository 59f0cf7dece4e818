import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { ANY_PROJECTION, formatHint, HintListeners, parseHint } from '../../src/projections/hints.js';
import type { Hint } from '../../src/projections/hints.js';
import { postgresHints } from '../../src/projections/postgres-hints.js';
import { createTestDatabase } from '../support/postgres.js';
import type { TestDatabase } from '../support/postgres.js';

/** A busy machine is no failure. */
const PATIENCE = { timeout: 10_000 };

describe('hints over Postgres', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await database.drop();
  });

  it('given two processes, when one publishes, then subscribers of both are told until they unsubscribe', async () => {
    const [one, other] = [postgresHints(database.url), postgresHints(database.url)];
    const heard: Hint[][] = [[], [], []];
    const [quit] = [one.subscribe((hint) => heard[0]?.push(hint)), one.subscribe((hint) => heard[1]?.push(hint)), other.subscribe((hint) => heard[2]?.push(hint))];
    // Told that they are connected, and that they may have missed what came before.
    await expect.poll(() => heard.map(([first]) => first?.projection), PATIENCE).toEqual([ANY_PROJECTION, ANY_PROJECTION, ANY_PROJECTION]);
    await other.publish({ projection: 'orders', position: 9_007_199_254_740_993n });
    await expect.poll(() => heard.map((hints) => hints.length), PATIENCE).toEqual([2, 2, 2]);
    expect(heard[0]?.slice(1)).toEqual([{ projection: 'orders', position: 9_007_199_254_740_993n }]);
    quit?.();
    await one.publish({ projection: 'event-index', position: 2n });
    await expect.poll(() => heard.map((hints) => hints.length), PATIENCE).toEqual([2, 3, 3]);
    await Promise.all([one.close(), other.close()]);
  });

  it('given a connection that is cut, when it is back, then subscribers are told that anything may have moved, and hints come again', async () => {
    const hints = postgresHints(database.url);
    const heard: Hint[] = [];
    hints.subscribe((hint) => heard.push(hint));
    await expect.poll(() => heard.length, PATIENCE).toBe(1);
    await hints.publish({ projection: 'orders', position: 1n });
    await expect.poll(() => heard.length, PATIENCE).toBe(2);
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'fillbook hints'");
    await expect.poll(() => heard.at(-1)?.projection, PATIENCE).toBe(ANY_PROJECTION);
    await hints.publish({ projection: 'orders', position: 2n });
    await expect.poll(() => heard.at(-1), PATIENCE).toEqual({ projection: 'orders', position: 2n });
    await Promise.all([admin.end(), hints.close()]);
  });

  it('given a database that cannot be reached, when a hint is published, then it is dropped and nothing throws', async () => {
    const errors: Error[] = [];
    const hints = postgresHints('postgres://nobody@127.0.0.1:1/none', (error) => errors.push(error));
    await hints.publish({ projection: 'orders', position: 1n });
    expect(errors.length).toBeGreaterThan(0);
    await hints.close();
  });
});

describe('the text of a hint', () => {
  it('given a hint, when it is written and read, then it is the same; other texts are none', () => {
    const hint = { projection: 'event-index', position: 123_456_789_012_345_678n };
    expect(parseHint(formatHint(hint))).toEqual(hint);
    expect(['', 'orders', 'orders x', 'orders 1 2', ' orders 1', 'orders -1'].map(parseHint)).toEqual(Array.from({ length: 6 }));
  });

  it('given a listener that throws, when a hint comes, then the others are told all the same', () => {
    const errors: Error[] = [];
    const listeners = new HintListeners((error) => errors.push(error));
    const heard: Hint[] = [];
    listeners.add(() => {
      throw new Error('broken');
    });
    listeners.add((hint) => heard.push(hint));
    listeners.tell({ projection: 'orders', position: 1n });
    expect([heard.length, errors.length]).toEqual([1, 1]);
  });
});
