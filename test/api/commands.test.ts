import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiStack, at, textAt } from './api.js';
import type { ApiServer } from './api.js';
import { CANCEL, CANCEL_TARGET, fact, OPEN, orderTerms, PLACE, positionTerms, RECORD, RECORD_MANY, REPLACE, SET_TARGET, target, trade } from './inputs.js';

let stack: ApiStack;
let api: ApiServer;

beforeAll(async () => {
  stack = await ApiStack.open();
  api = await stack.serve();
});
afterAll(() => stack?.close());

const ORDER = `query ($id: ID, $clOrdId: String, $waitFor: LogPosition) {
  order(id: $id, clOrdId: $clOrdId, waitFor: $waitFor) {
    id clOrdId brokerOrderId ordStatus orderQty cumQty leavesQty avgPx price side environment symbol sourceSymbol multiplier tradingDay
    executions { execId version status lastQty lastPx fees { amount currency } order { clOrdId } }
  }
}`;

describe('an order', () => {
  it('is placed, and read by the position that the mutation gave', async () => {
    const placed = at(await api.ask(PLACE, { input: { clOrdId: 'place-1', terms: orderTerms() } }), 'placeOrder');
    expect(placed).toMatchObject({ outcome: 'APPLIED', duplicate: false, revision: '0', eventCount: 1, errors: [] });

    const order = await api.ask(ORDER, { id: at(placed, 'orderId'), waitFor: at(placed, 'position') });

    expect(at(order, 'order')).toMatchObject({
      id: at(placed, 'orderId'),
      clOrdId: 'place-1',
      ordStatus: 'PENDING_NEW',
      orderQty: '100',
      cumQty: '0',
      leavesQty: '100',
      avgPx: '0',
      price: '10.5',
      side: 'BUY',
      environment: 'PAPER',
      symbol: 'ACME',
      sourceSymbol: 'ACME',
      multiplier: '1',
      executions: [],
    });
  });

  it('that is placed again under its ClOrdID is a duplicate, whatever the spelling of its decimals', async () => {
    const first = await api.ask(PLACE, { input: { clOrdId: 'place-2', terms: orderTerms() } });
    const second = await api.ask(PLACE, { input: { clOrdId: 'place-2', terms: orderTerms({ price: '10.5', orderQty: '100.00' }) } });
    expect(at(second, 'placeOrder')).toMatchObject({ outcome: 'DUPLICATE', duplicate: true, orderId: at(first, 'placeOrder.orderId'), position: at(first, 'placeOrder.position'), errors: [] });
  });

  it('is refused under a ClOrdID that has other terms', async () => {
    await api.ask(PLACE, { input: { clOrdId: 'place-3', terms: orderTerms() } });
    const second = await api.ask(PLACE, { input: { clOrdId: 'place-3', terms: orderTerms({ orderQty: '200' }) } });
    expect(at(second, 'placeOrder')).toMatchObject({ outcome: 'REJECTED', position: null, errors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: 'clOrdId', message: 'clOrdId: "place-3" was used before with another input' }] });
  });

  it('is not changed under a key that was used for another request, and the error says which key as it was given', async () => {
    const orderId = textAt(await api.ask(PLACE, { input: { clOrdId: 'keys', terms: orderTerms() } }), 'placeOrder.orderId');
    const reused = { code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey', message: 'idempotencyKey: "k" was used before with another input' };

    await api.ask(REPLACE, { input: { orderId, idempotencyKey: 'k', change: { price: '11' } } });
    const replaced = await api.ask(REPLACE, { input: { orderId, idempotencyKey: 'k', change: { price: '12' } } });
    await api.ask(CANCEL, { input: { orderId, idempotencyKey: 'k', clOrdId: 'keys-c1' } });
    const cancelled = await api.ask(CANCEL, { input: { orderId, idempotencyKey: 'k', clOrdId: 'keys-c2' } });

    expect(at(replaced, 'requestReplace.errors')).toEqual([reused]);
    expect(at(cancelled, 'requestCancel.errors')).toEqual([reused]);
  });

  it('is accepted, filled in part, replaced and cancelled by what the broker says', async () => {
    const placed = await api.ask(PLACE, { input: { clOrdId: 'life', terms: orderTerms() } });
    const id = textAt(placed, 'placeOrder.orderId');
    await api.ask(RECORD, { fact: fact('ORDER_ACCEPTED', 'life', { refs: { clOrdId: 'life', brokerOrderId: 'B-1' } }) });
    const filled = await api.ask(RECORD, {
      fact: fact('EXECUTION_RECORDED', 'life', {
        refs: { brokerOrderId: 'B-1' },
        occurredAt: '2026-11-20T14:30:02Z',
        execution: { execId: 'X1', side: 'BUY', lastQty: '40', lastPx: '10.25', instrument: { symbol: 'ACME', securityType: 'EQUITY', quoteCurrency: 'USD' }, fees: [{ amount: '0.350', currency: 'USD' }] },
      }),
    });
    expect(at(filled, 'recordBrokerFact')).toMatchObject({ outcome: 'APPLIED', orderId: id });
    const asked = await api.ask(REPLACE, { input: { orderId: id, idempotencyKey: 'life-r1', change: { orderQty: '50' } } });
    expect(at(asked, 'requestReplace')).toMatchObject({ outcome: 'APPLIED', errors: [] });
    await api.ask(RECORD, { fact: fact('ORDER_REPLACED', 'life-r1', { refs: { clOrdId: 'life-r1', origClOrdId: 'life' }, occurredAt: '2026-11-20T14:30:03Z', change: { orderQty: '50' } }) });
    const cancel = await api.ask(CANCEL, { input: { orderId: id, idempotencyKey: 'life-c1' } });
    expect(at(cancel, 'requestCancel')).toMatchObject({ outcome: 'APPLIED', errors: [] });
    const canceled = await api.ask(RECORD, { fact: fact('ORDER_CANCELED', 'life-c1', { refs: { clOrdId: 'life-c1', origClOrdId: 'life-r1' }, occurredAt: '2026-11-20T14:30:04Z' }) });

    const order = await api.ask(ORDER, { id, waitFor: at(canceled, 'recordBrokerFact.position') });

    expect(at(order, 'order')).toMatchObject({
      ordStatus: 'CANCELED',
      orderQty: '50',
      cumQty: '40',
      leavesQty: '0',
      avgPx: '10.25',
      brokerOrderId: 'B-1',
      executions: [{ execId: 'X1', version: 1, status: 'LIVE', lastQty: '40', lastPx: '10.25', fees: [{ amount: '0.35', currency: 'USD' }] }],
    });
  });

  it('that is not known cannot be changed, and the error names the field', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    const cancel = await api.ask(CANCEL, { input: { orderId: id, idempotencyKey: 'k' } });
    expect(at(cancel, 'requestCancel')).toMatchObject({ outcome: 'REJECTED', errors: [{ code: 'ORDER_NOT_FOUND', field: 'orderId' }] });
    const odd = await api.ask(CANCEL, { input: { orderId: '$all', idempotencyKey: 'k' } });
    expect(at(odd, 'requestCancel.errors.0.code')).toBe('ORDER_NOT_FOUND');
  });
});

