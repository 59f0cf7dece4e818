import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportFormat } from '../../src/ingest/adapter.js';
import { importFile } from '../../src/ingest/import-file.js';
import { replayQuarantined } from '../../src/ingest/replay-quarantined.js';
import { cancel, confirm, queryOf, statement, statementOf, trade } from './ibkr-fixture.js';
import { ImportLedger } from './import-ledger.js';

/* Files of trades, made after the day: Flex statements and plain CSV, through the real store. */

let ledger: ImportLedger;
beforeAll(async () => {
  ledger = await ImportLedger.open();
});
afterAll(async () => {
  await ledger.close();
});

type Flags = Readonly<Record<string, string>>;
const run = (format: ImportFormat, tenant: string, text: string, flags: Flags = {}) =>
  importFile({ path: '-', format, options: { tenant, ...flags }, handler: ledger.handler, store: ledger.store, stdin: Readable.from([text], { objectMode: false }) });

const SECOND = { tradeID: '9100000002', transactionID: '31000000002', ibExecID: '0000d514.67400002.01.01', quantity: '50', tradeTime: '093407' };
const ASSIGNED = { assetCategory: 'OPT', symbol: 'ACME  261218P00180000', multiplier: '100', tradeID: '9100000003', transactionID: '31000000003', ibOrderID: '31000000003', ibExecID: '', transactionType: 'BookTrade', quantity: '2', tradePrice: '0', notes: 'A' };
const OTHER_DAY = { tradeID: '9100000004', transactionID: '31000000004', ibExecID: '0000d514.67410001.01.01', ibOrderID: '800000002', quantity: '-10', buySell: 'SELL', tradeDate: '20261121' };

