import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import { targetKey } from '../../src/domain/ids.js';
import { quantityText } from '../../src/domain/amounts.js';
import { targetPnl } from '../../src/cli/target-report.js';
import { filled, opened, orderIdAt, orderStreamAt, positionStreamAt, targetSet } from '../projections/histories.js';
import { startTestLedger } from '../projections/ledger.js';
import type { TestLedger } from '../projections/ledger.js';
import { executionOf, termsOf } from '../support/events.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await startTestLedger();
});
afterAll(() => ledger.close());

it('given a target that was filled, then the report says what it realised by its own debit, and what the book did', async () => {
  const [position, closing] = [positionStreamAt(1), orderStreamAt(2)];
  const sold = executionOf('E2', { side: 'sell', lastQty: quantityText('5'), fees: [] });
  const set = targetSet('take');
  await ledger.append(position, [opened(), { ...set, data: { ...set.data, quantity: '5', originalCredit: { amount: canonicalDecimal('-60'), currency: 'USD' } } }]);
  await ledger.append(orderStreamAt(1), [filled(1, 'E1', '10', '10.5')]);
  await ledger.append(closing, [{ type: 'ExecutionRecorded', data: { refs: { brokerOrderId: 'B2' }, terms: termsOf({ side: 'sell' }), execution: sold } }]);
  const last = await ledger.append(position, [{ type: 'FillRecorded', data: { fill: { orderId: orderIdAt(2), execId: sold.execId, version: 1 }, effect: 'close', targetKey: targetKey('take'), execution: sold } }]);
  await (await ledger.startProjector()).waitFor(last);
  const rows = [];
  for await (const row of targetPnl(ledger.database, { tenantId: 'default', accountIds: 'all' }, { costMethod: 'average' })) rows.push(row);
  expect(rows).toEqual([
    {
      positionId: orderIdAt(1),
      targetKey: 'take',
      status: 'filled',
      filledQty: '5',
      matchedQty: '5',
      currency: 'USD',
      ownPnl: '-7.5',
      bookPnl: '0',
      difference: '-7.5',
      creditClosed: '-60',
      bookCost: '-52.5',
      basis: 'own_credit',
      costMethod: 'average',
      account: 'main',
    },
  ]);
});