describe('facts', () => {
  it('open an order where none is known, and are duplicates when they come again', async () => {
    const first = await api.ask(RECORD, { fact: trade('phoned', 'P1') });
    const again = await api.ask(RECORD, { fact: trade('phoned', 'P1') });
    expect(at(first, 'recordBrokerFact')).toMatchObject({ outcome: 'APPLIED', duplicate: false });
    expect(at(again, 'recordBrokerFact')).toMatchObject({ outcome: 'DUPLICATE', duplicate: true, orderId: at(first, 'recordBrokerFact.orderId') });
  });

  it('without terms and order are parked, listed, and taken up when the order appears', async () => {
    const parked = await api.ask(RECORD, { fact: fact('ORDER_ACCEPTED', 'later', {}) });
    expect(at(parked, 'recordBrokerFact')).toMatchObject({ outcome: 'PARKED', orderId: null });
    const LISTED = 'query ($waitFor: LogPosition, $settled: Boolean) { parkedFacts(waitFor: $waitFor, settled: $settled) { edges { node { aliasId status factType orderId } } } }';
    const listed = await api.ask(LISTED, { waitFor: at(parked, 'recordBrokerFact.position') });
    expect(at(listed, 'parkedFacts.edges')).toContainEqual({ node: { aliasId: 'later', status: 'PARKED', factType: 'OrderAccepted', orderId: null } });

    const placed = await api.ask(PLACE, { input: { clOrdId: 'later', terms: orderTerms() } });
    const taken = await api.ask(LISTED, { waitFor: at(placed, 'placeOrder.position'), settled: true });
    expect(at(taken, 'parkedFacts.edges')).toContainEqual({ node: { aliasId: 'later', status: 'TAKEN_UP', factType: 'OrderAccepted', orderId: at(placed, 'placeOrder.orderId') } });
  });

  it('in bulk have a result each, in order, and one bad input spoils no other', async () => {
    const facts = [
      trade('bulk-1', 'E1'),
      trade('bulk-2', 'E1', { execution: { execId: 'E1', lastQty: 'ten', lastPx: '10' } }),
      trade('bulk-1', 'E2', { occurredAt: '2026-11-20T14:30:02Z' }),
      trade('bulk-1', 'E1'),
      fact('ORDER_ACCEPTED', 'bulk-3', { occurredAt: 'yesterday' }),
      fact('ORDER_ACCEPTED', 'bulk-4', { execution: { execId: 'E1', lastQty: '1', lastPx: '1' } }),
    ];

    const recorded = at(await api.ask(RECORD_MANY, { facts }), 'recordBrokerFacts');

    expect(recorded).toMatchObject({ applied: 2, duplicates: 1, parked: 0, rejected: 3 });
    expect(at(recorded, 'results')).toMatchObject([
      { outcome: 'APPLIED' },
      { outcome: 'REJECTED', errors: [{ code: 'BAD_USER_INPUT', field: 'execution.lastQty' }] },
      { outcome: 'APPLIED' },
      { outcome: 'DUPLICATE' },
      { outcome: 'REJECTED', errors: [{ code: 'BAD_USER_INPUT', field: 'occurredAt' }] },
      { outcome: 'REJECTED', errors: [{ code: 'BAD_USER_INPUT', field: 'execution' }] },
    ]);
    const order = await api.ask(ORDER, { clOrdId: 'bulk-1', waitFor: at(recorded, 'position') });
    expect(at(order, 'order')).toMatchObject({ cumQty: '20', leavesQty: '80', avgPx: '10.5' });
  });

  it('in bulk are at most 1,000', async () => {
    const { body } = await api.post(RECORD_MANY, { facts: Array.from({ length: 1_001 }, () => fact('ORDER_ACCEPTED', 'x')) });
    expect(at(body, 'errors.0.extensions')).toMatchObject({ code: 'BAD_USER_INPUT', field: 'facts' });
  });

  it('a thousand of them are recorded and counted', async () => {
    const facts = Array.from({ length: 1_000 }, (_, index) => trade(`thousand-${index % 100}`, `T${index}`, { occurredAt: `2026-11-20T14:30:02.${String(index).padStart(4, '0')}Z` }));
    const recorded = at(await api.ask(RECORD_MANY, { facts }), 'recordBrokerFacts');
    expect(recorded).toMatchObject({ applied: 1_000, rejected: 0 });
    const order = await api.ask(ORDER, { clOrdId: 'thousand-7', waitFor: at(recorded, 'position') });
    expect(at(order, 'order')).toMatchObject({ ordStatus: 'FILLED', cumQty: '100', leavesQty: '0' });
  });
});

