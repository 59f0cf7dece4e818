import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId, tenantId } from '../../src/domain/ids.js';
import type { RecordedEvent } from '../../src/eventstore/event-store.js';
import { applyEvents } from '../../src/projections/apply-events.js';
import { openCheckpoint } from '../../src/projections/checkpoint.js';
import { compareRebuilt } from '../../src/projections/compare-rebuilt.js';
import type { FoldOptions } from '../../src/projections/projection.js';
import { ledgerProjection } from '../../src/projections/ledger/projection.js';
import { termsOf } from '../support/events.js';
import type { Step } from './histories.js';
import { accepted, orderIdAt, orderStreamAt, placed } from './histories.js';
import { acceptedWith, busted, corrected, ledgerHistories, linked, traded } from './ledger-histories.js';
import { readTruth, truthOf, unbalancedEntries, wrongSums } from './ledger-truth.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

const ONLY = { projections: [ledgerProjection] };

async function appendAll(ledger: TestLedger, steps: readonly Step[]): Promise<bigint> {
  let position = 0n;
  for (const { stream, events, context } of steps) position = await ledger.append(stream, events, context);
  return position;
}

/** Applies everything in the store in batches of these sizes, the last one again and again, with a memory of so many facts. */
async function applyInBatches({ store, storeId, database }: TestLedger, sizes: readonly number[], limits: Pick<FoldOptions, 'maxCachedFacts' | 'maxBatchRows'>): Promise<void> {
  const events: RecordedEvent[] = [];
  for await (const batch of store.readAll(undefined, ledgerProjection.streamPrefixes)) events.push(...batch.events);
  const rows = { pool: database.pool, schema: '"public"' };
  const applier = { projection: ledgerProjection, fold: ledgerProjection.open({ store, rows, ...limits }), rows, setAside: new Set<string>() };
  let checkpoint = await openCheckpoint(database.pool, { ...ledgerProjection, storeId });
  for (let [start, batch] = [0, 0]; start < events.length; batch += 1) {
    const size = sizes[Math.min(batch, sizes.length - 1)] ?? 1;
    const own = events.slice(start, start + size);
    start += size;
    const outcome = await applyEvents(applier, checkpoint, { events: own, upTo: own.at(-1)?.position ?? 0n });
    if (outcome.kind === 'lost_race') throw new Error('nobody else applies them');
    checkpoint = outcome.checkpoint;
  }
}

async function expectRight(ledger: TestLedger): Promise<void> {
  expect(await readTruth(ledger)).toEqual(await truthOf(ledger));
  expect(await unbalancedEntries(ledger)).toEqual([]);
  expect(await wrongSums(ledger)).toEqual([]);
}

