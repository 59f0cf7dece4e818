import { describe, expect, test } from 'vitest';
import { priceText, quantityText } from '../../../src/domain/amounts.js';
import type { PriceString, QuantityString } from '../../../src/domain/amounts.js';
import type { Decision } from '../../../src/domain/decider.js';
import { accountId, digest, orderId, tenantId } from '../../../src/domain/ids.js';
import type { OrderCommand } from '../../../src/domain/order/commands.js';
import { orderDecider } from '../../../src/domain/order/decider.js';
import type { OrderEventBody, OrderFactEvent, OrderTerms, TermsChange } from '../../../src/domain/order/events.js';
import { saidIn } from '../../../src/domain/order/facts.js';
import type { OrderState } from '../../../src/domain/order/state.js';
import { execution, foldEvents, given, INSTRUMENT, metadata, terms } from './given.js';

const { initialState } = orderDecider;
const decide = (state: OrderState, command: OrderCommand): Decision<OrderEventBody> => orderDecider.decide(state, command);
const keyed = (commandKey = 'k1', commandDigest = 'd1'): { readonly commandKey: string; readonly commandDigest: ReturnType<typeof digest> } => ({
  commandKey,
  commandDigest: digest(commandDigest),
});

const place = (more: Partial<OrderTerms> = {}, clOrdId = 'X', key = keyed()): OrderCommand => ({ kind: 'PlaceOrder', clOrdId, terms: terms('1000', more), ...key });
const cancel = (clOrdId = 'Y', key = keyed()): OrderCommand => ({ kind: 'RequestCancel', clOrdId, ...key });
const replace = (change: TermsChange, clOrdId = 'Y'): OrderCommand => ({ kind: 'RequestReplace', clOrdId, change, ...keyed() });
const record = (fact: OrderFactEvent, key = keyed(), sequence = 50): OrderCommand => ({ kind: 'RecordOrderFact', fact, said: saidIn(metadata(sequence, { key: key.commandKey, digest: key.commandDigest })), ...key });

/** Text as a client sent it, whatever it is. */
const asSent = (text: string): PriceString & QuantityString => text as PriceString & QuantityString;

/** What was decided is stored: each event with the key and the digest of its command. */
function after(state: OrderState, command: OrderCommand): OrderState {
  const decision = decide(state, command);
  if (decision.kind === 'rejected') throw new Error(decision.rejection.message);
  const envelope = metadata(state.applied.size + 1, { key: command.commandKey, digest: command.commandDigest });
  return foldEvents(decision.events.map((event) => Object.assign(event, { metadata: envelope })), state);
}

function events(decision: Decision<OrderEventBody>): readonly string[] {
  return decision.kind === 'accepted' ? decision.events.map(({ type }) => type) : [`rejected: ${decision.rejection.code}`];
}

const rejection = (decision: Decision<OrderEventBody>): unknown => (decision.kind === 'rejected' ? decision.rejection : decision);

const placed: OrderFactEvent = { type: 'OrderPlaced', data: { origin: 'fact', refs: { clOrdId: 'X' }, terms: terms('1000', { ordType: 'limit', price: priceText('10') }) } };
const refs = { clOrdId: 'X', brokerOrderId: 'O-X' };
const accepted: OrderFactEvent = { type: 'OrderAccepted', data: { refs } };
const canceled: OrderFactEvent = { type: 'OrderCanceled', data: { refs } };
const filled: OrderFactEvent = {
  type: 'ExecutionRecorded',
  data: { refs, execution: execution('E1', '1000', '10') },
};

