import path from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../../src/ingest/import-file.js';
import type { ImportFormat } from '../../src/ingest/adapter.js';
import { replayQuarantined } from '../../src/ingest/replay-quarantined.js';
import { ImportLedger } from './import-ledger.js';
import * as tastytrade from './tastytrade-fixture.js';
import * as tradestation from './tradestation-fixture.js';

/* Brokers that send the whole order each time, through the real store. */

let ledger: ImportLedger;
beforeAll(async () => {
  ledger = await ImportLedger.open();
});
afterAll(async () => {
  await ledger.close();
});

const run = (format: ImportFormat, tenant: string, text: string, flags: Readonly<Record<string, string>> = {}) =>
  importFile({ path: '-', format, options: { tenant, ...flags }, handler: ledger.handler, store: ledger.store, stdin: Readable.from([text], { objectMode: false }) });
const lines = (messages: readonly unknown[]): string => messages.map((message) => `${JSON.stringify(message)}\n`).join('');

const fill = (id: string, quantity: number, at: number): tastytrade.Fill => ({ id, quantity, price: '12.4', at });
const { frame, orderJson: tasty, legJson: tastyLeg } = tastytrade;

/** Orders of tastytrade: one filled in two parts, one canceled after a part, a spread of two legs. */
const TASTYTRADE: readonly unknown[] = [
  frame(tasty('Routed', 10)),
  frame(tasty('Live', 20)),
  frame(tasty('Live', 110, [fill('1', 4, 100)])),
  frame(tasty('Filled', 210, [fill('1', 4, 100), fill('2', 6, 200)])),
  frame(tasty('Live', 20, [], { id: 2 })),
  frame(tasty('Cancel Requested', 130, [fill('3', 1, 120)], { id: 2 })),
  frame(tasty('Cancelled', 140, [fill('3', 1, 120)], { id: 2 })),
  frame(tasty('Live', 20, [], { id: 3, legs: [tastyLeg('A', 2), tastyLeg('B', 2)] })),
  frame(tasty('Filled', 150, [], { id: 3, legs: [tastyLeg('A', 2, [fill('4', 2, 145)]), tastyLeg('B', 2, [fill('5', 2, 145)])] })),
];
const TASTYTRADE_FIGURES = ['2  canceled 10 1 0 1 0 0', '270602  filled 10 10 0 2 0 0', '3 A  filled 2 2 0 1 0 0', '3 B  filled 2 2 0 1 0 0'];

const { orderJson: station, closed } = tradestation;
/** Orders of TradeStation: one filled in three parts, one canceled after a part, one that was broken. */
const TRADESTATION: readonly unknown[] = [
  station('ACK'),
  station('FPR', '40'),
  station('FPR', '70'),
  closed('FLL', '100', { CommissionFee: '1' }),
  station('FPR', '10', { OrderID: '2' }),
  station('UCN', '10', { OrderID: '2' }),
  closed('OUT', '10', { OrderID: '2' }),
  closed('FLL', '100', { OrderID: '3' }),
  closed('BRO', '0', { OrderID: '3' }),
];
const TRADESTATION_FIGURES = ['2  canceled 100 10 0 1 0 0', '3  canceled 100 0 0 1 0 0', '950905107  filled 100 100 0 1 0 0'];

/** In both lists. */
const LAST_OF_EACH_ORDER = [3, 6, 8];

describe.each([
  ['tastytrade', TASTYTRADE, TASTYTRADE_FIGURES],
  ['tradestation', TRADESTATION, TRADESTATION_FIGURES],
] as const)('an import of %s', (format, messages, expected) => {
  it('ends in the same orders in order and shuffled, doubled, and with the last message of each order only', async () => {
    const arrivals = fc.shuffledSubarray([...messages, ...messages], { minLength: 2 * messages.length });
    await fc.assert(
      fc.asyncProperty(arrivals, async (arrived) => {
        const tenant = ledger.newTenant();
        expect(await run(format, tenant, lines(arrived))).toMatchObject({ read: arrived.length, parked: 0, quarantined: 0 });
        expect(await ledger.figures(tenant)).toEqual(expected);
      }),
      { numRuns: 12 },
    );
    const tenant = ledger.newTenant();
    await run(format, tenant, lines(LAST_OF_EACH_ORDER.map((index) => messages[index])));
    expect(await ledger.figures(tenant)).toEqual(expected);
  });

  it('gives nothing new when it is run again, also as one pretty-printed array', async () => {
    const tenant = ledger.newTenant();
    const first = await run(format, tenant, lines(messages));
    expect(first.events).toBeGreaterThan(0);
    expect(await run(format, tenant, lines(messages))).toMatchObject({ events: 0, duplicates: first.commands });
    expect(await run(format, tenant, JSON.stringify(messages, undefined, 2))).toMatchObject({ events: 0, duplicates: first.commands });
    expect(await ledger.figures(tenant)).toEqual(expected);
  });
});

describe.each([
  ['tastytrade', 'tastytrade-account-stream.jsonl', ['410001  filled 10 10 0 2 0 0', '410002 SPY   261218P00590000  filled 2 2 0 1 0 0', '410002 SPY   261218P00600000  filled 2 2 0 1 0 0']],
  ['tradestation', 'tradestation-order-stream.jsonl', ['950000001  filled 100 100 0 1 0 0']],
] as const)('the example of %s', (format, name, expected) => {
  it('is imported as it stands', async () => {
    const tenant = ledger.newTenant();
    const file = path.resolve(import.meta.dirname, '../../examples', name);
    const summary = await importFile({ path: file, format, options: { tenant }, handler: ledger.handler, store: ledger.store });
    expect(summary).toMatchObject({ file: name, parked: 0, quarantined: 0 });
    expect(await ledger.figures(tenant)).toEqual(expected);
  });
});

describe('a message that is at fault', () => {
  it('is quarantined alone, also within a page, and recorded once the flag that it needs is given', async () => {
    const tenant = ledger.newTenant();
    const corn = tasty('Live', 20, [], { id: 9, legs: [tastyLeg('/ZCZ6', 2, [], { 'instrument-type': 'Future' })] });
    const page = { data: { items: [tasty('Live', 20), corn, { ...tasty('Live', 20), id: 8, status: '' }] }, context: '/accounts/5WT00001/orders' };
    expect(await run('tastytrade', tenant, JSON.stringify(page, undefined, 1))).toMatchObject({ read: 3, quarantined: 2 });
    const quarantined = await ledger.ingestEvents(tenant, 'quarantine-');
    expect(new Set(quarantined.map(({ data }) => ('field' in data ? data.field : undefined)))).toEqual(new Set(['legs.0.symbol', 'status']));
    const streams = new Set((await ledger.events(tenant, ['quarantine-'])).map(({ stream }) => stream));
    expect(await replayQuarantined({ store: ledger.store, handler: ledger.handler, streams, flags: { multipliers: '/ZC:50' } })).toMatchObject({ read: 2, replayed: 1, remaining: 1 });
    expect((await ledger.figures(tenant)).map((line) => line.split(' ')[0])).toEqual(['270602', '9']);
  });
});
