import { afterAll, beforeAll, expect, it } from 'vitest';
import { priceText, quantityText } from '../../src/domain/amounts.js';
import { execId, targetKey } from '../../src/domain/ids.js';
import type { Side } from '../../src/domain/order/events.js';
import type { FillKey, PositionEventBody } from '../../src/domain/position/events.js';
import { executionOf } from '../support/events.js';
import { opened, orderIdAt, positionStreamAt, targetSet } from './histories.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await startTestLedger();
});
afterAll(() => ledger.close());

const fillKey = (order: number, exec: string, version = 1): FillKey => ({ orderId: orderIdAt(order), execId: execId(exec), version });
const execution = (exec: string, side: Side, qty: string, px: string) => executionOf(exec, { side, lastQty: quantityText(qty), lastPx: priceText(px) });
const sold = (exec: string, version = 1, qty = '10', px = '12'): PositionEventBody => ({
  type: version === 1 ? 'FillRecorded' : 'FillCorrected',
  data: { fill: fillKey(2, exec, version), effect: 'close', targetKey: targetKey('take'), execution: execution(exec, 'sell', qty, px) },
});
const grown = (exec: string, order: number): PositionEventBody => ({ type: 'FillRecorded', data: { fill: fillKey(order, exec), effect: 'open', execution: execution(exec, 'buy', '50', '14') } });

/** A long position of 50 that was bought at 10, and a target without a debit of its own. */
async function begin(position: number): Promise<string> {
  await ledger.append(positionStreamAt(position), [opened(), targetSet('take'), sold('E2')]);
  return positionStreamAt(position).slice('position-'.length);
}

it('given a target without a debit of its own, when the position grows, then its realised P&L follows the new average, and its row has changed', async () => {
  const position = await begin(1);
  const projector = await ledger.startProjector();
  await projector.waitFor((await ledger.store.head()) ?? 0n);
  const before = await ledger.rows('SELECT realised_pnl, realised_pnl_basis, credit_closed, closing_cash, last_position FROM profit_target WHERE position_id = $1', [position]);
  expect(before).toMatchObject([{ realised_pnl: '20', realised_pnl_basis: 'position_price', credit_closed: '-100', closing_cash: '120' }]);
  const last = await ledger.append(positionStreamAt(1), [grown('E1', 1)]);
  await projector.waitFor(last);
  expect(await ledger.rows('SELECT realised_pnl, credit_closed, last_position FROM profit_target WHERE position_id = $1', [position])).toEqual([{ realised_pnl: '0', credit_closed: '-120', last_position: last.toString() }]);
  expect(await ledger.rows('SELECT realised_pnl, realised_pnl_net, realised_pnl_currency, fees FROM position WHERE position_id = $1', [position])).toEqual([
    { realised_pnl: '0', realised_pnl_net: '-0.7', realised_pnl_currency: 'USD', fees: [{ amount: '0.7', currency: 'USD' }] },
  ]);
});

it('given fills in any order of their ids, when one is corrected, then each has its row, and only that of the corrected one has changed', async () => {
  const position = await begin(2);
  const projector = await ledger.startProjector();
  const second = await ledger.append(positionStreamAt(2), [sold('E1', 1, '2', '11')]);
  const third = await ledger.append(positionStreamAt(2), [grown('E0', 1)]);
  const corrected = await ledger.append(positionStreamAt(2), [sold('E1', 2, '3', '11.5')]);
  await projector.waitFor(corrected);
  const rows = await ledger.rows('SELECT order_id, exec_id, version, live, effect, qty, px, last_position FROM position_fill WHERE position_id = $1 ORDER BY order_id, exec_id', [position]);
  expect(rows.map((row) => [row['order_id'], row['exec_id'], row['version'], row['live'], row['effect'], row['qty'], row['px']])).toEqual([
    [orderIdAt(1), 'E0', 1, true, 'open', '50', '14'],
    [orderIdAt(2), 'E1', 2, true, 'close', '3', '11.5'],
    [orderIdAt(2), 'E2', 1, true, 'close', '10', '12'],
  ]);
  expect(rows.map((row) => row['last_position'])).toEqual([third.toString(), corrected.toString(), expect.any(String)]);
  expect(BigInt(String(rows[2]?.['last_position']))).toBeLessThan(second);
});