describe('placing an order', () => {
  test('given nothing, then it is placed, with its numbers in canonical form', () => {
    const decision = decide(initialState, place({ ordType: 'limit', price: asSent('10.50'), orderQty: asSent('0100.0') }));
    expect(decision).toMatchObject({ kind: 'accepted', events: [{ type: 'OrderPlaced', data: { origin: 'intent', refs: { clOrdId: 'X' }, terms: { orderQty: '100', price: '10.5' } } }] });
  });

  test('given the same key again, then the same input is nothing new and another one is an error', () => {
    const state = after(initialState, place());
    expect(events(decide(state, place()))).toEqual([]);
    expect(rejection(decide(state, place({}, 'X', keyed('k1', 'd2'))))).toMatchObject({ code: 'idempotency_key_reused' });
    expect(rejection(decide(state, place({}, 'X', keyed('k2'))))).toMatchObject({ code: 'order_exists', field: 'clOrdId' });
  });

  test.each<[string, Partial<OrderTerms>, string]>([
    ['no quantity', { orderQty: quantityText('0') }, 'orderQty'],
    ['a negative quantity', { orderQty: quantityText('-1') }, 'orderQty'],
    ['a quantity that is no number', { orderQty: asSent('many') }, 'orderQty'],
    ['a limit order without a price', { ordType: 'limit' }, 'price'],
    ['a limit-on-close order without a price', { ordType: 'limit_on_close' }, 'price'],
    ['a stop order without its price', { ordType: 'stop' }, 'stopPx'],
    ['a stop-limit order without its limit', { ordType: 'stop_limit', stopPx: priceText('9') }, 'price'],
    ['a price that is no number', { ordType: 'limit', price: asSent('1e3') }, 'price'],
    ['no symbol', { instrument: { ...INSTRUMENT, symbol: '' } }, 'instrument.symbol'],
    ['no symbol of the source', { sourceSymbol: '' }, 'sourceSymbol'],
    ['a multiplier of zero', { instrument: { ...INSTRUMENT, multiplier: asSent('0') } }, 'instrument.multiplier'],
    ['no currency', { instrument: { ...INSTRUMENT, quoteCurrency: '' } }, 'instrument.quoteCurrency'],
    ['a strategy that is too long', { strategy: 's'.repeat(201) }, 'strategy'],
  ])('given %s, then it is rejected and the field is named', (_name, more, field) => {
    expect(rejection(decide(initialState, place(more)))).toMatchObject({ code: 'invalid_terms', field });
  });

  test.each(['', ' ', 'NONE', '0', 'x'.repeat(201)])('given the ClOrdID %j, then it is rejected', (clOrdId) => {
    expect(rejection(decide(initialState, place({}, clOrdId)))).toMatchObject({ code: 'invalid_terms', field: 'clOrdId' });
  });

  test('given a spread, then its price may be negative', () => {
    expect(events(decide(initialState, place({ ordType: 'limit', price: priceText('-0.35') })))).toEqual(['OrderPlaced']);
  });
});

describe('asking for a cancel or a replace', () => {
  test('given a working order, then the request names the ClOrdID that is live and the broker’s id', () => {
    expect(decide(given(placed, accepted), cancel())).toMatchObject({
      events: [{ type: 'CancelRequested', data: { origin: 'intent', refs: { clOrdId: 'Y', origClOrdId: 'X', brokerOrderId: 'O-X' } } }],
    });
    const replaced: OrderFactEvent = { type: 'OrderReplaced', data: { refs: { clOrdId: 'Y', origClOrdId: 'X' }, change: {} } };
    expect(decide(given(placed, accepted, replaced), cancel('Z'))).toMatchObject({ events: [{ data: { refs: { clOrdId: 'Z', origClOrdId: 'Y' } } }] });
  });

  test('given a working order whose quantity nobody has said, then it can be cancelled', () => {
    const unsized: OrderFactEvent = { type: 'OrderPlaced', data: { origin: 'fact', refs: { clOrdId: 'X' }, terms: terms('0') } };
    expect(decide(given(unsized, accepted), cancel())).toMatchObject({ events: [{ type: 'CancelRequested' }] });
    expect(rejection(decide(given(unsized, accepted, canceled), cancel()))).toMatchObject({ code: 'nothing_left' });
  });

  test.each<[string, readonly OrderFactEvent[], OrderCommand, string]>([
    ['no order', [], cancel(), 'order_not_found'],
    ['a filled order', [placed, filled], cancel(), 'nothing_left'],
    ['a cancelled order', [placed, canceled], cancel(), 'nothing_left'],
    ['an order that is done for the day', [placed, { type: 'OrderDoneForDay', data: { refs } }], cancel(), 'nothing_left'],
    ['the ClOrdID of the order itself', [placed], cancel('X'), 'cl_ord_id_in_use'],
    ['a cancelled order', [placed, canceled], replace({ orderQty: quantityText('2000') }), 'nothing_left'],
    ['a filled order and no more quantity', [placed, filled], replace({ price: priceText('11') }), 'nothing_left'],
    ['the terms that it has', [placed], replace({ orderQty: quantityText('1000'), price: priceText('10') }), 'nothing_changed'],
    ['an empty change', [placed], replace({}), 'nothing_changed'],
    ['a quantity of zero', [placed], replace({ orderQty: quantityText('0') }), 'invalid_terms'],
    ['a type that needs a stop price', [placed], replace({ ordType: 'stop' }), 'invalid_terms'],
  ])('given %s, then it is rejected', (_name, facts, command, code) => {
    expect(rejection(decide(given(...facts), command))).toMatchObject({ code });
  });

  test('given a filled order, then it can be replaced by a larger one', () => {
    expect(events(decide(given(placed, filled), replace({ orderQty: quantityText('2000') })))).toEqual(['ReplaceRequested']);
  });

  test('given a GTC order that is done for the day, then its rest can be cancelled', () => {
    const gtc: OrderFactEvent = { type: 'OrderPlaced', data: { origin: 'fact', refs: { clOrdId: 'X' }, terms: terms('1000', { timeInForce: 'gtc' }) } };
    expect(events(decide(given(gtc, { type: 'OrderDoneForDay', data: { refs } }), cancel()))).toEqual(['CancelRequested']);
  });
});

