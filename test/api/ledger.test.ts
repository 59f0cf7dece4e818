import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiStack, at, listAt, textAt, tokenOf } from './api.js';
import type { ApiServer } from './api.js';
import { fact, orderTerms, RECORD_MANY, trade } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;
/** After the opening trades, after the closing one, and after the bust. */
let places: readonly string[] = [];

const executed = (name: string, side: string, lastQty: string, lastPx: string, changes: object = {}): object =>
  trade(name, `${name}-1`, { terms: orderTerms({ side }), execution: { execId: `${name}-1`, lastQty, lastPx, fees: [{ amount: '0.35', currency: 'USD' }] }, tradingDay: '2026-11-20', ...changes });

const record = async (...facts: readonly object[]): Promise<string> => textAt(await api.ask(RECORD_MANY, { facts }), 'recordBrokerFacts.position');

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
  const opened = await record(executed('first', 'BUY', '10', '10'));
  const openedMore = await record(executed('second', 'BUY', '10', '12'));
  const closed = await record(executed('closing', 'SELL', '15', '13'));
  const elsewhere = await record(executed('elsewhere', 'BUY', '1', '50', { accountId: 'second' }));
  const busted = await record(fact('EXECUTION_BUSTED', 'first', { execRefId: 'first-1', execId: 'first-bust' }));
  places = [opened, openedMore, closed, elsewhere, busted];
});
afterAll(() => stack?.close());

const BALANCES = `query ($accountId: String, $costMethod: CostMethod!, $asOf: LogPosition, $waitFor: LogPosition) {
  trialBalance(accountId: $accountId, costMethod: $costMethod, asOf: $asOf, waitFor: $waitFor) { accountId environment account unit amount }
}`;

async function balances(variables: object): Promise<Record<string, unknown>> {
  const data = await api.ask(BALANCES, { accountId: 'main', waitFor: places[4], ...variables });
  return Object.fromEntries(listAt(data, 'trialBalance').map((row) => [`${String(at(row, 'account'))} ${String(at(row, 'unit'))}`, at(row, 'amount')]));
}

describe('the trial balance', () => {
  it('is that of one cost method, as of any place in the log', async () => {
    const [, openedMore, closed, , busted] = places;
    const bought = { 'CASH USD': '-220.7', 'FEES USD': '0.7', 'INSTRUMENT ACME': '20', 'INSTRUMENT_TRADING ACME': '-20', 'TRADING USD': '220' };
    expect(await balances({ costMethod: 'FIFO', asOf: openedMore })).toEqual(bought);
    expect(await balances({ costMethod: 'AVERAGE', asOf: openedMore })).toEqual(bought);
    const sold = { 'CASH USD': '-26.05', 'FEES USD': '1.05', 'INSTRUMENT ACME': '5', 'INSTRUMENT_TRADING ACME': '-5' };
    expect(await balances({ costMethod: 'FIFO', asOf: closed })).toEqual({ ...sold, 'REALISED_PNL USD': '-35', 'TRADING USD': '60' });
    expect(await balances({ costMethod: 'AVERAGE', asOf: closed })).toEqual({ ...sold, 'REALISED_PNL USD': '-30', 'TRADING USD': '55' });
    // Without the first one: 10 bought at 12, 15 sold at 13, so that 5 are short.
    const left = { 'CASH USD': '74.3', 'FEES USD': '0.7', 'INSTRUMENT ACME': '-5', 'INSTRUMENT_TRADING ACME': '5', 'REALISED_PNL USD': '-10', 'TRADING USD': '-65' };
    expect(await balances({ costMethod: 'FIFO' })).toEqual(left);
    expect(await balances({ costMethod: 'AVERAGE' })).toEqual(left);
    expect(await balances({ costMethod: 'FIFO', asOf: busted })).toEqual(left);
  });

  it('is of one account, or of all that the viewer has, each apart', async () => {
    const data = await api.ask(BALANCES, { costMethod: 'FIFO', waitFor: places[4] });
    expect(new Set(listAt(data, 'trialBalance').map((row) => at(row, 'accountId')))).toEqual(new Set(['main', 'second']));
    const server = await stack.serveWithTokens();
    const second = await server.ask(BALANCES, { costMethod: 'FIFO' }, await tokenOf({ accounts: ['second'] }));
    expect(new Set(listAt(second, 'trialBalance').map((row) => at(row, 'accountId')))).toEqual(new Set(['second']));
    expect(listAt(await server.ask(BALANCES, { accountId: 'main', costMethod: 'FIFO' }, await tokenOf({ accounts: ['second'] })), 'trialBalance')).toEqual([]);
  });

  it('has a limit', async () => {
    const server = await stack.serve({ limits: { trialBalanceRows: 4 } });
    expect(at(await server.errorOf(BALANCES, { costMethod: 'FIFO' }), 'extensions')).toMatchObject({ code: 'LIMIT_EXCEEDED', field: 'accountId' });
  });
});

