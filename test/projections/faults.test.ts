import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHAIN_START, seal } from '../../src/eventstore/chain.js';
import { WrongStoreError } from '../../src/projections/checkpoint.js';
import { openDatabase } from '../../src/projections/database.js';
import { metadataOf } from '../support/events.js';
import { accepted, filled, opened, orderIdAt, orderStreamAt, placed, positionStreamAt } from './histories.js';
import { startTestLedger, StreamWriter } from './ledger.js';
import type { TestLedger } from './ledger.js';

describe('the projector, when something goes wrong', () => {
  let ledger: TestLedger;

  beforeEach(async () => {
    ledger = await startTestLedger();
  });
  afterEach(async () => {
    await ledger.close();
  });

  it('given an event that cannot be applied, when others follow, then only its own stream is set aside, and only there', async () => {
    const projector = await ledger.startProjector();
    const bad = orderStreamAt(1);
    await ledger.append(bad, [placed(1), accepted(1), { type: 'FromTheFuture', data: {} }, filled(1, 'E1')]);
    await ledger.append(orderStreamAt(2), [placed(2)]);
    await projector.waitFor(await ledger.append(bad, [filled(1, 'E2')]));
    expect(await ledger.rows('SELECT order_id, revision FROM orders ORDER BY order_id')).toEqual([
      { order_id: orderIdAt(1), revision: '1' },
      { order_id: orderIdAt(2), revision: '0' },
    ]);
    // By those that fold the order: the ledger does because it trades.
    const asides = await ledger.rows('SELECT projection, stream, reason FROM set_aside ORDER BY projection');
    expect(asides).toEqual(['ledger', 'orders'].map((projection) => ({ projection, stream: bad, reason: expect.stringContaining('FromTheFuture') })));
    expect(await ledger.rows('SELECT count(*) FROM event_index WHERE stream = $1', [bad])).toEqual([{ count: '5' }]);
    expect(projector.status().projections.find(({ name }) => name === 'orders')).toMatchObject({ setAsideCount: 1 });
  });

  it('given streams that are set aside, when the projector starts again, then they stay so', async () => {
    const bad = orderStreamAt(1);
    await ledger.append(bad, [{ type: 'FromTheFuture', data: {} }]);
    const first = await ledger.startProjector();
    await first.waitFor(await ledger.append(orderStreamAt(2), [placed(2)]));
    await first.stop();
    const second = await ledger.startProjector();
    await second.waitFor(await ledger.append(bad, [placed(1)]));
    expect(await ledger.rows('SELECT order_id FROM orders')).toEqual([{ order_id: orderIdAt(2) }]);
  });

  it('given rows that Postgres refuses, when they come among others in one batch, then only their streams are set aside', async () => {
    const refused = [3, 4, 11];
    await ledger.rows(`ALTER TABLE orders ADD CONSTRAINT refuses CHECK (cl_ord_id NOT IN (${refused.map((n) => `'C${n}'`).join(', ')}))`);
    let position = 0n;
    for (let n = 0; n < 20; n += 1) position = await ledger.append(orderStreamAt(n), [placed(n)]);
    const projector = await ledger.startProjector();
    await projector.waitFor(position);
    const asides = await ledger.rows('SELECT stream FROM set_aside ORDER BY stream');
    expect(asides.map(({ stream }) => stream)).toEqual(refused.map(orderStreamAt));
    expect(await ledger.rows('SELECT count(*) FROM orders')).toEqual([{ count: '17' }]);
  });

  it('given a table that is locked, when others move, then they do not wait for it, and it follows once it is free', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    const blocker = await ledger.database.pool.connect();
    await blocker.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    let position = await ledger.append(orderStreamAt(1), [accepted(1)]);
    for (let n = 0; n < 30; n += 1) position = await ledger.append(positionStreamAt(n), Array.from({ length: 200 }, opened));
    await projector.waitFor(position, { projections: ['positions', 'event-index', 'parked', 'quarantine'], timeoutMs: 20_000 });
    expect(projector.status().projections.find(({ name }) => name === 'orders')?.position).toBeLessThan(position);
    await blocker.query('ROLLBACK');
    blocker.release();
    await projector.waitFor(position, { timeoutMs: 20_000 });
    expect(await ledger.rows('SELECT revision FROM orders')).toEqual([{ revision: '1' }]);
  });

  it('given a projector, when all its connections to Postgres are cut while events come, then every event counts once', async () => {
    const database = openDatabase(ledger.databaseUrl, { max: 10 });
    const projector = await ledger.startProjector({ database });
    let position = 0n;
    for (let n = 0; n < 60; n += 1) {
      position = await ledger.append(orderStreamAt(n % 7), [filled(n % 7, `E${n}`)]);
      if (n % 10 === 5) {
        await projector.waitFor(position, { projections: ['orders'] });
        await ledger.rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE '%pg_terminate%'`);
      }
    }
    await projector.waitFor(position);
    await projector.stop();
    await database.close();
    expect(await ledger.rows('SELECT sum(cum_qty) AS total FROM orders')).toEqual([{ total: '600' }]);
    expect(await ledger.rows('SELECT count(*) FROM execution')).toEqual([{ count: '60' }]);
  });

  it('given an event store that is killed and started again, when events follow, then the projector goes on', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    await ledger.server.kill();
    await ledger.server.restart();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [accepted(1)]), { timeoutMs: 20_000 });
    expect(await ledger.rows('SELECT revision FROM orders')).toEqual([{ revision: '1' }]);
  });

  it('given a writer and a stand-by, when the writer ends, then the other takes over, and both can wait all the time', async () => {
    const first = await ledger.startProjector();
    await first.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    const second = await ledger.startProjector();
    expect([first.status().role, second.status().role]).toEqual(['writer', 'standby']);
    await second.waitFor(await ledger.append(orderStreamAt(1), [accepted(1)]));
    await first.stop();
    await second.waitFor(await ledger.append(orderStreamAt(1), [filled(1, 'E1')]));
    expect(second.status().role).toBe('writer');
    await expect(first.waitFor(1n)).rejects.toThrow(/stopped/);
  });

  it('given checkpoints of one event store, when another one is behind the address, then nothing is mixed', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    await projector.stop();
    const before = await ledger.rows('SELECT * FROM checkpoint ORDER BY name');

    await expect(ledger.startProjector({ storeId: orderIdAt(5) })).rejects.toThrow(WrongStoreError);
    const other = await startTestLedger();
    try {
      // A copy that was cut back: the same genesis, other events.
      await new StreamWriter(other.store).appendSealed(
        orderStreamAt(1),
        undefined,
        seal(orderStreamAt(1), 0n, CHAIN_START, [{ ...accepted(1), metadata: metadataOf() }]).events,
      );
      await expect(ledger.startProjector({ store: other.store })).rejects.toThrow(/the store was replaced or cut back/);
    } finally {
      await other.close();
    }
    expect(await ledger.rows('SELECT * FROM checkpoint ORDER BY name')).toEqual(before);
  });

  it('given rows of another version, when the projector starts, then it leaves them alone and keeps up the others', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1)]));
    await projector.stop();
    await ledger.rows("UPDATE checkpoint SET version = version + 1 WHERE name = 'orders'");
    const again = await ledger.startProjector();
    await again.waitFor(await ledger.append(orderStreamAt(1), [accepted(1)]), { projections: ['event-index'] });
    await expect.poll(() => again.status().projections.find(({ name }) => name === 'orders')?.state, { timeout: 10_000 }).toBe('outdated');
    expect(await ledger.rows('SELECT revision FROM orders')).toEqual([{ revision: '0' }]);
  });
});