describe('recording a fact', () => {
  test('given it again, then it is news only where it stands before what is known, or is the first that is not marked as sent again', () => {
    const resent: OrderFactEvent = { ...filled, data: { ...filled.data, possResend: true } };
    const known = after(after(initialState, record(placed)), record(resent, keyed('k2')));
    expect(events(decide(known, record(resent, keyed('k2'), 60)))).toEqual([]);
    expect(events(decide(known, record(resent, keyed('k2'), 1)))).toEqual(['FactRepeated']);
    expect(decide(known, record(filled, keyed('k2'), 60))).toEqual({ kind: 'accepted', events: [{ type: 'FactRepeated', data: { fact: filled } }] });
    const better = after(known, record(filled, keyed('k2'), 60));
    for (const copy of [filled, resent]) expect(events(decide(better, record(copy, keyed('k2'), 60)))).toEqual([]);
    expect(better.conflicts).toBe(0);
  });

  test('given the same key, then the same digest is nothing new, and each other digest is one conflict', () => {
    let state = after(initialState, record(placed));
    state = after(state, record(filled, keyed('k2')));
    expect(events(decide(state, record(filled, keyed('k2'))))).toEqual([]);
    expect(decide(state, record(filled, keyed('k2', 'd2')))).toEqual({ kind: 'accepted', events: [{ type: 'FactConflicted', data: { firstDigest: 'd1', fact: filled } }] });
    state = after(state, record(filled, keyed('k2', 'd2')));
    expect(events(decide(state, record(filled, keyed('k2', 'd2'))))).toEqual([]);
    expect(events(decide(state, record(filled, keyed('k2'))))).toEqual([]);
    expect(events(decide(state, record(filled, keyed('k2', 'd3'))))).toEqual(['FactConflicted']);
    expect(state.conflicts).toBe(1);
    expect(state.facts).toHaveLength(2);
    expect(state.view.discrepancies).toEqual([{ kind: 'conflicting_fact', field: 'k2', brokers: 'd2', ours: 'd1', execId: 'E1' }]);
  });

  test('given an order that is over, then a fact is recorded all the same', () => {
    expect(events(decide(given(placed, canceled), record(filled, keyed('new'))))).toEqual(['ExecutionRecorded']);
  });
});

const claim = (id: string, key = keyed()): OrderCommand => ({ kind: 'ClaimAlias', orderId: orderId(id), aliasKey: 'broker|O-X', ...key });
const link = (id: string, key = keyed()): OrderCommand => ({ kind: 'LinkOrder', intoOrderId: orderId(id), ...key });

describe('aliases and links', () => {
  test('given a claimed alias, then the stream points to its order, the same claim is nothing new and another is refused', () => {
    const state = after(initialState, claim('order-1'));
    expect([state.exists, state.redirectsTo]).toEqual([true, 'order-1']);
    expect(events(decide(state, claim('order-1', keyed('k2'))))).toEqual([]);
    expect(rejection(decide(state, claim('order-2', keyed('k2'))))).toMatchObject({ code: 'alias_taken' });
    expect(rejection(decide(state, cancel('Y', keyed('k2'))))).toMatchObject({ code: 'order_not_found' });
  });

  test('given an order, then its first name cannot be claimed for another one', () => {
    expect(rejection(decide(given(placed), claim('order-1')))).toMatchObject({ code: 'alias_is_order' });
  });

  test('given a provisional order, then it is linked once, keeps its facts and points to the other one', () => {
    const state = after(given(placed), link('order-1', keyed('k9')));
    expect([state.redirectsTo, state.facts.length]).toEqual(['order-1', 1]);
    expect(events(decide(state, link('order-1', keyed('k10'))))).toEqual([]);
    expect(rejection(decide(state, link('order-2', keyed('k10'))))).toMatchObject({ code: 'already_linked' });
    expect(rejection(decide(initialState, link('order-1')))).toMatchObject({ code: 'order_not_found' });
  });
});

describe('who owns an order', () => {
  test('given its first event, then tenant and account are those, whatever comes later', () => {
    const first = orderDecider.evolve(initialState, { ...placed, metadata: metadata(1) });
    const later = orderDecider.evolve(first, { ...accepted, metadata: { ...metadata(2), tenantId: tenantId('other'), accountId: accountId('other') } });
    expect([initialState.exists, first.exists, later.tenantId, later.accountId]).toEqual([false, true, 'default', 'main']);
  });
});
