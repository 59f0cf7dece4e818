import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORD_STATUS_LABELS } from '../../src/domain/order/status.js';
import type { CommandHandler } from '../../src/eventstore/commands.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { importFile } from '../../src/ingest/import-file.js';
import type { Projector } from '../../src/projections/projector.js';
import { SCENARIOS } from '../domain/order/scenarios/all.js';
import { startTestLedger } from '../projections/ledger.js';
import type { TestLedger } from '../projections/ledger.js';
import { PLAIN, renderMatrices } from './fix-matrices.js';
import type { Dialect, ExpectedOrder, RenderedOrder } from './fix-matrices.js';

/*
 * All matrices as FIX logs, through the adapter, a real event store and Postgres: the orders read model after every step. A longer
 * run by hand: FIX_PERMUTATIONS=50 npx vitest run test/ingest/fix-matrices.test.ts
 */
const PERMUTATIONS = Number(process.env['FIX_PERMUTATIONS'] ?? '2');
const FIRST_SEED = 20_260_121;

let ledger: TestLedger;
let projector: Projector;
/** Two processes' worth of handlers: neither sees the other's cache. */
let handlers: readonly CommandHandler[];

beforeAll(async () => {
  ledger = await startTestLedger();
  projector = await ledger.startProjector();
  handlers = ['a', 'b'].map((name) => createCommandHandler({ store: ledger.store, producer: `fillbook/test-${name}` }));
});
afterAll(async () => {
  await Promise.all(handlers.map((handler) => handler.close()));
  await ledger.close();
});

const COLUMNS = ['broker_order_id', 'cl_ord_id', 'ord_status', 'order_qty', 'cum_qty', 'leaves_qty', 'avg_px', 'discrepancy_count', 'conflict_count', 'account_id'] as const;
type OrderRow = Readonly<Record<(typeof COLUMNS)[number], string>>;

interface Imported {
  /** By ClOrdID: each order of a log has one of its own. */
  readonly rows: ReadonlyMap<string, OrderRow>;
  readonly count: number;
  readonly executions: number;
  readonly parked: number;
  readonly quarantined: number;
}

/** Imports the lines, dealt out to so many processes, and answers with what Postgres has then. */
async function imported(lines: readonly string[], processes = 1): Promise<Imported> {
  const tenant = `t-${randomUUID()}`;
  const dealt = handlers.slice(0, processes).map((handler, own) => ({ handler, text: lines.filter((_line, index) => index % processes === own).join('\n') }));
  const summaries = await Promise.all(
    dealt.map(({ handler, text }) => importFile({ path: '-', format: 'fix', handler, store: ledger.store, options: { tenant }, stdin: Readable.from([text], { objectMode: false }) })),
  );
  // What waits in one process for an order that another one opened: a server takes it up by itself, here it is done by hand.
  const head = await ledger.store.head();
  await projector.waitFor(head ?? 0n);
  const waiting = await ledger.rows("SELECT DISTINCT stream FROM parked_fact WHERE tenant_id = $1 AND status = 'parked'", [tenant]);
  for (const { stream } of waiting) await handlers[0]?.takeUpParked(String(stream));
  await projector.waitFor((await ledger.store.head()) ?? 0n);
  const rows = await ledger.rows(`SELECT ${COLUMNS.map((name) => `${name}::text`).join(', ')} FROM orders WHERE tenant_id = $1`, [tenant]);
  const [left] = await ledger.rows("SELECT count(*)::int AS parked FROM parked_fact WHERE tenant_id = $1 AND status = 'parked'", [tenant]);
  const [traded] = await ledger.rows('SELECT count(*)::int AS executions FROM execution WHERE tenant_id = $1', [tenant]);
  return {
    rows: new Map(rows.map((row) => [String(row['cl_ord_id']), orderRow(row)])),
    count: rows.length,
    executions: Number(traded?.['executions']),
    parked: Number(left?.['parked']),
    quarantined: summaries.reduce((sum, { quarantined }) => sum + quarantined, 0),
  };
}

function orderRow(row: Readonly<Record<string, unknown>>): OrderRow {
  const cell = (name: (typeof COLUMNS)[number]): string => String(row[name]);
  return {
    broker_order_id: cell('broker_order_id'),
    cl_ord_id: cell('cl_ord_id'),
    ord_status: cell('ord_status'),
    order_qty: cell('order_qty'),
    cum_qty: cell('cum_qty'),
    leaves_qty: cell('leaves_qty'),
    avg_px: cell('avg_px'),
    discrepancy_count: cell('discrepancy_count'),
    conflict_count: cell('conflict_count'),
    account_id: cell('account_id'),
  };
}

const labels: ReadonlyMap<string, string> = new Map(Object.entries(ORD_STATUS_LABELS));

/** An order's row in the words of the matrices, cut to what they print of it. */
function shown(row: OrderRow | undefined, expected: ExpectedOrder): ExpectedOrder {
  return {
    name: expected.name,
    clOrdId: row?.cl_ord_id ?? 'no such order',
    ordStatus: labels.get(row?.ord_status ?? '') ?? '',
    ...(expected.orderQty !== undefined && { orderQty: row?.order_qty ?? '' }),
    ...(expected.cumQty !== undefined && { cumQty: row?.cum_qty ?? '' }),
    ...(expected.leavesQty !== undefined && { leavesQty: row?.leaves_qty ?? '' }),
    ...(expected.avgPx !== undefined && { avgPx: row?.avg_px ?? '' }),
  };
}

