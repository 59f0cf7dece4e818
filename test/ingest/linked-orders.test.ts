import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quantityText, priceText } from '../../src/domain/amounts.js';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import { accountId, commandKey, positionId, targetKey, tenantId } from '../../src/domain/ids.js';
import type { CommandHandler } from '../../src/eventstore/commands.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { importFile } from '../../src/ingest/import-file.js';
import { startPolicies } from '../../src/policies/runner.js';
import type { Policies } from '../../src/policies/runner.js';
import type { Projector } from '../../src/projections/projector.js';
import { startTestLedger } from '../projections/ledger.js';
import type { TestLedger } from '../projections/ledger.js';
import { contextOf, termsOf } from '../support/events.js';
import { fromBroker, toBroker } from './fix-fixture.js';

let ledger: TestLedger;
let projector: Projector;
let policies: Policies;
let handler: CommandHandler;

beforeAll(async () => {
  ledger = await startTestLedger();
  projector = await ledger.startProjector();
  handler = createCommandHandler({ store: ledger.store, producer: 'fillbook/test' });
  policies = startPolicies({ store: ledger.store, handler, database: ledger.database, storeId: ledger.storeId });
});
afterAll(async () => {
  await policies.stop();
  await handler.close();
  await ledger.close();
});

async function settled(): Promise<void> {
  const head = (await ledger.store.head()) ?? 0n;
  await projector.waitFor(await policies.waitFor(head, 20_000));
}

async function imported(tenant: string, lines: readonly string[]): Promise<void> {
  await importFile({ path: '-', format: 'fix', handler, store: ledger.store, options: { tenant }, stdin: Readable.from([lines.join('\n')], { objectMode: false }) });
  await settled();
}

/** A position of 100 whose one target has the order C1. */
async function positionWithTarget(tenant: string): Promise<void> {
  const context = (key: string) => contextOf({ tenantId: tenantId(tenant), accountId: accountId('ACC1'), commandKey: commandKey(`${key} of ${tenant}`) });
  const { instrument } = termsOf();
  const [opening, setting] = [context('open'), context('set')];
  const opened = await handler.openPosition(
    { kind: 'OpenPosition', ...opening, terms: { environment: 'live', instrument: { ...instrument, symbol: 'AAPL' }, sourceSymbol: 'AAPL', direction: 'short', quantity: quantityText('100'), strategyType: 'single' } },
    opening,
  );
  if (opened.kind !== 'applied') throw new Error(`the position is ${opened.kind}`);
  const set = await handler.changePosition(
    positionId(opened.id),
    { kind: 'SetTarget', ...setting, targetKey: targetKey('t'), targetKind: 'profit', percent: canonicalDecimal('100'), targetPrice: priceText('10'), quantity: quantityText('100'), orderRef: 'C1' },
    setting,
  );
  expect(set.kind).toBe('applied');
}

/** All that the read models say of a tenant, without what names streams. */
async function bookOf(tenant: string): Promise<Readonly<Record<string, readonly Record<string, unknown>[]>>> {
  const rows = (sql: string) => ledger.rows(sql, [tenant]);
  const [orders, executions, targets, balances] = await Promise.all([
    rows('SELECT broker_order_id, cl_ord_id, ord_status, order_qty, cum_qty, leaves_qty, avg_px, discrepancy_count FROM orders WHERE tenant_id = $1'),
    rows('SELECT e.exec_id, e.last_qty, o.cl_ord_id FROM execution e LEFT JOIN orders o USING (order_id) WHERE e.tenant_id = $1 ORDER BY e.exec_id'),
    rows('SELECT target_key, status, filled_qty FROM profit_target WHERE tenant_id = $1'),
    rows('SELECT account, unit, cost_method, amount FROM balance WHERE tenant_id = $1 AND amount <> 0 ORDER BY account, unit, cost_method'),
  ]);
  return { orders, executions, targets, balances };
}

const REPORT = { 1: 'ACC1', 6: '10', 38: '100', 54: '1', 55: 'AAPL', 150: 'F' };
const order = toBroker('D', { 1: 'ACC1', 11: 'C1', 34: '1', 38: '100', 40: '1', 54: '1', 55: 'AAPL', 60: '20261120-14:30:01' });
const BOTH = { 11: 'C1', 37: 'O1' };
const fill = (sequence: number, quantity: string, cumQty: string, names: Readonly<Record<number, string>>): string =>
  fromBroker('8', {
    ...REPORT,
    ...names,
    14: cumQty,
    17: `E${sequence}`,
    31: '10',
    32: quantity,
    34: String(sequence),
    39: cumQty === '100' ? '2' : '1',
    60: `20261120-14:30:0${sequence}`,
    151: String(100 - Number(cumQty)),
  });

it('given an order that came as two, when a message names both, then every read model has it once, as if it had been one all along', async () => {
  await Promise.all(['two', 'one'].map((tenant) => positionWithTarget(tenant)));
  await imported('two', [order, fill(2, '30', '30', { 11: 'C1' }), fill(3, '30', '60', { 37: 'O1' })]);
  const before = await bookOf('two');
  expect(before['orders']).toHaveLength(2);
  expect(before['executions']).toHaveLength(2);
  expect(before['targets']).toEqual([{ target_key: 't', status: 'partially_filled', filled_qty: '30' }]);

  await imported('two', [fill(4, '40', '100', BOTH)]);
  await imported('one', [order, fill(2, '30', '30', BOTH), fill(3, '30', '60', BOTH), fill(4, '40', '100', BOTH)]);
  const [two, one] = [await bookOf('two'), await bookOf('one')];
  expect(two).toEqual(one);
  expect(two['orders']).toEqual([{ broker_order_id: 'O1', cl_ord_id: 'C1', ord_status: 'filled', order_qty: '100', cum_qty: '100', leaves_qty: '0', avg_px: '10', discrepancy_count: 0 }]);
  expect(two['executions']?.map(({ cl_ord_id: name }) => name)).toEqual(['C1', 'C1', 'C1']);
  expect(two['targets']).toEqual([{ target_key: 't', status: 'filled', filled_qty: '100' }]);
  // Shares and cash of 100 at 10, once.
  expect(two['balances']?.filter(({ unit }) => unit === 'USD').map(({ amount }) => Number(amount))).toContain(-1000);
});
