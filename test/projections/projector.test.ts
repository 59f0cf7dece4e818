import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WaitTimeoutError } from '../../src/projections/reached.js';
import { accepted, attached, filled, opened, orderIdAt, orderStreamAt, placed, positionStreamAt, targetSet } from './histories.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

describe('the projector', () => {
  let ledger: TestLedger;

  beforeEach(async () => {
    ledger = await startTestLedger();
  });
  afterEach(async () => {
    await ledger.close();
  });

  it('given an order with a fill, when its position is awaited, then its rows are there', async () => {
    const projector = await ledger.startProjector();
    const position = await ledger.append(orderStreamAt(1), [placed(1), accepted(1), filled(1, 'E1', '30', '10.25')]);
    await projector.waitFor(position);
    expect(await ledger.rows('SELECT order_id, broker_order_id, cl_ord_id, symbol, price, ord_status, order_qty, cum_qty, leaves_qty, avg_px, revision, last_position FROM orders')).toEqual([
      {
        order_id: orderIdAt(1),
        broker_order_id: 'B1',
        cl_ord_id: 'C1',
        symbol: 'ACME',
        price: '10.5',
        ord_status: 'partially_filled',
        order_qty: '100',
        cum_qty: '30',
        leaves_qty: '70',
        avg_px: '10.25',
        revision: '2',
        last_position: position.toString(),
      },
    ]);
    expect(await ledger.rows('SELECT order_id, exec_id, version, status, last_qty, fees FROM execution')).toEqual([
      { order_id: orderIdAt(1), exec_id: 'E1', version: 1, status: 'live', last_qty: '30', fees: [{ amount: '0.35', currency: 'USD' }] },
    ]);
    expect(await ledger.rows("SELECT stream, revision, type FROM event_index WHERE stream LIKE 'order-%' ORDER BY position")).toEqual([
      { stream: orderStreamAt(1), revision: '0', type: 'OrderPlaced' },
      { stream: orderStreamAt(1), revision: '1', type: 'OrderAccepted' },
      { stream: orderStreamAt(1), revision: '2', type: 'ExecutionRecorded' },
    ]);
  });

  it('given an order with a fill, when it is linked into another, then its rows are gone', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(1), [placed(1), filled(1, 'E1')]));
    await projector.waitFor(await ledger.append(orderStreamAt(1), [{ type: 'OrderLinked', data: { intoOrderId: orderIdAt(2) } }]));
    expect(await ledger.rows('SELECT order_id FROM orders UNION ALL SELECT exec_id FROM execution')).toEqual([]);
  });

  it('given a name that points to an order, when it is claimed, then there is no row for it', async () => {
    const projector = await ledger.startProjector();
    await projector.waitFor(await ledger.append(orderStreamAt(7), [{ type: 'AliasClaimed', data: { orderId: orderIdAt(1), aliasKey: 'a' } }]));
    expect(await ledger.rows('SELECT order_id FROM orders')).toEqual([]);
  });

  it('given two targets attached to one order, when the first gives it up, then the second has it', async () => {
    const projector = await ledger.startProjector();
    await ledger.append(positionStreamAt(1), [opened(), targetSet('t1', 'r1'), attached('t1', orderIdAt(1))]);
    await projector.waitFor(await ledger.append(positionStreamAt(2), [opened(), targetSet('t2', 'r1'), attached('t2', orderIdAt(1))]));
    const owners = () => ledger.rows('SELECT target_key, order_id FROM profit_target ORDER BY target_key');
    expect(await owners()).toEqual([
      { target_key: 't1', order_id: orderIdAt(1) },
      { target_key: 't2', order_id: null },
    ]);
    await projector.waitFor(await ledger.append(positionStreamAt(1), [attached('t1', orderIdAt(3))]));
    expect(await owners()).toEqual([
      { target_key: 't1', order_id: orderIdAt(3) },
      { target_key: 't2', order_id: orderIdAt(1) },
    ]);
  });

  it('given texts that Postgres has trouble with, when they are projected, then the rows are there', async () => {
    const projector = await ledger.startProjector();
    const nasty = `{"a,b\\"} NULL 'x' \u2028 é 😀 ${'x'.repeat(150)}`;
    const event = accepted(1);
    await projector.waitFor(await ledger.append(orderStreamAt(1), [{ type: event.type, data: { ...event.data, refs: { brokerOrderId: nasty, clOrdId: 'NULL' } } }]));
    expect(await ledger.rows('SELECT broker_order_id, cl_ord_id FROM orders')).toEqual([{ broker_order_id: nasty, cl_ord_id: 'NULL' }]);
  });

  it('given events that nobody handles, when their position is awaited, then the checkpoints move over them', async () => {
    const projector = await ledger.startProjector();
    await ledger.append(orderStreamAt(1), [placed(1)]);
    for (let n = 0; n < 20; n += 1) await ledger.append('elsewhere-1', Array.from({ length: 30 }, () => ({ type: 'Whatever', data: {} })));
    const position = await ledger.append(orderStreamAt(1), [accepted(1)]);
    await projector.waitFor(position);
    const checkpoints = await ledger.rows('SELECT name FROM checkpoint WHERE position >= $1 ORDER BY name', [position.toString()]);
    expect(checkpoints.map(({ name }) => name)).toEqual(['event-index', 'ledger', 'orders', 'parked', 'positions', 'quarantine']);
  });

  it('given a position that is far ahead, when it is awaited, then the error names who is behind', async () => {
    const projector = await ledger.startProjector();
    const position = await ledger.append(orderStreamAt(1), [placed(1)]);
    await projector.waitFor(position);
    const error = await projector.waitFor(position + 1_000_000n, { projections: ['orders'], timeoutMs: 50 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(String(error)).toMatch(/orders is at \d+/);
    await expect(projector.waitFor(position, { projections: ['nonsense'] })).rejects.toThrow(/no projection "nonsense"/);
  });

  it('given a store that is read from the beginning, when a restarted projector goes on, then every event counts once', async () => {
    const first = await ledger.startProjector();
    await first.waitFor(await ledger.append(orderStreamAt(1), [placed(1), filled(1, 'E1')]));
    await first.stop();
    const position = await ledger.append(orderStreamAt(1), [filled(1, 'E2'), filled(1, 'E3')]);
    const second = await ledger.startProjector();
    await second.waitFor(position);
    expect(await ledger.rows('SELECT cum_qty, revision FROM orders')).toEqual([{ cum_qty: '30', revision: '3' }]);
    expect(await ledger.rows('SELECT count(*) FROM event_index')).toEqual([{ count: '5' }]);
  });
});