describe('the ledger', () => {
  let ledger: TestLedger;

  beforeEach(async () => {
    ledger = await startTestLedger();
  });
  afterEach(async () => {
    await ledger.close();
  });

  it('given any history in batches of any size and next to no memory, then it is a fresh ledger of the surviving executions, and the rebuilt one row by row', { timeout: 180_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(ledgerHistories(60), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), fc.constantFrom(1, 20, 10_000), fc.constantFrom(5, 30, 50_000), async (steps, sizes, maxCachedFacts, maxBatchRows) => {
        const own = await startTestLedger();
        try {
          await appendAll(own, steps);
          await applyInBatches(own, sizes, { maxCachedFacts, maxBatchRows });
          await expectRight(own);
          expect((await compareRebuilt({ ...own, projection: ledgerProjection, maxCachedFacts: 15 })).differences).toEqual([]);
        } finally {
          await own.close();
        }
      }),
      { numRuns: 12 },
    );
  });

  it('given commits that fail again and again, when batches are tried again, then every posting is there once', async () => {
    await ledger.rows(`
      CREATE SEQUENCE attempts;
      CREATE FUNCTION fail_sometimes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF nextval('attempts') % 3 <> 0 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END IF; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON book_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.place_index = 0) EXECUTE FUNCTION fail_sometimes()`);
    const projector = await ledger.startProjector(ONLY);
    let position = 0n;
    for (let n = 0; n < 6; n += 1) {
      position = await ledger.append(orderStreamAt(n), [traded('E1', { side: n % 2 === 0 ? 'buy' : 'sell', qty: `${n + 1}` })]);
      await projector.waitFor(position, { timeoutMs: 20_000 });
    }
    await projector.waitFor(await ledger.append(orderStreamAt(0), [busted('E1')]), { timeoutMs: 20_000 });
    await expectRight(ledger);
    expect((await ledger.rows("SELECT last_value > 8 AS failed FROM attempts"))[0]).toEqual({ failed: true });
  });

  it('given another process that has written meanwhile, when a batch loses the race, then what it had in memory is forgotten', async () => {
    await appendAll(ledger, [1, 2].map((n) => ({ stream: orderStreamAt(n), events: [traded('E1')] })));
    const { store, storeId, database } = ledger;
    const rows = { pool: database.pool, schema: '"public"' };
    const applier = () => ({ projection: ledgerProjection, fold: ledgerProjection.open({ store, rows }), rows, setAside: new Set<string>() });
    const events: RecordedEvent[] = [];
    for await (const batch of store.readAll(undefined, ['order-'])) events.push(...batch.events);
    const begin = await openCheckpoint(database.pool, { ...ledgerProjection, storeId });
    const [first, second] = [applier(), applier()];
    const batch = { events, upTo: events.at(-1)?.position ?? 0n };
    const won = await applyEvents(second, begin, batch);
    expect(await applyEvents(first, begin, batch)).toEqual({ kind: 'lost_race' });
    first.fold.reset();
    await ledger.append(orderStreamAt(3), [traded('E1', { side: 'sell', qty: '15' })]);
    const next: RecordedEvent[] = [];
    for await (const { events: later } of store.readAll(batch.upTo, ['order-'])) next.push(...later);
    if (won.kind !== 'applied') throw new Error('the first one wins');
    await applyEvents(first, won.checkpoint, { events: next, upTo: next.at(-1)?.position ?? 0n });
    await expectRight(ledger);
  });

  it('given an execution that Postgres refuses, when it comes among others of its book, then its order alone is set aside, in whatever batch', async () => {
    await ledger.rows("ALTER TABLE posting ADD CONSTRAINT refuses CHECK (exec_id <> 'bad')");
    const position = await appendAll(ledger, [
      { stream: orderStreamAt(1), events: [traded('E1', { qty: '5' }), traded('bad', { qty: '3' }), traded('E2')] },
      { stream: orderStreamAt(2), events: [traded('E1', { side: 'sell', qty: '4', px: '12' })] },
      { stream: orderStreamAt(3), events: [traded('E1', { side: 'sell', qty: '4', px: '13' })] },
    ]);
    const projector = await ledger.startProjector(ONLY);
    await projector.waitFor(position);
    expect(await ledger.rows('SELECT projection, stream FROM set_aside')).toEqual([{ projection: 'ledger', stream: orderStreamAt(1) }]);
    expect(projector.status().projections[0]).toMatchObject({ setAsideCount: 1 });
    expect(await ledger.rows('SELECT order_id, trim_scale(quantity) AS quantity FROM lot')).toEqual([{ order_id: orderIdAt(3), quantity: '-3' }]);
    await projector.waitFor(await ledger.append(orderStreamAt(2), [traded('E2', { qty: '1' })]));
    expect(await ledger.rows('SELECT order_id, trim_scale(quantity) AS quantity FROM lot')).toEqual([{ order_id: orderIdAt(3), quantity: '-2' }]);
    expect(await unbalancedEntries(ledger)).toEqual([]);
    expect(await wrongSums(ledger)).toEqual([]);
    expect((await compareRebuilt({ ...ledger, projection: ledgerProjection })).differences).toEqual([]);
  });

  it('given orders that do not trade, when they come and go, then the ledger has nothing of them', async () => {
    const projector = await ledger.startProjector(ONLY);
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1), accepted(1)]));
    expect(await ledger.rows('SELECT (SELECT count(*) FROM posting) + (SELECT count(*) FROM book_entry) + (SELECT count(*) FROM book) AS rows')).toEqual([{ rows: '0' }]);
  });

  it('given an order whose terms come after its trades, when they do, then its postings move to the books of its environment', async () => {
    const projector = await ledger.startProjector(ONLY);
    const position = await ledger.append(orderStreamAt(1), [traded('E1', { qty: '5' }), traded('E2', { side: 'sell', qty: '2', px: '12' })]);
    await projector.waitFor(position);
    expect(await ledger.rows('SELECT environment, trim_scale(quantity) AS quantity FROM lot')).toEqual([{ environment: 'unknown', quantity: '3' }]);
    await projector.waitFor(await ledger.append(orderStreamAt(1), [acceptedWith('live')]));
    expect(await ledger.rows('SELECT environment, trim_scale(quantity) AS quantity FROM lot')).toEqual([{ environment: 'live', quantity: '3' }]);
    expect(await ledger.rows("SELECT count(*) FROM balance WHERE environment = 'unknown' AND amount <> 0")).toEqual([{ count: '0' }]);
    await expectRight(ledger);
  });

  it('given a provisional order, when it is linked into another that has its trades, then they count once', async () => {
    const projector = await ledger.startProjector(ONLY);
    await ledger.append(orderStreamAt(1), [traded('E1', { qty: '5' })]);
    await ledger.append(orderStreamAt(2), [traded('E1', { qty: '5' })]);
    await projector.waitFor(await ledger.append(orderStreamAt(1), [linked(2)]));
    expect(await ledger.rows('SELECT order_id, trim_scale(quantity) AS quantity FROM lot')).toEqual([{ order_id: orderIdAt(2), quantity: '5' }]);
    await expectRight(ledger);
  });

  it('given a correction of the instrument, when it comes, then the trade leaves one book for its place in the other', async () => {
    const projector = await ledger.startProjector(ONLY);
    const instrument = { ...termsOf().instrument, symbol: 'OTHER' };
    await ledger.append(orderStreamAt(1), [traded('E1', { qty: '5' })]);
    await ledger.append(orderStreamAt(2), [traded('E1', { qty: '2', instrument }), traded('E2', { side: 'sell', qty: '4', px: '12', instrument })]);
    await projector.waitFor(await ledger.append(orderStreamAt(1), [corrected('E1', { qty: '5', px: '9', instrument })]));
    expect(await ledger.rows('SELECT order_id, symbol, trim_scale(quantity) AS quantity, trim_scale(price) AS price FROM lot ORDER BY place_position')).toEqual([
      { order_id: orderIdAt(1), symbol: 'OTHER', quantity: '1', price: '9' },
      { order_id: orderIdAt(2), symbol: 'OTHER', quantity: '2', price: '10' },
    ]);
    await expectRight(ledger);
  });

  it('given accounts and tenants with the same instrument, when they trade, then their books are apart', async () => {
    const projector = await ledger.startProjector(ONLY);
    const position = await appendAll(ledger, [
      { stream: orderStreamAt(0), events: [traded('E1')] },
      { stream: orderStreamAt(3), events: [traded('E1', { side: 'sell' })], context: { accountId: accountId('second') } },
      { stream: orderStreamAt(4), events: [traded('E1', { side: 'sell' })], context: { tenantId: tenantId('other') } },
    ]);
    await projector.waitFor(position);
    expect(await ledger.rows('SELECT tenant_id, account_id, trim_scale(quantity) AS quantity FROM book ORDER BY 1, 2')).toEqual([
      { tenant_id: 'default', account_id: 'main', quantity: '10' },
      { tenant_id: 'default', account_id: 'second', quantity: '-10' },
      { tenant_id: 'other', account_id: 'main', quantity: '-10' },
    ]);
    expect(await ledger.rows("SELECT count(*) FROM posting WHERE kind = 'realised'")).toEqual([{ count: '0' }]);
    await expectRight(ledger);
  });
});
