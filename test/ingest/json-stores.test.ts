import path from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportFormat } from '../../src/ingest/adapter.js';
import { importFile } from '../../src/ingest/import-file.js';
import { replayQuarantined } from '../../src/ingest/replay-quarantined.js';
import * as alpaca from './alpaca-fixture.js';
import { arrivals } from './arrivals.js';
import * as binance from './binance-fixture.js';
import { ImportLedger } from './import-ledger.js';

/* Streams of updates, one fact a message, through the real store. */

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
const streamsOf = async (tenant: string, prefix: string) => new Set((await ledger.events(tenant, [prefix])).map(({ stream }) => stream));

/** The message, of another order: with ids of its own. */
const replaced = (message: unknown, ...ids: readonly (readonly [string, string])[]): unknown => JSON.parse(ids.reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(message)));

/** An order that is filled in two trades of one millisecond, one that is canceled after a trade, and one of futures. */
const BINANCE: readonly unknown[] = [
  ...binance.filledLife,
  ...binance.canceledLife.map((message) => ({ stream: 'executionReport', data: replaced(message, ['4293153', '9007199254740991'], ['grid-7', 'grid-8']) })),
  binance.futuresUpdate('NEW', 'NEW', 0),
  binance.futuresUpdate('TRADE', 'FILLED', 5, { t: 77, l: '0.1', z: '0.1', L: '91000.5', ap: '91000.5', n: '3.6' }),
];
const BINANCE_FIGURES = ['4293153 grid-7 filled 2 2 0 2 0 0', '8886774 perp-1 filled 0.1 0.1 0 1 0 0', '9007199254740991 cancel-1 canceled 2 0.5 0 1 0 0'];

const SECOND_ID = '1a2b3c4d-0000-4000-8000-000000000002';
/** An order that is filled, told by the stream and by activities, and one whose cancel is refused at first. */
const ALPACA: readonly unknown[] = [...alpaca.filledLife, ...alpaca.canceledLife.map((message) => replaced(message, [alpaca.ORDER_ID, SECOND_ID], ['bot-1', 'bot-2'])), ...alpaca.activities];
const ALPACA_FIGURES = [`${alpaca.ORDER_ID} bot-1 filled 10 10 0 3 0 0`, `${SECOND_ID} bot-2 canceled 10 4 0 1 0 0`];

