import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiStack, at, listAt, textAt } from './api.js';
import type { ApiServer } from './api.js';
import { CLOSE, fact, OPEN, orderTerms, positionTerms, RECORD, SET_TARGET, target } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
});
afterAll(() => stack?.close());

const INSTRUMENT = { symbol: 'SPY 450/445 put spread', securityType: 'OPTION', multiplier: '100', quoteCurrency: 'USD' };
const open = async (name: string, terms: object = {}): Promise<string> => textAt(await api.ask(OPEN, { input: { idempotencyKey: name, terms: positionTerms(terms) } }), 'openPosition.positionId');
const setTarget = (positionId: string, targetKey: string, changes: object): Promise<unknown> =>
  api.ask(SET_TARGET, { input: { positionId, idempotencyKey: targetKey, target: target(targetKey, changes) } });

/** A trade that buys some of the spread back. */
const bought = (clOrdId: string, execId: string, lastQty: string, lastPx: string, changes: object = {}): object =>
  fact('EXECUTION_RECORDED', clOrdId, {
    terms: orderTerms({ instrument: INSTRUMENT, side: 'BUY', positionEffect: 'CLOSE', orderQty: '4' }),
    execution: { execId, side: 'BUY', lastQty, lastPx, instrument: INSTRUMENT, fees: [{ amount: '1.25', currency: 'USD' }, { amount: '0.01', currency: 'BNB' }] },
    ...changes,
  });
const record = async (one: object): Promise<string> => textAt(await api.ask(RECORD, { fact: one }), 'recordBrokerFact.position');

const PNL = 'realisedPnl { amount currency } realisedPnlNet { amount currency } realisedPnlBasis fees { amount currency }';
const POSITION = `query ($id: ID!, $waitFor: LogPosition) {
  position(id: $id, waitFor: $waitFor, settled: true) {
    status ${PNL} fills { execId version live effect targetKey side qty px multiplier fees { amount } order { clOrdId } }
    targets { targetKey kind status ${PNL} reconciliation(costMethod: FIFO) { currency basis ownPnl bookPnl difference filledQty matchedQty } }
    closeStatus closeReason closeQty closeOrderId closeEndReason closeOrder { clOrdId orderQty side ordType }
  }
}`;

describe('a position', () => {
  it('shows its fills, what was realised of it and of each target, and the fees', async () => {
    const id = await open('pnl');
    await setTarget(id, 'a', { orderRef: 'pnl-a' });
    await setTarget(id, 'b', { orderRef: 'pnl-b', kind: 'STOP_LOSS', originalCredit: null, quantity: '2' });
    await record(bought('pnl-a', 'X1', '1', '0.90'));
    await record(bought('pnl-b', 'X1', '2', '2.00', { occurredAt: '2026-11-20T14:30:02Z' }));
    await record(bought('pnl-a', 'X2', '1', '0.80', { occurredAt: '2026-11-20T14:30:03Z' }));
    const waitFor = await record(fact('EXECUTION_BUSTED', 'pnl-a', { execId: 'X3', execRefId: 'X2', occurredAt: '2026-11-20T14:30:04Z' }));

    const position = at(await api.ask(POSITION, { id, waitFor }), 'position');

    expect(position).toMatchObject({
      status: 'OPEN',
      realisedPnl: { amount: '-40', currency: 'USD' },
      realisedPnlNet: { amount: '-42.5', currency: 'USD' },
      realisedPnlBasis: 'POSITION_CREDIT',
      fees: [{ amount: '0.02', currency: 'BNB' }, { amount: '2.5', currency: 'USD' }],
      closeStatus: null,
      closeOrder: null,
    });
    expect(listAt(position, 'fills')).toMatchObject([
      { execId: 'X1', version: 1, live: true, effect: 'CLOSE', targetKey: 'a', side: 'BUY', qty: '1', px: '0.9', multiplier: '100', order: { clOrdId: 'pnl-a' } },
      { execId: 'X1', version: 1, live: true, targetKey: 'b', qty: '2', px: '2', order: { clOrdId: 'pnl-b' } },
      { execId: 'X2', version: 2, live: false, targetKey: 'a' },
    ]);
    expect(listAt(position, 'targets')).toMatchObject([
      { targetKey: 'a', kind: 'PROFIT', status: 'PARTIALLY_FILLED', realisedPnl: { amount: '60' }, realisedPnlNet: { amount: '58.75' }, realisedPnlBasis: 'OWN_CREDIT', reconciliation: { ownPnl: '60', filledQty: '1' } },
      { targetKey: 'b', kind: 'STOP_LOSS', status: 'FILLED', realisedPnl: { amount: '-100' }, realisedPnlBasis: 'POSITION_CREDIT' },
    ]);
  });

  it('whose opening cost is not known has no realised P&L', async () => {
    const id = await open('unknown', { openPrice: null, originalCredit: null });
    const waitFor = textAt(await setTarget(id, 'a', { originalCredit: null }), 'setTarget.position');
    const position = at(await api.ask(POSITION, { id, waitFor }), 'position');
    expect(position).toMatchObject({ realisedPnl: null, realisedPnlNet: null, realisedPnlBasis: null, fees: [], targets: [{ realisedPnl: null, reconciliation: { ownPnl: null, difference: null, bookPnl: '0' } }] });
  });

  it('gives its fills in pages, all of them or those of one target', async () => {
    const id = await open('pages');
    await setTarget(id, 'a', { orderRef: 'pages-a' });
    await setTarget(id, 'b', { orderRef: 'pages-b', quantity: '3' });
    let waitFor = '';
    for (const n of [1, 2, 3]) {
      await record(bought('pages-a', `A${n}`, '1', '0.90', { occurredAt: `2026-11-20T14:31:0${n}Z` }));
      waitFor = await record(bought('pages-b', `B${n}`, '1', '0.90', { occurredAt: `2026-11-20T14:31:0${n}.5Z` }));
    }
    const FILLS = `query ($filter: PositionFillFilter!, $after: String, $waitFor: LogPosition) {
      positionFills(filter: $filter, first: 2, after: $after, waitFor: $waitFor, settled: true) { edges { node { execId } } pageInfo { hasNextPage endCursor } }
    }`;
    const walk = async (filter: object): Promise<readonly string[]> => {
      const found: string[] = [];
      for (let after: unknown = null; ; ) {
        const page = at(await api.ask(FILLS, { filter, after, waitFor }), 'positionFills');
        found.push(...listAt(page, 'edges').map((edge) => textAt(edge, 'node.execId')));
        if (at(page, 'pageInfo.hasNextPage') !== true) return found;
        after = at(page, 'pageInfo.endCursor');
      }
    };
    expect(await walk({ positionId: id })).toEqual(['A1', 'B1', 'A2', 'B2', 'A3', 'B3']);
    expect(await walk({ positionId: id, targetKey: 'b' })).toEqual(['B1', 'B2', 'B3']);
    expect(await walk({ positionId: id, live: false })).toEqual([]);
  });
});