const expectedRows = (orders: readonly RenderedOrder[]): readonly ExpectedOrder[] => orders.map(({ expected }) => expected);
const linesOf = (orders: readonly RenderedOrder[]): readonly string[] => orders.flatMap(({ lines }) => lines);
const rowsFor = ({ rows }: Imported, orders: readonly RenderedOrder[]): readonly ExpectedOrder[] =>
  orders.map(({ expected }) => shown(rows.get(expected.clOrdId), expected));
const withDiscrepancies = ({ rows }: Imported): readonly string[] => [...rows.values()].filter((row) => row.discrepancy_count !== '0').map((row) => row.cl_ord_id).sort();

const shuffled = (lines: readonly string[], seed: number): readonly string[] =>
  fc.sample(fc.shuffledSubarray([...lines], { minLength: lines.length }), { numRuns: 1, seed })[0] ?? [];

const ORDERS = renderMatrices(SCENARIOS);
/** The two numbers that the standard prints against its own rules. */
const PRINTED_WRONG = ['E.1.a-main-1-X', 'Exchange-I.1.b-main-8-Y'];

describe('the order state change matrices as FIX logs', () => {
  let inOrder: Imported;
  beforeAll(async () => {
    inOrder = await imported(linesOf(ORDERS));
  });

  it('given all 52 in order, then each order is after each step what is printed, and nothing waits or is malformed', () => {
    expect(ORDERS.length).toBeGreaterThan(350);
    expect(rowsFor(inOrder, ORDERS)).toEqual(expectedRows(ORDERS));
    expectNothingLeft(inOrder);
    expect([...inOrder.rows.values()].filter(({ account_id: account, conflict_count: conflicts }) => account !== 'ACC1' || conflicts !== '0')).toEqual([]);
  });

  it.each(Array.from({ length: PERMUTATIONS }, (_, index) => [FIRST_SEED + index, index % 2 === 0 ? 2 : 1] as const))(
    'given the lines shuffled and doubled (seed %i) and %i processes, then every row is the same',
    async (seed, processes) => {
      const lines = linesOf(ORDERS);
      const again = await imported(shuffled([...lines, ...lines], seed), processes);
      expect(Object.fromEntries(again.rows)).toEqual(Object.fromEntries(inOrder.rows));
      expect(again).toEqual({ ...inOrder, rows: again.rows });
    },
  );

  it.each<[string, Partial<Dialect>]>([
    ['FIX 4.2, with SOH', { version: 'FIX.4.2', separator: '\u0001', unknownOrderId: 'NONE' }],
    ['days and TradeDate, good till cancelled stated, a time before each message', { hasDays: true, separator: ';', prefix: '2012-06-21 09:00:00.123 INFO [fix] IN: ' }],
  ])('given a broker that writes %s, then each order is what is printed, in order and shuffled', async (_name, changes) => {
    const orders = renderMatrices(SCENARIOS, { ...PLAIN, ...changes });
    for (const lines of [linesOf(orders), shuffled(linesOf(orders), FIRST_SEED)]) {
      const result = await imported(lines);
      expect(rowsFor(result, orders)).toEqual(expectedRows(orders));
      expectNothingLeft(result);
    }
  });

  it('given a broker whose reports leave the account out, then each is known by the request that it answers', async () => {
    const orders = renderMatrices(SCENARIOS, { ...PLAIN, reportsAccount: false, unknownOrderId: 'NONE', separator: '^A' });
    const result = await imported(linesOf(orders));
    expect(rowsFor(result, orders)).toEqual(expectedRows(orders));
    expectNothingLeft(result);
    // The phoned orders have no request that says whose they are.
    const accounts = new Set([...result.rows.values()].filter(({ account_id: account }) => account !== 'ACC1').map(({ cl_ord_id: id }) => id.slice(0, 5)));
    expect([...accounts].toSorted()).toEqual(['E.1.a', 'G.1.a']);
  });

  it('given a broker whose reports leave OrderQty out, then each order has the one that follows from the rest', async () => {
    const orders = renderMatrices(SCENARIOS, { ...PLAIN, reportsOrderQty: false });
    // What only OrderQty says: the quantity under a chain of replaces, and that of a phoned order printed with nothing left of it.
    const needOrderQty = new Set(['D.2.b-main-7-X', 'E.1.a-main-1-X']);
    const others = orders.filter(({ expected }) => !needOrderQty.has(expected.name));
    const result = await imported(linesOf(orders));
    expect(rowsFor(result, others)).toEqual(expectedRows(others));
    expect(result).toMatchObject({ count: ORDERS.length, parked: 0, quarantined: 0 });
  });
});

function expectNothingLeft(result: Imported): void {
  expect(result).toMatchObject({ count: ORDERS.length, parked: 0, quarantined: 0 });
  expect(withDiscrepancies(result)).toEqual(PRINTED_WRONG);
}