describe('a target', () => {
  const UNFILLED = `query ($waitFor: LogPosition, $settled: Boolean, $positionId: String) {
    unfilledTargets(filter: { positionId: $positionId }, waitFor: $waitFor, settled: $settled) {
      edges { node { targetKey status percent targetPrice quantity filledQty originalCredit { amount currency } orderRef orderId position { id symbol openQty unfilledTargetCount } } }
    }
  }`;
  const POSITION = `query ($id: ID!, $waitFor: LogPosition, $settled: Boolean) {
    position(id: $id, waitFor: $waitFor, settled: $settled) { status openQty closedQty targetCount unfilledTargetCount targets { targetKey status filledQty avgFillPx order { clOrdId cumQty } } }
  }`;

  it('is set, reported while it is unfilled, and filled by its order', async () => {
    const opened = at(await api.ask(OPEN, { input: { idempotencyKey: 'spread-1', terms: positionTerms() } }), 'openPosition');
    const positionId = textAt(opened, 'positionId');
    await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 't1', target: target('put_spread_1_40', { orderRef: 'close-1' }) } });
    const set = await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 't2', target: target('put_spread_1_60', { percent: '60.00', quantity: '6' }) } });

    const unfilled = await api.ask(UNFILLED, { waitFor: at(set, 'setTarget.position'), positionId });
    expect(at(unfilled, 'unfilledTargets.edges')).toMatchObject([
      { node: { targetKey: 'put_spread_1_40', status: 'ACTIVE', percent: '40', targetPrice: '0.9', filledQty: '0', originalCredit: { amount: '600', currency: 'USD' }, orderRef: 'close-1', position: { id: positionId, openQty: '10', unfilledTargetCount: 2 } } },
      { node: { targetKey: 'put_spread_1_60', percent: '60', position: { id: positionId } } },
    ]);

    const spread = { symbol: 'SPY 450/445 put spread', securityType: 'OPTION', multiplier: '100', quoteCurrency: 'USD' };
    const closing = orderTerms({ instrument: spread, side: 'BUY', orderQty: '4', price: '0.9' });
    const filled = await api.ask(RECORD, { fact: trade('close-1', 'C1', { terms: closing, execution: { execId: 'C1', lastQty: '4', lastPx: '0.9' } }) });
    const position = await api.ask(POSITION, { id: positionId, waitFor: at(filled, 'recordBrokerFact.position'), settled: true });

    expect(at(position, 'position')).toMatchObject({
      status: 'OPEN',
      openQty: '6',
      closedQty: '4',
      unfilledTargetCount: 1,
      targets: [
        { targetKey: 'put_spread_1_40', status: 'FILLED', filledQty: '4', avgFillPx: '0.9', order: { clOrdId: 'close-1', cumQty: '4' } },
        { targetKey: 'put_spread_1_60', status: 'ACTIVE', order: null },
      ],
    });
  });

  it('is taken back', async () => {
    const positionId = textAt(await api.ask(OPEN, { input: { idempotencyKey: 'spread-2', terms: positionTerms() } }), 'openPosition.positionId');
    await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 't1', target: target('a') } });
    const cancelled = await api.ask(CANCEL_TARGET, { input: { positionId, idempotencyKey: 'c1', targetKey: 'a', reason: 'changed my mind' } });
    expect(at(cancelled, 'cancelTarget')).toMatchObject({ outcome: 'APPLIED', errors: [] });
    const position = await api.ask(POSITION, { id: positionId, waitFor: at(cancelled, 'cancelTarget.position') });
    expect(at(position, 'position.targets')).toMatchObject([{ targetKey: 'a', status: 'CANCELLED' }]);
  });

  it('is refused with the field at fault', async () => {
    const positionId = textAt(await api.ask(OPEN, { input: { idempotencyKey: 'spread-3', terms: positionTerms() } }), 'openPosition.positionId');
    const over = await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 'p', target: target('a', { percent: '140' }) } });
    expect(at(over, 'setTarget.errors')).toMatchObject([{ code: 'PERCENT_INVALID', field: 'target.percent' }]);
    const odd = await api.ask(SET_TARGET, { input: { positionId, idempotencyKey: 'q', target: target('a', { quantity: '1e3', targetPrice: 'x' }) } });
    expect(at(odd, 'setTarget.errors')).toMatchObject([
      { code: 'BAD_USER_INPUT', field: 'target.targetPrice' },
      { code: 'BAD_USER_INPUT', field: 'target.quantity' },
    ]);
  });

  it('of a position that is opened again under its key is the same one', async () => {
    const first = at(await api.ask(OPEN, { input: { idempotencyKey: 'spread-4', terms: positionTerms() } }), 'openPosition');
    const again = at(await api.ask(OPEN, { input: { idempotencyKey: 'spread-4', terms: positionTerms() } }), 'openPosition');
    const other = at(await api.ask(OPEN, { input: { idempotencyKey: 'spread-4', terms: positionTerms({ quantity: '11' }) } }), 'openPosition');
    expect(again).toMatchObject({ outcome: 'DUPLICATE', positionId: at(first, 'positionId') });
    expect(other).toMatchObject({ outcome: 'REJECTED', errors: [{ code: 'IDEMPOTENCY_KEY_REUSED', field: 'idempotencyKey', message: 'idempotencyKey: "spread-4" was used before with another input' }] });
  });
});

describe('the audit', () => {
  it('lists the events of an order with what caused them', async () => {
    const placed = at((await api.post(PLACE, { input: { clOrdId: 'audited', terms: orderTerms() } }, { 'x-correlation-id': 'signal-42' })).body, 'data.placeOrder');
    const accepted = await api.ask(RECORD, { fact: fact('ORDER_ACCEPTED', 'audited') });
    const events = await api.ask(
      'query ($id: String, $waitFor: LogPosition) { events(filter: { orderId: $id }, waitFor: $waitFor) { edges { node { type revision actor source correlationId hash occurredAt position } } } }',
      { id: at(placed, 'orderId'), waitFor: at(accepted, 'recordBrokerFact.position') },
    );
    expect(at(events, 'events.edges')).toMatchObject([
      { node: { type: 'OrderPlaced', revision: '0', actor: 'local', source: 'api', correlationId: 'signal-42', position: at(placed, 'position') } },
      { node: { type: 'OrderAccepted', revision: '1', source: 'broker', occurredAt: '2026-11-20T14:30:01.000001Z' } },
    ]);
  });
});
