import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alpacaAdapter } from '../../src/ingest/alpaca.js';
import { ORDER_ID, activities, activity, at, canceledLife, fill, filledLife, orderJson, update } from './alpaca-fixture.js';
import { arrivals } from './arrivals.js';
import { endsOf, factsOf, figuresOf, foldFacts, keysOf } from './fold-facts.js';
import { dataOf, onlyFact, openAdapter, parseOne } from './parse.js';

const parse = (message: unknown, flags?: Readonly<Record<string, string>>) => parseOne(alpacaAdapter, JSON.stringify(message), flags);
const facts = (...messages: readonly unknown[]) => factsOf(openAdapter(alpacaAdapter), messages);
const figures = (...messages: readonly unknown[]) => figuresOf(facts(...messages));
const instrumentIn = (symbol: string, flags?: Readonly<Record<string, string>>) => onlyFact(parse(orderJson('new', '0', { symbol }), flags)).fact.data.terms?.instrument;

const exitLeg = (id: string, type: string, more: object) => orderJson('held', '0', { id, client_order_id: `c-${id}`, side: 'sell', type, position_intent: 'sell_to_close', ...more });
const optionLeg = (id: string, symbol: string, side: string) => orderJson('new', '0', { id, client_order_id: null, symbol, side, qty: '2', limit_price: null, type: '', asset_class: 'us_option' });