describe('unfilled targets', () => {
  it('are listed by kind', async () => {
    const id = await open('kinds');
    await setTarget(id, 'take', {});
    const waitFor = textAt(await setTarget(id, 'stop', { kind: 'STOP_LOSS', quantity: '2' }), 'setTarget.position');
    const keysOf = async (kind: string): Promise<readonly unknown[]> =>
      listAt(
        await api.ask(`query ($filter: UnfilledTargetFilter, $waitFor: LogPosition) { unfilledTargets(filter: $filter, waitFor: $waitFor) { edges { node { targetKey kind } } } }`, {
          filter: { positionId: id, kind },
          waitFor,
        }),
        'unfilledTargets.edges',
      );
    expect(await keysOf('PROFIT')).toEqual([{ node: { targetKey: 'take', kind: 'PROFIT' } }]);
    expect(await keysOf('STOP_LOSS')).toEqual([{ node: { targetKey: 'stop', kind: 'STOP_LOSS' } }]);
  });
});

const close = (positionId: string, key: string, changes: object = {}): Promise<unknown> =>
  api.ask(CLOSE, { input: { positionId, idempotencyKey: key, reason: 'EXPIRY', order: { ordType: 'LIMIT', price: '1.10', timeInForce: 'DAY' }, ...changes } });
const errorsOf = async (answer: Promise<unknown>): Promise<unknown> => at(await answer, 'closePosition.errors');

describe('closing a position', () => {
  it('cancels its targets and places one order for what is left, which closes it', async () => {
    const id = await open('close');
    await setTarget(id, 'a', {});
    const asked = at(await close(id, 'close-all'), 'closePosition');
    expect(asked).toMatchObject({ outcome: 'APPLIED', positionId: id, eventCount: 2, errors: [] });
    const closing = at(await api.ask(POSITION, { id, waitFor: at(asked, 'position') }), 'position');
    expect(closing).toMatchObject({
      closeStatus: 'SIZED',
      closeReason: 'EXPIRY',
      closeQty: '10',
      closeOrder: { clOrdId: 'close-all', orderQty: '10', side: 'BUY', ordType: 'LIMIT' },
      targets: [{ targetKey: 'a', status: 'CANCELLED' }],
    });
    const waitFor = await record(fact('EXECUTION_RECORDED', 'close-all', { execution: { execId: 'C1', side: 'BUY', lastQty: '10', lastPx: '1.10', instrument: INSTRUMENT } }));
    expect(at(await api.ask(POSITION, { id, waitFor }), 'position')).toMatchObject({ status: 'CLOSED', closeStatus: 'FILLED', closeEndReason: null, realisedPnl: { amount: '400' } });
  });

  it('is applied once under its key, and refused with what is wrong', async () => {
    const id = await open('close-refused');
    expect(await errorsOf(close(id, 'k1', { order: { ordType: 'LIMIT' } }))).toEqual([{ code: 'INVALID_TERMS', message: 'price: an order of type limit needs one', field: 'order.price' }]);
    expect(await errorsOf(close(id, 'k1', { order: { ordType: 'LIMIT', price: 'x' } }))).toEqual([{ code: 'BAD_USER_INPUT', message: 'order.price: must be a plain decimal in quotes, such as "12.50"', field: 'order.price' }]);
    expect(await errorsOf(close(id, 'k1', { clOrdId: 'NONE' }))).toEqual([{ code: 'INVALID_TERMS', message: 'clOrdId: is no id: "NONE"', field: 'clOrdId' }]);
    expect(await errorsOf(close('no-such-position', 'k1'))).toMatchObject([{ code: 'POSITION_NOT_FOUND' }]);
    expect(at(await close(id, 'k1', { clOrdId: 'refused-1' }), 'closePosition')).toMatchObject({ outcome: 'APPLIED' });
    expect(at(await close(id, 'k1', { clOrdId: 'refused-1' }), 'closePosition')).toMatchObject({ outcome: 'DUPLICATE', duplicate: true });
    expect(await errorsOf(close(id, 'k1', { clOrdId: 'refused-2' }))).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey' }]);
    expect(await errorsOf(close(id, 'k2'))).toEqual([{ code: 'POSITION_CLOSING', message: 'positionId: the position is being closed by order refused-1', field: 'positionId' }]);
  });
});