describe('an import of Flex statements', () => {
  const elements = [trade(), trade(SECOND), cancel('9100000002', { quantity: '-50' }), trade({ ...SECOND, ibExecID: '0000d514.67400002.01.02', quantity: '40' }), trade(ASSIGNED), trade(OTHER_DAY)];
  const expected = ['31000000003  partially_filled 0 2 0 1 0 0', '800000001  partially_filled 0 140 0 3 0 0', '800000002  partially_filled 0 10 0 1 0 0'];

  it('gives nothing new when it is run again, nor when statements overlap', async () => {
    const tenant = ledger.newTenant();
    expect(await run('ibkr', tenant, statement(...elements))).toMatchObject({ read: 6, parked: 0, quarantined: 0 });
    expect(await ledger.figures(tenant)).toEqual(expected);
    expect(await run('ibkr', tenant, statement(...elements))).toMatchObject({ events: 0, duplicates: 7 });
    const confirmations = queryOf(statementOf('U7654321', [confirm(), confirm(SECOND)], 'TradeConfirms'), statementOf('U7654321', elements.slice(3)));
    expect(await run('ibkr', tenant, confirmations)).toMatchObject({ events: 0, quarantined: 0 });
    expect(await ledger.figures(tenant)).toEqual(expected);
  });

  it('ends in the same orders, shuffled and in several files', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(elements, { minLength: elements.length }), fc.nat({ max: elements.length }), async (shuffled, cut) => {
        const tenant = ledger.newTenant();
        await run('ibkr', tenant, statement(...shuffled.slice(cut)));
        await run('ibkr', tenant, statement(...shuffled));
        expect(await ledger.figures(tenant)).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  it.each([{}, { ibOrderID: '' }])('of a query with few fields cancels a trade by its transaction, in any order: %j', async (fields) => {
    const few = { ibExecID: '', ...fields };
    const files = [statement(trade({ ...few, tradeID: '9001', transactionID: '70001' })), statement(cancel('', { ...few, tradeID: '9100', transactionID: '70099', origTransactionID: '70001' }))];
    for (const order of [[0, 1], [1, 0]] as const) {
      const tenant = ledger.newTenant();
      for (const index of order) await run('ibkr', tenant, files[index] ?? '');
      expect((await ledger.orders(tenant)).map(({ view }) => [view.executions.map(({ status }) => status), view.discrepancies])).toEqual([[['busted'], []]]);
    }
  });

  it('brings together what statements with different fields say of one trade', async () => {
    for (const order of [[0, 1], [1, 0]] as const) {
      const tenant = ledger.newTenant();
      const files = [statement(trade({ ibOrderID: '', ibExecID: '', transactionID: '' })), statement(trade())];
      for (const index of order) await run('ibkr', tenant, files[index] ?? '');
      expect((await ledger.orders(tenant)).map(({ view }) => view.executions.length)).toEqual([1]);
    }
  });

  it('keeps the legs of a spread and the accounts of a file apart', async () => {
    const tenant = ledger.newTenant();
    const leg = { assetCategory: 'OPT', multiplier: '100', symbol: 'ACME  261218P00180000' };
    const legs = [trade(leg), trade({ ...SECOND, ...leg, symbol: 'ACME  261218P00170000', quantity: '-50', buySell: 'SELL' })];
    await run('ibkr', tenant, queryOf(statementOf('U1', legs.map((text) => text.replace('accountId="U7654321"', 'accountId="U1"'))), statementOf('U2', legs.map((text) => text.replace('accountId="U7654321"', 'accountId=""')))));
    const orders = await ledger.events(tenant, ['order-']);
    expect(new Set(orders.map(({ metadata }) => Reflect.get(Object(metadata), 'accountId')))).toEqual(new Set(['U1', 'U2']));
    expect(await ledger.figures(tenant)).toEqual([...Array.from({ length: 2 }, () => '800000001  partially_filled 0 100 0 1 0 0'), ...Array.from({ length: 2 }, () => '800000001  partially_filled 0 50 0 1 0 0')]);
  });

  it('quarantines what is malformed or broken with its field and reason, and goes on', async () => {
    const tenant = ledger.newTenant();
    const summary = await run('ibkr', tenant, statement(trade({ quantity: '1,000' }), '<Trade n="AT&T"/>', trade(SECOND), trade({ ...OTHER_DAY, tradeDate: '11/21/2026' })));
    expect(summary).toMatchObject({ read: 4, commands: 1, quarantined: 3 });
    expect((await ledger.ingestEvents(tenant, 'quarantine-')).map(({ data }) => [Reflect.get(data, 'line'), Reflect.get(data, 'field'), Reflect.get(data, 'reason')])).toEqual([
      ['6', 'quantity', expect.stringContaining('not a decimal')],
      ['7', undefined, 'the XML is broken: line 7: an & begins no entity that XML knows'],
      ['9', 'tradeDate', expect.stringContaining('slashedDates')],
    ]);
    const streams = new Set((await ledger.events(tenant, ['quarantine-'])).map(({ stream }) => stream));
    expect(await replayQuarantined({ store: ledger.store, handler: ledger.handler, streams, flags: { slashedDates: 'mdy' } })).toMatchObject({ read: 3, replayed: 1, events: 1, remaining: 2 });
    expect(await ledger.figures(tenant)).toEqual(['800000001  partially_filled 0 50 0 1 0 0', '800000002  partially_filled 0 10 0 1 0 0']);
  });

  it('takes the example', async () => {
    const tenant = ledger.newTenant();
    expect(await run('ibkr', tenant, readFileSync('examples/flex-statement.xml', 'utf8'))).toMatchObject({ read: 6, quarantined: 0, parked: 0, skipped: { 'element CashTransaction': 1 } });
    expect(await ledger.figures(tenant)).toEqual(['800000001  partially_filled 0 140 0 3 0 0', '800000002  partially_filled 0 2 0 1 0 0']);
  });
});

describe('an import of plain CSV', () => {
  const example = readFileSync('examples/trades.csv', 'utf8');
  const [header = '', ...records] = example.trimEnd().split('\n');
  const expected = ['A-77  filled 100 100 0 2 0 0', 'A-78  partially_filled 0 2 0 1 0 0', 'A-79  new 0 0 0 1 0 0'];

  it('gives nothing new when it is run again', async () => {
    const tenant = ledger.newTenant();
    expect(await run('csv', tenant, example)).toMatchObject({ read: records.length, events: records.length, parked: 0, quarantined: 0 });
    expect(await ledger.figures(tenant)).toEqual(expected);
    expect(await run('csv', tenant, example)).toMatchObject({ events: 0, duplicates: records.length });
  });

  it('ends in the same orders, shuffled and doubled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...records, ...records], { minLength: 2 * records.length }), async (shuffled) => {
        const tenant = ledger.newTenant();
        await run('csv', tenant, [header, ...shuffled].join('\r\n'));
        expect(await ledger.figures(tenant)).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  it('with a column that is not known ends before anything is recorded', async () => {
    const tenant = ledger.newTenant();
    await expect(run('csv', tenant, 'occurredAt,Qty,secret\n2026-11-20T14:30:00Z,1,x\n', { columns: 'Qty:quantity' })).rejects.toThrow(/option "columns": the column "secret" is not known/u);
    expect(await ledger.events(tenant, ['order-', 'quarantine-', 'parked-'])).toEqual([]);
  });

  it('quarantines a record with the header, so that it can be parsed again alone', async () => {
    const tenant = ledger.newTenant();
    const file = 'occurredAt;execId;symbol;side;quantity;price\n2026-11-20 09:30:00;1;ACME;buy;10;20\n2026-11-20T14:30:00Z;2;ACME;buy;1,000;20\n';
    expect(await run('csv', tenant, file)).toMatchObject({ read: 2, quarantined: 2 });
    const quarantined = await ledger.ingestEvents(tenant, 'quarantine-');
    expect(quarantined.map(({ data }) => [Reflect.get(data, 'line'), Reflect.get(data, 'field')])).toEqual([['2', 'occurredAt'], ['3', 'quantity']]);
    const streams = new Set((await ledger.events(tenant, ['quarantine-'])).map(({ stream }) => stream));
    expect(await replayQuarantined({ store: ledger.store, handler: ledger.handler, streams, flags: { zone: 'America/New_York' } })).toMatchObject({ replayed: 1, remaining: 1 });
    expect(await ledger.figures(tenant)).toEqual(['1  partially_filled 0 10 0 1 0 0']);
  });
});
