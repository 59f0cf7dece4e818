import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecutionData } from '../../src/domain/order/events.js';
import type { ParsedLine } from '../../src/ingest/adapter.js';
import { readFlexElements } from '../../src/ingest/flex-xml.js';
import { ibkrAdapter } from '../../src/ingest/ibkr.js';
import { figuresOf } from './fold-facts.js';
import { STOCK_TRADE, cancel, chunksOf, confirm, element, queryOf, statement, statementOf, trade } from './ibkr-fixture.js';
import type { Attributes } from './ibkr-fixture.js';
import { openAdapter } from './parse.js';

type Flags = Readonly<Record<string, string>>;

async function parsed(text: string, flags: Flags = {}): Promise<readonly ParsedLine[]> {
  const parser = openAdapter(ibkrAdapter, flags);
  const found: ParsedLine[] = [];
  for await (const lines of readFlexElements(chunksOf(text))) for (const { text: message, number } of lines) found.push(parser.parse(message, number));
  return found;
}
const factsIn = async (text: string, flags: Flags = {}) => (await parsed(text, flags)).flatMap((answer) => (answer.kind === 'facts' ? answer.facts : []));
const one = async (changed: Attributes, flags: Flags = {}) => (await parsed(statement(trade(changed)), flags))[0];

async function executionOf(changed: Attributes, flags: Flags = {}): Promise<ExecutionData> {
  const [fact] = await factsIn(statement(trade(changed)), flags);
  if (fact?.fact.type !== 'ExecutionRecorded') throw new Error('no trade');
  return fact.fact.data.execution;
}

