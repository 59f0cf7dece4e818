import * as fc from 'fast-check';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROJECTIONS } from '../../src/projections/catalogue.js';
import { compareRebuilt } from '../../src/projections/compare-rebuilt.js';
import { eventIndexProjection } from '../../src/projections/event-index/projection.js';
import { ordersProjection } from '../../src/projections/orders/projection.js';
import { positionsProjection } from '../../src/projections/positions/projection.js';
import type { Projection } from '../../src/projections/projection.js';
import { rebuildProjection } from '../../src/projections/rebuild.js';
import type { RebuildProgress } from '../../src/projections/rebuild-progress.js';
import { accepted, filled, histories, opened, orderIdAt, orderStreamAt, placed, positionStreamAt, targetSet } from './histories.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

describe('a rebuild', () => {
  let ledger: TestLedger;

  beforeEach(async () => {
    ledger = await startTestLedger();
  });
  afterEach(async () => {
    await ledger.close();
  });

  it('given any history, projected live over a restart, when it is rebuilt with next to no memory, then every row is equal', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(histories({ maxSteps: 120 }), fc.double({ min: 0, max: 1, noNaN: true }), async (steps, part) => {
        const own = await startTestLedger();
        try {
          const restartAt = Math.floor(steps.length * part);
          let projector = await own.startProjector();
          let position = 0n;
          for (const [index, { stream, events, context }] of steps.entries()) {
            if (index === restartAt) {
              await projector.stop();
              projector = await own.startProjector();
            }
            const appended = await own.append(stream, events, context);
            if (!stream.startsWith('elsewhere')) position = appended;
          }
          await projector.waitFor(position);
          for (const projection of PROJECTIONS) {
            const { differences } = await compareRebuilt({ ...own, projection, maxHeldRows: 3, maxCachedFacts: 10 });
            expect(differences).toEqual([]);
          }
          expect(await own.rows("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%compare%'")).toEqual([{ count: '0' }]);
        } finally {
          await own.close();
        }
      }),
      { numRuns: 5 },
    );
  });

  it('given a live row that is wrong, when it is compared with a rebuilt one, then both are shown', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1), filled(1, 'E1')]));
    await ledger.rows('UPDATE orders SET cum_qty = 11');
    const { differences, rowCounts } = await compareRebuilt({ ...ledger, projection: ordersProjection });
    expect(rowCounts).toEqual({ orders: 1, execution: 1 });
    expect(differences).toMatchObject([
      { table: 'orders', in: 'live', row: { cum_qty: 11 } },
      { table: 'orders', in: 'rebuilt', row: { cum_qty: 10 } },
    ]);
  });

  it('given writers and readers, when a read model is rebuilt, then nobody notices, and keys, indexes and grants are the same', { timeout: 60_000 }, async () => {
    const projector = await ledger.startProjector();
    for (let n = 0; n < 40; n += 1) await ledger.append(orderStreamAt(n), [placed(n), filled(n, 'E1')]);
    await projector.waitFor(await ledger.append(positionStreamAt(1), [opened(), targetSet('t1')]));
    await ledger.rows('GRANT SELECT ON orders TO PUBLIC');
    await ledger.rows('UPDATE orders SET cum_qty = 11');
    const before = await definitions(ledger);

    const progress: RebuildProgress[] = [];
    const work = { isDone: false };
    const rebuilding = rebuildProjection({ ...ledger, projection: ordersProjection, onProgress: (step) => progress.push(step) }).finally(() => (work.isDone = true));
    let [reads, written] = [0, 0];
    const reading = (async () => {
      while (!work.isDone) {
        const [row] = await ledger.rows('SELECT count(*) FROM orders JOIN execution USING (order_id)');
        expect(Number(row?.['count'])).toBeGreaterThanOrEqual(40);
        reads += 1;
      }
    })();
    let position = 0n;
    while (!work.isDone || written === 0) {
      position = await ledger.append(orderStreamAt(written % 40), [filled(written % 40, `F${written}`, '1')]);
      written += 1;
    }
    const summary = await rebuilding;
    await reading;
    await projector.waitFor(position);

    expect(reads).toBeGreaterThan(0);
    expect(summary).toMatchObject({ version: ordersProjection.version, keptIn: undefined });
    expect(new Set(progress.map(({ phase }) => phase))).toEqual(new Set(['reading', 'indexing', 'catching_up', 'swapping']));
    expect(await definitions(ledger)).toEqual(before);
    expect(await ledger.rows('SELECT sum(cum_qty)::int AS total FROM orders')).toEqual([{ total: 400 + written }]);
    expect((await compareRebuilt({ ...ledger, projection: ordersProjection })).differences).toEqual([]);
    expect(await ledger.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'public_%'")).toEqual([]);
  });

  it('given a changed projection, when it is rebuilt, then the new version goes live and the projector takes it up', async () => {
    const first = await ledger.startProjector();
    await first.waitFor(await ledger.append(orderStreamAt(1), [placed(1), { type: 'FromTheFuture', data: {} }]));
    await first.waitFor(await ledger.append(orderStreamAt(2), [placed(2)]));
    await first.stop();
    const changed: Projection = { ...ordersProjection, version: ordersProjection.version + 1 };
    const projections = [changed, positionsProjection];
    const second = await ledger.startProjector({ projections });
    const position = await ledger.append(orderStreamAt(2), [accepted(2)]);
    await second.waitFor(position, { projections: ['positions'] });
    await expect.poll(() => second.status().projections[0]?.state, { timeout: 10_000 }).toBe('outdated');
    await rebuildProjection({ ...ledger, projection: changed });
    await second.waitFor(await ledger.append(orderStreamAt(2), [filled(2, 'E1')]));
    expect(await ledger.rows('SELECT order_id, revision FROM orders ORDER BY order_id')).toEqual([
      { order_id: orderIdAt(1), revision: '0' },
      { order_id: orderIdAt(2), revision: '2' },
    ]);
    expect(await ledger.rows('SELECT projection, stream FROM set_aside')).toEqual([{ projection: 'orders', stream: orderStreamAt(1) }]);
    expect(await ledger.rows("SELECT name, version FROM checkpoint WHERE name LIKE 'orders%'")).toEqual([{ name: 'orders', version: ordersProjection.version + 1 }]);
  });

  it('given a rebuild under way, when another starts or it is aborted, then the live read model is as it was', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    const holder = new Client({ connectionString: ledger.databaseUrl });
    await holder.connect();
    await holder.query("SELECT pg_advisory_lock(hashtext('fillbook rebuild orders'), hashtext(current_schema()))");
    await expect(rebuildProjection({ ...ledger, projection: ordersProjection })).rejects.toThrow(/is being rebuilt by another process/);
    await holder.end();
    await expect(rebuildProjection({ ...ledger, projection: eventIndexProjection, signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
    expect(await ledger.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'public_%'")).toEqual([]);
    expect(await ledger.rows('SELECT count(*) FROM orders')).toEqual([{ count: '1' }]);
  });

  it('given a view on a table, when its read model is rebuilt, then the view stays, and the summary says where', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    await ledger.rows('CREATE VIEW mine AS SELECT order_id FROM orders');
    const { keptIn } = await rebuildProjection({ ...ledger, projection: ordersProjection });
    expect(keptIn).toMatch(/^"public_retired_orders_/);
    expect(await ledger.rows('SELECT order_id FROM mine')).toEqual([{ order_id: orderIdAt(1) }]);
  });
});

/** Everything that describes the tables of the orders besides their columns. */
async function definitions(ledger: TestLedger): Promise<unknown> {
  return {
    indexes: await ledger.rows("SELECT tablename, indexname, indexdef FROM pg_indexes WHERE tablename IN ('orders', 'execution') ORDER BY 1, 2"),
    constraints: await ledger.rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ('orders'::regclass, 'execution'::regclass) ORDER BY 1, 2"),
    columns: await ledger.rows("SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns WHERE table_name IN ('orders', 'execution') ORDER BY 1, 2"),
    grants: await ledger.rows("SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 'orders' ORDER BY 1, 2"),
  };
}