const POSTINGS = `query ($filter: PostingFilter, $first: Int, $after: String, $waitFor: LogPosition) {
  postings(filter: $filter, first: $first, after: $after, waitFor: $waitFor) {
    edges { node { orderId execId entry leg kind reversesEntry executionVersion costMethod account unit amount matchedExecId matchedQty tradingDay postedPosition } } pageInfo { hasNextPage endCursor }
  }
}`;

async function postings(filter: object, first: number): Promise<unknown[]> {
  const nodes: unknown[] = [];
  for (let after: unknown; ; ) {
    const data = await api.ask(POSTINGS, { filter, first, after, waitFor: places[4] });
    nodes.push(...listAt(data, 'postings.edges').map((edge) => at(edge, 'node')));
    if (at(data, 'postings.pageInfo.hasNextPage') !== true) return nodes;
    after = at(data, 'postings.pageInfo.endCursor');
  }
}

const line = (node: unknown): unknown[] => ['entry', 'kind', 'reversesEntry', 'costMethod', 'amount', 'matchedExecId', 'matchedQty'].map((field) => at(node, field));

describe('postings', () => {
  it('come in the order in which they were made, each once, whatever the size of the pages', async () => {
    const all = await postings({}, 500);
    expect(all.length).toBeGreaterThan(30);
    expect(await postings({}, 3)).toEqual(all);
    const positions = all.map((node) => BigInt(textAt(node, 'postedPosition')));
    expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  it('are found by execution: what was posted, and what the bust of another one reversed', async () => {
    const closing = await postings({ execId: 'closing-1', account: 'REALISED_PNL' }, 50);
    expect(closing.map((node) => line(node))).toEqual([
      [3, 'REALISED', null, 'FIFO', '-30', 'first-1', '10'],
      [4, 'REALISED', null, 'FIFO', '-5', 'second-1', '5'],
      [5, 'REALISED', null, 'AVERAGE', '-30', null, '15'],
      [6, 'REVERSAL', 3, 'FIFO', '30', 'first-1', '-10'],
      [7, 'REVERSAL', 4, 'FIFO', '5', 'second-1', '-5'],
      [8, 'REVERSAL', 5, 'AVERAGE', '30', null, '-15'],
      [9, 'REALISED', null, 'FIFO', '-10', 'second-1', '10'],
      [10, 'REALISED', null, 'AVERAGE', '-10', null, '10'],
    ]);
  });

  it('take cursors of the same walk only', async () => {
    const data = await api.ask(POSTINGS, { first: 1, waitFor: places[4] });
    const after = at(data, 'postings.pageInfo.endCursor');
    const error = await api.errorOf(POSTINGS, { filter: { symbol: 'ACME' }, first: 1, after });
    expect(at(error, 'extensions.code')).toBe('CURSOR_MISMATCH');
    const place = { v: 1, sort: 'postings in the order in which they were made', filter: '', store: stack.storeId, at: ['1', 'o', 'e', '99999999999', '1'] };
    expect(at(await api.errorOf(POSTINGS, { after: Buffer.from(JSON.stringify(place)).toString('base64url') }), 'extensions.code')).toBe('CURSOR_MISMATCH');
  });
});

describe('open lots and realised P&L', () => {
  it('are what is left after the bust', async () => {
    const data = await api.ask(
      `query ($waitFor: LogPosition) {
        openLots(waitFor: $waitFor) { edges { node { execId accountId symbol quantity price multiplier cost { amount currency } tradingDay } } }
        realisedPnl(filter: { costMethod: AVERAGE }) { edges { node { accountId symbol tradingDay costMethod realised { amount currency } } } }
      }`,
      { waitFor: places[4] },
    );
    const lot = { symbol: 'ACME', multiplier: '1', tradingDay: '2026-11-20' };
    expect(listAt(data, 'openLots.edges').map((edge) => at(edge, 'node'))).toEqual([
      { ...lot, execId: 'closing-1', accountId: 'main', quantity: '-5', price: '13', cost: { amount: '-65', currency: 'USD' } },
      { ...lot, execId: 'elsewhere-1', accountId: 'second', quantity: '1', price: '50', cost: { amount: '50', currency: 'USD' } },
    ]);
    expect(listAt(data, 'realisedPnl.edges').map((edge) => at(edge, 'node'))).toEqual([
      { accountId: 'main', symbol: 'ACME', tradingDay: '2026-11-20', costMethod: 'AVERAGE', realised: { amount: '10', currency: 'USD' } },
    ]);
  });

  it('are read in pages', async () => {
    const query = 'query ($after: String, $waitFor: LogPosition) { openLots(first: 1, after: $after, waitFor: $waitFor) { edges { node { execId } } pageInfo { endCursor hasNextPage } } }';
    const first = await api.ask(query, { waitFor: places[4] });
    expect(at(first, 'openLots.pageInfo.hasNextPage')).toBe(true);
    const second = await api.ask(query, { after: at(first, 'openLots.pageInfo.endCursor') });
    expect([first, second].map((page) => at(page, 'openLots.edges.0.node.execId'))).toEqual(['closing-1', 'elsewhere-1']);
    expect(at(second, 'openLots.pageInfo.hasNextPage')).toBe(false);
  });
});