describe.each([
  ['binance', BINANCE, BINANCE_FIGURES, BINANCE.length],
  // An activity has its trade's time cut to microseconds, and so stands before the update: that is recorded too.
  ['alpaca', ALPACA, ALPACA_FIGURES, ALPACA.length],
] as const)('an import of %s', (format, messages, expected, events) => {
  it('ends in the same orders, in order, shuffled and doubled', async () => {
    const tenant = ledger.newTenant();
    expect(await run(format, tenant, lines(messages))).toMatchObject({ read: messages.length, parked: 0, quarantined: 0 });
    expect(await ledger.figures(tenant)).toEqual(expected);
    await fc.assert(
      fc.asyncProperty(arrivals(messages), async (arrived) => {
        const another = ledger.newTenant();
        await run(format, another, lines(arrived));
        expect(await ledger.figures(another)).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  });

  it('gives nothing new when it is run again, whatever the framing', async () => {
    const tenant = ledger.newTenant();
    expect(await run(format, tenant, lines(messages))).toMatchObject({ events, commands: messages.length });
    for (const text of [lines(messages), JSON.stringify(messages, undefined, 2), JSON.stringify({ page: 1, items: messages }), messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join('')]) {
      expect(await run(format, tenant, text)).toMatchObject({ events: 0, duplicates: messages.length });
    }
    expect(await ledger.figures(tenant)).toEqual(expected);
  });
});

describe.each([
  ['binance', 'binance-user-data-stream.jsonl', ['4293153 grid-7 filled 2 2 0 2 0 0', '4293154 cancel-1 canceled 2 0 0 0 0 0']],
  ['alpaca', 'alpaca-trade-updates.jsonl', ['0d5f3c2e-6a0b-4f0e-9d7c-2f6f0f3f7a10 bot-1 filled 10 10 0 2 0 0']],
] as const)('the example of %s', (format, name, expected) => {
  it('is imported as it stands', async () => {
    const tenant = ledger.newTenant();
    const file = path.resolve(import.meta.dirname, '../../examples', name);
    expect(await importFile({ path: file, format, options: { tenant }, handler: ledger.handler, store: ledger.store })).toMatchObject({ file: name, parked: 0, quarantined: 0 });
    expect(await ledger.figures(tenant)).toEqual(expected);
  });
});

describe('a message that is at fault', () => {
  it('is quarantined with its field and reason, and recorded once the flag that it needs is given', async () => {
    const tenant = ledger.newTenant();
    const unknownQuote = binance.executionReport('NEW', 'NEW', 0, { s: 'ETHXYZ', i: 5 });
    const [first] = binance.filledLife;
    const file = `connection lost\n${JSON.stringify(first)}\n{"e":"executionReport","i":\n${JSON.stringify({ data: [unknownQuote, { ...first, q: 'many' }] })}\n${JSON.stringify({ e: 'balanceUpdate' })}\n`;
    expect(await run('binance', tenant, file)).toMatchObject({ read: 6, commands: 1, quarantined: 4, skipped: { 'event balanceUpdate': 1 } });
    const seen = (await ledger.ingestEvents(tenant, 'quarantine-')).map(({ data }) => ('reason' in data ? `${data.line} ${data.field ?? ''}: ${data.reason}` : ''));
    expect(seen.sort()).toEqual([
      "1 : the message is not valid JSON: JSON value expected but got 'c' at position 0",
      "3 : the message is not valid JSON: Object value expected after ':' at position 27",
      '4 s: s "ETHXYZ" ends in no quote asset that is known here; name it: --option quote=…',
      '5 q: q "many" is not a decimal of at most 60 digits, 30 of them behind the point',
    ]);
    const streams = await streamsOf(tenant, 'quarantine-');
    expect(await replayQuarantined({ store: ledger.store, handler: ledger.handler, streams, flags: { quote: 'XYZ' } })).toMatchObject({ read: 4, replayed: 1, remaining: 3 });
    expect(await ledger.figures(tenant)).toEqual(['4293153 grid-7 new 2 0 2 0 0 0', '5 grid-7 new 2 0 2 0 0 0']);
  });
});

describe('an order that was placed under a client order id', () => {
  it('is the one that Binance reports on, with what only its owner knows of it', async () => {
    const tenant = ledger.newTenant();
    const placed = { type: 'OrderPlaced', occurredAt: '2026-11-20T14:29:59Z', refs: { clOrdId: 'grid-7' }, terms: { instrument: { symbol: 'ETHUSDT', securityType: 'spot', quoteCurrency: 'USDT' }, side: 'buy', orderQty: '2', ordType: 'limit', price: '2500', signal: 'breakout' } };
    await run('jsonl', tenant, lines([placed]));
    await run('binance', tenant, lines(binance.canceledLife));
    expect(await ledger.figures(tenant)).toEqual(['4293153 cancel-1 canceled 2 0.5 0 1 0 0']);
    const [order] = await ledger.orders(tenant);
    expect(order?.view.terms?.signal).toBe('breakout');
  });
});

describe('a client order id that is used again', () => {
  it('is of two orders on Binance, one after the other', async () => {
    const tenant = ledger.newTenant();
    await run('binance', tenant, lines([...binance.filledLife, ...binance.filledLife.map((message) => replaced(message, ['4293153', '77']))]));
    expect(await ledger.figures(tenant)).toEqual(['4293153 grid-7 filled 2 2 0 2 0 0', '77 grid-7 filled 2 2 0 2 0 0']);
  });
});