const EQUITY = { symbol: 'ACME', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' };

describe('a fill of the trade_updates stream', () => {
  const parsed = parse(fill('e1', '4', '4', 3));

  it('is an execution with the terms of its order, and reports of the order where it is the last', () => {
    expect(dataOf(parse(fill('e3', '3', '10', 3)), 'ExecutionRecorded').report).toEqual({ ordStatus: 'filled', orderQty: '10', cumQty: '10', avgPx: '12.4' });
    expect(dataOf(parsed, 'ExecutionRecorded')).toEqual({
      refs: { brokerOrderId: ORDER_ID, clOrdId: 'bot-1' },
      terms: { environment: 'live', instrument: EQUITY, sourceSymbol: 'ACME', side: 'buy', orderQty: '10', ordType: 'limit', price: '12.5', timeInForce: 'gtc', positionEffect: 'open' },
      execution: { execId: 'e1', side: 'buy', lastQty: '4', lastPx: '12.4', instrument: EQUITY, sourceSymbol: 'ACME', fees: [], positionEffect: 'open' },
    });
  });

  it('has its names and place', () => {
    const { aliases, context } = onlyFact(parsed);
    expect(aliases).toEqual([
      { kind: 'broker', scope: ['default', 'alpaca'], id: ORDER_ID },
      { kind: 'client', scope: ['default', 'main'], id: 'bot-1' },
    ]);
    expect(context).toMatchObject({
      commandKey: `fact:alpaca:exec/${ORDER_ID}/e1/ExecutionRecorded`,
      occurredAt: '2026-11-20T14:30:03.123456789Z',
      tradingDay: '2026-11-20',
      accountId: 'main',
      source: { name: 'alpaca', sequence: '4000000000000000000' },
    });
  });

  it('without an id of its own is named by how much was filled with it', () => {
    expect(dataOf(parse(fill('', '4', '4', 3)), 'ExecutionRecorded').execution.execId).toBe('filled 4');
  });

  it('of the Broker API is of the account that it names, also in another zone', () => {
    const data = { account_id: 'acc-7', at: at(3), event: 'fill', event_id: 2_989_808, execution_id: 'e9', timestamp: '2026-11-20T20:00:00.5-05:00', price: '12.4', qty: '10', order: orderJson('filled', '10') };
    const { context, lookUp } = onlyFact(parse(data));
    expect(context).toMatchObject({ accountId: 'acc-7', occurredAt: '2026-11-21T01:00:00.5Z', tradingDay: '2026-11-20' });
    expect(lookUp).toEqual([{ kind: 'broker', scope: ['default', 'alpaca', 'account', 'acc-7'], id: ORDER_ID }]);
  });
});

describe('a trade update', () => {
  it.each([
    ['accepted', 'accepted', 'OrderPendingNew', 'pending_new 10/0/10 @ 0'],
    ['pending_new', 'pending_new', 'OrderPendingNew', 'pending_new 10/0/10 @ 0'],
    ['new', 'new', 'OrderAccepted', 'new 10/0/10 @ 0'],
    ['canceled', 'canceled', 'OrderCanceled', 'canceled 10/0/0 @ 0'],
    ['replaced', 'replaced', 'OrderCanceled', 'canceled 10/0/0 @ 0'],
    ['expired', 'expired', 'OrderExpired', 'expired 10/0/0 @ 0'],
    ['done_for_day', 'done_for_day', 'OrderDoneForDay', 'done_for_day 10/0/10 @ 0'],
    ['rejected', 'rejected', 'OrderRejected', 'rejected 10/0/0 @ 0'],
    ['stopped', 'stopped', 'OrderStopped', 'stopped 10/0/10 @ 0'],
    ['pending_cancel', 'pending_cancel', 'CancelPending', 'pending_cancel 10/0/10 @ 0'],
    ['pending_replace', 'pending_replace', 'ReplacePending', 'pending_replace 10/0/10 @ 0'],
    ['calculated', 'calculated', 'OrderCalculated', 'calculated 10/0/10 @ 0'],
    ['suspended', 'suspended', 'OrderSuspended', 'suspended 10/0/10 @ 0'],
    ['order_replace_rejected', 'new', 'CancelRejected', 'new 10/0/10 @ 0'],
    ['order_cancel_rejected', 'new', 'CancelRejected', 'new 10/0/10 @ 0'],
    ['restated', 'new', 'OrderRestated', 'new 10/0/10 @ 0'],
    ['something_new', 'new', 'OrderStatusReported', 'new 10/0/10 @ 0'],
  ])('%s with the status %s is a fact %s', (event, status, type, expected) => {
    const message = update(event, 1, orderJson(status, '0'));
    expect(onlyFact(parse(message)).fact.type).toBe(type);
    expect(figures(message)).toEqual({ [ORDER_ID]: expected });
  });

  it('ends a replace or cancel that was pending, where that was refused', () => {
    for (const word of ['cancel', 'replace']) {
      const [pending, refused] = [update(`pending_${word}`, 3, orderJson(`pending_${word}`, '0')), update(`order_${word}_rejected`, 4, orderJson('new', '0'))];
      expect(figures(update('new', 1, orderJson('new', '0')), pending)).toEqual({ [ORDER_ID]: `pending_${word} 10/0/10 @ 0` });
      expect(figures(update('new', 1, orderJson('new', '0')), pending, refused)).toEqual({ [ORDER_ID]: 'new 10/0/10 @ 0' });
    }
  });

  it('that busts or corrects a trade names the one that it changes', () => {
    const bust = update('trade_bust', 50, orderJson('filled', '6'), { execution_id: 'b1', previous_execution_id: 'e1', qty: '-4', price: '12.4' });
    const correction = update('trade_correct', 60, orderJson('filled', '6'), { execution_id: 'c1', previous_execution_id: 'e2', qty: '3', price: '12.3' });
    expect(dataOf(parse(bust), 'ExecutionBusted')).toMatchObject({ execId: 'b1', execRefId: 'e1' });
    expect(dataOf(parse(correction), 'ExecutionCorrected')).toMatchObject({ execRefId: 'e2', execution: { execId: 'c1', lastQty: '3', lastPx: '12.3' } });
    const [state] = foldFacts(facts(...filledLife, bust, correction)).values();
    expect(state?.view.executions.map(({ status, execution }) => [status, execution.lastPx])).toEqual([
      ['busted', '12.4'],
      ['corrected', '12.3'],
      ['live', '12.4'],
    ]);
  });
});

describe('an order that is replaced', () => {
  const NEXT_ID = '7b1d7a52-1f6e-4b0f-8a53-55d1f3a5a9c1';

  it('ends, and its place is taken by an order of its own; each names the other', () => {
    const old = update('replaced', 5, orderJson('replaced', '4', { replaced_by: NEXT_ID }));
    const next = update('new', 5, orderJson('new', '0', { id: NEXT_ID, client_order_id: 'bot-2', replaces: ORDER_ID, qty: '6', limit_price: '12.6' }));
    const messages = [update('new', 2, orderJson('new', '0')), fill('e1', '4', '4', 3), old, next];
    expect(figures(...messages)).toEqual({ [ORDER_ID]: 'canceled 10/4/0 @ 12.4', [NEXT_ID]: 'new 6/0/6 @ 0' });
    const orders = foldFacts(facts(...messages));
    expect(orders.get(ORDER_ID)?.facts.at(-1)?.fact.data.report?.reason).toBe(`replaced by order ${NEXT_ID}`);
    expect(orders.get(NEXT_ID)?.view.terms?.signal).toBe(`replaces order ${ORDER_ID}`);
  });
});

describe('an order of the REST API', () => {
  it.each([
    ['accepted', 'pending_new 10/0/10 @ 0'],
    ['held', 'pending_new 10/0/10 @ 0'],
    ['new', 'new 10/0/10 @ 0'],
    ['canceled', 'canceled 10/0/0 @ 0'],
    ['expired', 'expired 10/0/0 @ 0'],
    ['pending_replace', 'pending_replace 10/0/10 @ 0'],
    ['a_new_one', 'pending_new 10/0/10 @ 0'],
  ])('that is %s is so', (status, expected) => {
    expect(figures(orderJson(status, '0'))).toEqual({ [ORDER_ID]: expected });
  });

  it('disagrees as long as its fills are missing', () => {
    expect(figures(orderJson('filled', '10'))).toEqual({ [ORDER_ID]: 'new 10/0/10 @ 0 cum_qty status' });
    expect(figures(orderJson('filled', '10'), ...activities)).toEqual({ [ORDER_ID]: 'filled 10/10/0 @ 12.4' });
  });

  it('is known by when it was updated, or else by the latest of its times', () => {
    expect(onlyFact(parse(orderJson('new', '0'))).context.occurredAt).toBe(at(9));
    expect(onlyFact(parse(orderJson('new', '0', { updated_at: null, canceled_at: at(7) }))).context.occurredAt).toBe(at(7));
    expect(parse(orderJson('new', '0', { updated_at: null, submitted_at: null, created_at: null }))).toMatchObject({ kind: 'malformed', field: 'updated_at' });
  });

  it('for an amount of money has no quantity until it is filled', () => {
    const cash = { qty: null, notional: '500' };
    expect(figures(orderJson('accepted', '0', cash))).toEqual({ [ORDER_ID]: 'pending_new 0/0/0 @ 0' });
    const filled = update('fill', 3, orderJson('filled', '4.0321', cash), { execution_id: 'e1', qty: '4.0321', price: '124' });
    expect(figures(orderJson('accepted', '0', { ...cash, updated_at: at(0) }), filled)).toEqual({ [ORDER_ID]: 'filled 4.0321/4.0321/0 @ 124' });
  });

  it('has legs that are orders of one group', () => {
    const [parent, ...legs] = facts(orderJson('new', '0', { order_class: 'bracket', legs: [exitLeg('l-1', 'limit', { limit_price: '13' }), exitLeg('l-2', 'stop', { limit_price: null, stop_price: '11' })] }));
    expect([parent, ...legs].map((one) => one?.fact.data.terms?.group)).toEqual([ORDER_ID, ORDER_ID, ORDER_ID]);
    expect(legs.map(({ fact: { data } }) => [data.refs.brokerOrderId, data.terms?.ordType, data.terms?.price, data.terms?.stopPx])).toEqual([
      ['l-1', 'limit', '13', undefined],
      ['l-2', 'stop', undefined, '11'],
    ]);
  });

  it('that is an options strategy is its legs', () => {
    const strategy = orderJson('new', '0', { symbol: '', side: '', asset_class: '', order_class: 'mleg', qty: '2', legs: [optionLeg('l-1', 'ACME261218C00150000', 'buy'), optionLeg('l-2', 'ACME261218C00160000', 'sell')] });
    for (const message of [strategy, update('new', 1, strategy)]) {
      expect(facts(message).map(({ fact: { data } }) => [data.refs.brokerOrderId, data.terms?.group, data.terms?.side, data.terms?.instrument.symbol])).toEqual([
        ['l-1', ORDER_ID, 'buy', 'ACME 20261218 C 150'],
        ['l-2', ORDER_ID, 'sell', 'ACME 20261218 C 160'],
      ]);
    }
  });
});

describe('an instrument', () => {
  it.each([
    ['ACME', EQUITY],
    ['BRK.B', { ...EQUITY, symbol: 'BRK.B' }],
    ['ACME261218C00150500', { ...EQUITY, symbol: 'ACME 20261218 C 150.5', securityType: 'option', multiplier: '100' }],
    ['BTC/USD', { ...EQUITY, symbol: 'BTC/USD', securityType: 'spot' }],
    ['BTCUSD', { ...EQUITY, symbol: 'BTC/USD', securityType: 'spot' }],
    ['ETH/BTC', { ...EQUITY, symbol: 'ETH/BTC', securityType: 'spot', quoteCurrency: 'BTC', settlementCurrency: 'BTC' }],
    ['LTCUSDT', { ...EQUITY, symbol: 'LTC/USDT', securityType: 'spot', quoteCurrency: 'USDT', settlementCurrency: 'USDT' }],
  ])('of the symbol %s is %j', (symbol, instrument) => {
    expect(instrumentIn(symbol)).toEqual(instrument);
  });

  it('is in the currency of the flag, where the symbol names none', () => {
    expect(instrumentIn('ACME', { currency: 'GBP' })).toMatchObject({ quoteCurrency: 'GBP' });
  });
});

describe('a FILL activity', () => {
  it('is the trade, and opens an order that nothing else is known of', () => {
    expect(dataOf(parse(activity('e3', '3', '10', 3)), 'ExecutionRecorded').report).toEqual({ ordStatus: 'filled', cumQty: '10', leavesQty: '0' });
    expect(dataOf(parse(activity('e1', '4', '4', 3)), 'ExecutionRecorded')).toEqual({
      refs: { brokerOrderId: ORDER_ID },
      terms: { environment: 'live', instrument: EQUITY, sourceSymbol: 'ACME', side: 'buy', orderQty: '10', ordType: 'other' },
      execution: { execId: 'e1', side: 'buy', lastQty: '4', lastPx: '12.4', instrument: EQUITY, sourceSymbol: 'ACME', fees: [] },
    });
    expect(figures(...activities)).toEqual({ [ORDER_ID]: 'filled 10/10/0 @ 12.4' });
  });

  it('sells short where it says so', () => {
    expect(dataOf(parse(activity('e1', '-4', '4', 3, { side: 'sell_short' })), 'ExecutionRecorded').execution).toMatchObject({ side: 'sell_short', lastQty: '4' });
  });

  it('of a part of a share, whose time is before that of the shares, leaves nothing to disagree', () => {
    const shares = activity('e1', '9', '9', 3, { leaves_qty: '0.5' });
    const part = activity('e2', '0.5', '9.5', 2, { type: 'fill', order_status: 'filled', leaves_qty: '0' });
    expect(figures(shares, part)).toEqual({ [ORDER_ID]: 'filled 9.5/9.5/0 @ 12.4' });
    expect(figures(part)).toEqual({ [ORDER_ID]: 'partially_filled 9.5/0.5/9 @ 12.4 cum_qty leaves_qty status' });
  });

  it('counts once beside the update of the same trade, whichever comes first', () => {
    fc.assert(
      fc.property(arrivals([...filledLife, ...activities]), (messages) => {
        const all = facts(...messages);
        expect(figuresOf(all)).toEqual({ [ORDER_ID]: 'filled 10/10/0 @ 12.4' });
        expect([...foldFacts(all).values()].map(({ conflicts }) => conflicts)).toEqual([0]);
        expect(keysOf(all).size).toBe(filledLife.length);
      }),
      { numRuns: 150 },
    );
  });

  it('under another id counts in the channel that the flag names, and reports in the other', () => {
    const others = [activity('a1', '4', '4', 3), activity('a2', '3', '7', 3), activity('a3', '3', '10', 3)];
    for (const fills of ['updates', 'activities']) {
      const all = factsOf(openAdapter(alpacaAdapter, { fills }), [...filledLife, ...others]);
      expect(figuresOf(all)).toEqual({ [ORDER_ID]: 'filled 10/10/0 @ 12.4' });
      expect(all.filter(({ fact }) => fact.type === 'ExecutionRecorded')).toHaveLength(3);
    }
    expect(figures(...filledLife, ...others)[ORDER_ID]).toMatch(/ overfill$/u);
  });
});

describe('what is no order, update or fill', () => {
  it.each([
    [{ id: '20261120000000000::x', activity_type: 'CSD', net_amount: '1' }, 'activity CSD'],
    [{ stream: 'authorization', data: { status: 'authorized', action: 'authenticate' } }, 'frame authorization'],
    [{ stream: 'listening', data: { streams: ['trade_updates'] } }, 'frame listening'],
    [{ code: 40_410_000, message: 'order not found' }, 'no order, trade update or activity of Alpaca'],
    [[{ id: 'x', status: 200 }], 'no order, trade update or activity of Alpaca'],
    [7, 'no order, trade update or activity of Alpaca'],
  ])('%j is skipped with its reason', (message, reason) => {
    expect(parse(message)).toEqual({ kind: 'skipped', reason });
  });
});

describe('an update that is not known here', () => {
  it('is a status report, and the word stands in the ledger', () => {
    expect(facts(update('something_new', 3, orderJson('odd', '4'))).at(-1)).toMatchObject({ fact: { type: 'OrderStatusReported', data: { report: { reason: 'event something_new' } } } });
  });
});

describe('a malformed message', () => {
  it.each<[string, string, unknown]>([
    ['fill', 'order.id', { order: orderJson('filled', '4', { id: null }) }],
    ['fill', 'order.symbol', { order: orderJson('filled', '4', { symbol: null }) }],
    ['fill', 'order.side', { order: orderJson('filled', '4', { side: 'long' }) }],
    ['fill', 'order.qty', { order: orderJson('filled', '4', { qty: 'ten' }) }],
    ['fill', 'order.filled_qty', { order: orderJson('filled', '4', { filled_qty: {} }) }],
    ['fill', 'order.legs', { order: orderJson('filled', '4', { legs: 'two' }) }],
    ['fill', 'qty', { qty: null }],
    ['fill', 'price', { price: '12,4' }],
    ['fill', 'timestamp', { timestamp: 'noon' }],
    ['trade_bust', 'previous_execution_id', { previous_execution_id: null }],
    ['fill', 'order', { order: null }],
    ['fill', 'order', { order: 'o-1' }],
    ['fill', 'order', { order: undefined }],
  ])('%s names the field %s', (event, field, more) => {
    expect(parse(update(event, 3, orderJson('filled', '4'), { qty: '4', price: '12.4', ...(typeof more === 'object' ? more : {}) }))).toMatchObject({ kind: 'malformed', field });
  });

  it.each(['id', 'order_id', 'symbol', 'side', 'qty', 'price', 'transaction_time'])('activity names the field %s', (field) => {
    expect(parse(activity('e1', '4', '4', 3, { [field]: null }))).toMatchObject({ kind: 'malformed', field });
  });
});

describe('what enters events', () => {
  it('is what is read: other fields change nothing in any fact, its digests included', () => {
    const secret = { account_number: 'SECRET', swap_rate: 'SECRET', usd: { total: 'SECRET' }, hwm: 'SECRET', asset_id: 'SECRET', source: 'SECRET', commission: 'SECRET', position_qty: 'SECRET', event_id: 'SECRET' };
    const within = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map((element: unknown) => within(element));
      if (typeof value !== 'object' || value === null) return value;
      return { ...Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, within(inner)])), ...secret };
    };
    for (const message of [...filledLife, ...canceledLife, ...activities, orderJson('new', '0', { legs: [orderJson('held', '0', { id: 'l-1' })] })]) {
      expect(facts(within(message))).toEqual(facts(message));
    }
  });
});

describe('the messages of an order', () => {
  it('shuffled and doubled end in the same state, in which nothing disagrees', () => {
    expect(figures(...filledLife)).toEqual({ [ORDER_ID]: 'filled 10/10/0 @ 12.4' });
    expect(figures(...canceledLife)).toEqual({ [ORDER_ID]: 'canceled 10/4/0 @ 12.4' });
    for (const life of [filledLife, canceledLife]) {
      const end = endsOf(facts(...life));
      fc.assert(
        fc.property(arrivals(life), (messages) => {
          expect(endsOf(facts(...messages))).toEqual(end);
          expect(keysOf(facts(...messages)).size).toBe(life.length);
        }),
        { numRuns: 150 },
      );
    }
  });
});