describe('a trade of a Flex statement', () => {
  it('is an execution with all that the statement says, and opens its order', async () => {
    const [fact, ...others] = await factsIn(statement(trade()));
    expect(others).toEqual([]);
    const instrument = { symbol: 'ACME', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' };
    expect(fact?.fact).toEqual({
      type: 'ExecutionRecorded',
      data: {
        refs: { brokerOrderId: '800000001' },
        terms: { environment: 'live', instrument, sourceSymbol: 'ACME', side: 'buy', orderQty: '0', ordType: 'limit' },
        execution: {
          execId: '0000d514.67400001.01.01',
          secondaryExecId: '9100000001',
          side: 'buy',
          lastQty: '100',
          lastPx: '20',
          instrument,
          sourceSymbol: 'ACME',
          fees: [{ amount: '0.6', currency: 'USD' }],
          positionEffect: 'open',
          venue: 'ARCA',
        },
      },
    });
    expect(fact?.context).toMatchObject({ accountId: 'U7654321', occurredAt: '2026-11-20T14:34:06Z', tradingDay: '2026-11-20', source: { name: 'ibkr', sequence: '1' } });
  });

  it('is the same fact in a confirmation', async () => {
    const [[activity], [confirmation]] = [await factsIn(statement(trade())), await factsIn(queryOf(statementOf('U7654321', [confirm()], 'TradeConfirms')))];
    expect(confirmation?.fact).toEqual(activity?.fact);
    expect(confirmation?.context).toEqual(activity?.context);
  });

  it.each([
    [{ assetCategory: 'OPT', symbol: 'ACME  261218P00180500', multiplier: '100' }, 'ACME 20261218 P 180.5 option 100'],
    [{ assetCategory: 'OPT', symbol: 'ACME DEC26', underlyingSymbol: 'ACME', strike: '180.50', expiry: '2026-12-18', putCall: 'P', multiplier: '' }, 'ACME 20261218 P 180.5 option 100'],
    [{ assetCategory: 'FUT', symbol: 'ESZ6', multiplier: '50' }, 'ESZ6 future 50'],
    [{ assetCategory: 'FUT', symbol: 'ESZ6', multiplier: '' }, 'ESZ6 future 50'],
    [{ assetCategory: 'FOP', symbol: 'EW4Z6  P6000', multiplier: '50' }, 'EW4Z6 P6000 option 50'],
    [{ assetCategory: 'CASH', symbol: 'EUR.USD', exchange: 'IDEALFX' }, 'EUR.USD forex 1'],
    [{ assetCategory: 'CRYPTO', symbol: 'BTC' }, 'BTC spot 1'],
    [{ assetCategory: 'CFD', symbol: 'ACME' }, 'ACME other 1'],
    [{ assetCategory: 'WAR', symbol: 'ACW', multiplier: '0.1' }, 'ACW other 0.1'],
    [{ assetCategory: 'FUND', symbol: 'VFX', multiplier: '' }, 'VFX equity 1'],
    [{ assetCategory: 'BOND', symbol: 'ACM 5 30', quantity: '10000', tradePrice: '99.5', tradeMoney: '9950' }, 'ACM 5 30 other 0.01'],
    [{ assetCategory: 'BOND', symbol: 'ACM 5 30', quantity: '10', tradePrice: '99.5', tradeMoney: '995' }, 'ACM 5 30 other 1'],
  ] as const)('of %j is of its instrument', async (changed, expected) => {
    const { instrument } = await executionOf(changed);
    expect(`${instrument.symbol} ${instrument.securityType} ${instrument.multiplier}`).toBe(expected);
  });

  it.each([
    [{ buySell: 'SELL', quantity: '-100' }, { side: 'sell', lastQty: '100' }],
    [{ buySell: 'SELL', quantity: '100' }, { side: 'sell', lastQty: '100' }],
    [{ buySell: '', quantity: '-3' }, { side: 'sell', lastQty: '3' }],
    [{ openCloseIndicator: 'C' }, { positionEffect: 'close' }],
    [{ openCloseIndicator: 'C;O' }, { positionEffect: undefined }],
    [{ openCloseIndicator: '-' }, { positionEffect: undefined }],
    [{ ibCommission: '0.25', taxes: '' }, { fees: [{ amount: '-0.25', currency: 'USD' }] }],
    [{ ibCommission: '-1', ibCommissionCurrency: 'CAD', taxes: '-0.5' }, { fees: [{ amount: '1', currency: 'CAD' }, { amount: '0.5', currency: 'USD' }] }],
    [{ ibCommission: '0', taxes: '0' }, { fees: [] }],
    [{ transactionType: 'BookTrade', exchange: '--', tradePrice: '0', notes: 'A', ibExecID: '', ibCommission: '0', taxes: '0' }, { execId: '9100000001', lastPx: '0', venue: undefined }],
    [{ ibExecID: '', tradeID: '' }, { execId: '31000000001', secondaryExecId: undefined }],
    [{ ibExecID: '', tradeID: '', transactionID: '' }, { execId: expect.stringMatching(/^unnamed [\da-f]{32}$/u) }],
  ] as const)('that says %j is %j', async (changed, expected) => {
    const execution = await executionOf(changed);
    for (const [name, value] of Object.entries(expected)) expect(Reflect.get(execution, name)).toEqual(value);
  });

  it.each([
    [{}, '2026-11-20T14:34:06Z', '2026-11-20'],
    [{ tradeTime: '09:34:06' }, '2026-11-20T14:34:06Z', '2026-11-20'],
    [{ tradeDate: '2026-11-20' }, '2026-11-20T14:34:06Z', '2026-11-20'],
    [{ dateTime: '20261119;183000' }, '2026-11-19T23:30:00Z', '2026-11-20'],
    [{ dateTime: '2026-11-20, 09:34:06' }, '2026-11-20T14:34:06Z', '2026-11-20'],
    [{ dateTime: '2026-07-20 09:34:06', tradeDate: '' }, '2026-07-20T13:34:06Z', '2026-07-20'],
    [{ dateTime: '20261120;093406 EST' }, '2026-11-20T14:34:06Z', '2026-11-20'],
    [{ dateTime: '20-NOV-26;093406' }, '2026-11-20T14:34:06Z', '2026-11-20'],
    [{ dateTime: '20261120', tradeTime: '' }, '2026-11-20T05:00:00Z', '2026-11-20'],
  ] as const)('at %j was made at %s', async (changed, occurredAt, tradingDay) => {
    expect((await factsIn(statement(trade(changed))))[0]?.context).toMatchObject({ occurredAt, tradingDay });
  });

  it('is read in the zone and the order of slashed dates that are given', async () => {
    expect((await factsIn(statement(trade()), { zone: 'Europe/Berlin' }))[0]?.context.occurredAt).toBe('2026-11-20T08:34:06Z');
    for (const [text, slashedDates] of [['11/10/2026', 'mdy'], ['10/11/26', 'dmy']] as const) {
      expect((await factsIn(statement(trade({ tradeDate: text })), { slashedDates }))[0]?.context.tradingDay).toBe('2026-11-10');
    }
    expect(() => openAdapter(ibkrAdapter, { zone: 'Mars' })).toThrow(/zone/u);
  });

  it.each([
    [{ quantity: '1,000' }, 'quantity', /not a decimal/u],
    [{ quantity: '' }, 'quantity', /required and missing/u],
    [{ quantity: '-5' }, 'quantity', /negative, but the side is buy/u],
    [{ tradePrice: '' }, 'tradePrice', /required and missing/u],
    [{ tradePrice: '1e9x' }, 'tradePrice', /not a decimal/u],
    [{ symbol: '' }, 'symbol', /required and missing/u],
    [{ buySell: 'HOLD' }, 'buySell', /neither BUY nor SELL/u],
    [{ tradeDate: '20261131' }, 'tradeDate', /not a day/u],
    [{ tradeDate: '11/10/2026' }, 'tradeDate', /slashedDates=mdy or dmy/u],
    [{ tradeDate: '' }, 'dateTime', /required and missing/u],
    [{ tradeTime: '250000' }, 'tradeTime', /not a time of day/u],
    [{ dateTime: '20261120;093406 XYZ' }, 'dateTime', /zone that is not known/u],
    [{ assetCategory: 'FUT', symbol: 'ZZZ', multiplier: '' }, 'multiplier', /multipliers=ZZZ/u],
    [{ ibCommission: 'free' }, 'ibCommission', /not a decimal/u],
    [{ notes: 'Ca', ibExecID: '', tradeID: '', transactionID: '' }, 'origTradeID', /which trade is cancelled/u],
  ] as const)('that says %j is malformed, and the field is named', async (changed, field, reason) => {
    expect(await one(changed)).toEqual({ kind: 'malformed', field, reason: expect.stringMatching(reason) });
  });

  it('brings nothing else into the events, whatever attributes it has', async () => {
    const plain = await factsIn(statement(trade()));
    const secrets = { acctAlias: 'SECRET', traderID: 'SECRET', description: 'SECRET', orderReference: 'SECRET', clearingFirmID: 'SECRET', password: 'SECRET', isin: 'SECRET', cost: 'SECRET' };
    expect(await factsIn(statement(trade(secrets)))).toEqual(plain);
  });
});

describe('elements that tell no trade', () => {
  it.each([
    [element('Order', { symbol: 'ACME', levelOfDetail: 'ORDER' }), 'element Order'],
    [element('CashTransaction', { amount: '1' }), 'element CashTransaction'],
    [trade({ levelOfDetail: 'ORDER' }), 'Trade of the level ORDER'],
    [trade({ levelOfDetail: 'CLOSED_LOT' }), 'Trade of the level CLOSED_LOT'],
    [confirm({ levelOfDetail: 'SYMBOL_SUMMARY' }), 'TradeConfirm of the level SYMBOL_SUMMARY'],
  ])('are skipped and counted: %#', async (text, reason) => {
    expect(await parsed(statement(text))).toEqual([{ kind: 'skipped', reason }]);
  });
});

const SECOND: Attributes = { tradeID: '9100000002', transactionID: '31000000002', ibExecID: '0000d514.67400002.01.01', quantity: '50', tradeTime: '093407' };

/** Elements of one order, and what it comes to in any order of arrival. */
const CASES: readonly (readonly [string, readonly string[], string])[] = [
  ['two partial fills', [trade(), trade(SECOND)], '150/0 @ 20'],
  ['a cancelled trade', [trade(), trade(SECOND), cancel('9100000002', { quantity: '-50' })], '100/0 @ 20'],
  ['a cancel that is not signed', [trade(), trade(SECOND), cancel('9100000002', { quantity: '50' })], '100/0 @ 20'],
  ['a cancel that names the execution', [trade(), trade(SECOND), cancel('', { ibExecID: '0000d514.67400002.01.01' })], '100/0 @ 20'],
  ['a new version alone', [trade(), trade(SECOND), trade({ ...SECOND, ibExecID: '0000d514.67400002.01.02', quantity: '40' })], '140/0 @ 20'],
  ['a new version under another tradeID', [trade(SECOND), trade({ ...SECOND, tradeID: '9100000009', ibExecID: '0000d514.67400002.01.02', quantity: '40' })], '40/0 @ 20'],
  ['a third version', [trade(SECOND), trade({ ...SECOND, ibExecID: '0000d514.67400002.01.02', quantity: '40' }), trade({ ...SECOND, ibExecID: '0000d514.67400002.01.03', tradePrice: '21' })], '50/0 @ 21'],
  ['a trade that was cancelled and booked anew', [trade(), trade(SECOND), cancel('9100000002', { quantity: '-50' }), trade({ ...SECOND, ibExecID: '0000d514.67400002.01.02', quantity: '40' })], '140/0 @ 20'],
  ['a correction that names the trade', [trade(), trade(SECOND), trade({ ...SECOND, tradeID: '9100000009', ibExecID: '0000d514.67400009.01.01', notes: 'Co;P', origTradeID: '9100000002', quantity: '40' })], '140/0 @ 20'],
  ['a cancel of an order id of its own', [trade(), trade(SECOND), cancel('9100000002', { ibOrderID: '', origOrderID: '800000001' })], '100/0 @ 20'],
  ['a cancel that names the transaction', [trade({ ibExecID: '' }), trade({ ...SECOND, ibExecID: '' }), cancel('', { tradeID: '9100000099', origTransactionID: '31000000002', quantity: '-50' })], '100/0 @ 20'],
  ['an activity and its confirmation', [trade(), confirm(), trade(SECOND), confirm(SECOND)], '150/0 @ 20'],
];

describe('the trades of an order', () => {
  it.each(CASES)('with %s come out the same in any order and doubled', async (_what, elements, expected) => {
    const facts = await factsIn(statement(...elements, ...elements));
    const shuffled = fc.shuffledSubarray([...facts], { minLength: facts.length });
    fc.assert(
      fc.property(shuffled, (arrived) => {
        expect(figuresOf(arrived)).toEqual({ 800000001: `partially_filled 0/${expected}` });
      }),
      { numRuns: 60 },
    );
  });

  it('of several accounts are orders of those accounts', async () => {
    const facts = await factsIn(queryOf(statementOf('U1', [trade({ accountId: '' }), trade({ accountId: '-', ...SECOND })]), statementOf('U2', [trade({ accountId: 'U2' })]), statementOf('', [trade({ accountId: '' })])), { account: 'mine' });
    expect(facts.map(({ context }) => context.accountId)).toEqual(['U1', 'U1', 'U2', 'mine']);
    expect(new Set(facts.map(({ aliases }) => JSON.stringify(aliases[0]))).size).toBe(3);
  });

  it('whose attributes are any text are facts, skips or reasons', async () => {
    const names = Object.keys(STOCK_TRADE);
    const parser = openAdapter(ibkrAdapter);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...names), fc.oneof(fc.string({ maxLength: 300 }), fc.constantFrom('', '0', '-1', '1e9', '--', '9'.repeat(70)))), { maxLength: 4 }), (edits) => {
        const message = JSON.stringify({ element: 'Trade', attributes: { ...STOCK_TRADE, ...Object.fromEntries(edits) } });
        expect(['facts', 'skipped', 'malformed']).toContain(parser.parse(message, 1).kind);
      }),
      { numRuns: 500 },
    );
  });
});
