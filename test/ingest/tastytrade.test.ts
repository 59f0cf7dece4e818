import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tastytradeAdapter } from '../../src/ingest/tastytrade.js';
import { endsOf, factsOf, figuresOf, foldFacts, keysOf } from './fold-facts.js';
import { openAdapter, parseOne } from './parse.js';
import { AT, fillJson, frame, isoAt, legJson, orderJson } from './tastytrade-fixture.js';
import type { Fill, Json } from './tastytrade-fixture.js';

const parse = (message: unknown, flags?: Readonly<Record<string, string>>) => parseOne(tastytradeAdapter, JSON.stringify(message), flags);
const facts = (...messages: readonly unknown[]) => factsOf(openAdapter(tastytradeAdapter), messages);
const figures = (...messages: readonly unknown[]) => figuresOf(facts(...messages));

const FIRST: Fill = { id: '1_TW::A', quantity: 4, price: '12.4', at: 100 };
const SECOND: Fill = { id: '2_TW::A', quantity: 6, price: '12.5', at: 200 };

describe('an order of tastytrade', () => {
  it('is placed, filled and in its state by one message', () => {
    const [placed, first, second, state, ...others] = facts(frame(orderJson('Filled', 250, [FIRST, SECOND])));
    expect(others).toEqual([]);
    expect(placed).toMatchObject({
      fact: { type: 'OrderPlaced', data: { origin: 'fact', refs: { brokerOrderId: '270602' } } },
      context: { occurredAt: '2026-11-20T14:30:00.000Z', accountId: '5WT00001', source: { name: 'tastytrade' } },
    });
    expect(placed?.fact.data.terms).toEqual({
      environment: 'live',
      instrument: { symbol: 'ACME', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
      sourceSymbol: 'ACME',
      side: 'buy',
      orderQty: '10',
      ordType: 'limit',
      price: '12.5',
      timeInForce: 'gtc',
      positionEffect: 'open',
    });
    expect(first?.fact).toMatchObject({ type: 'ExecutionRecorded', data: { execution: { execId: '1_TW::A', side: 'buy', lastQty: '4', lastPx: '12.4', venue: 'TEST_A', positionEffect: 'open', fees: [] } } });
    expect(second?.context.occurredAt).toBe('2026-11-20T14:30:00.200Z');
    expect(state).toMatchObject({ fact: { type: 'OrderStatusReported', data: { statesWholeOrder: true, report: { ordStatus: 'filled', orderQty: '10', cumQty: '10' } } }, context: { occurredAt: '2026-11-20T14:30:00.250Z' } });
    expect(figures(frame(orderJson('Filled', 250, [FIRST, SECOND])))).toEqual({ 270602: 'filled 10/10/0 @ 12.46' });
  });

  it.each([
    ['Received', [], 'pending_new 10/0/10 @ 0'],
    ['Routed', [], 'pending_new 10/0/10 @ 0'],
    ['In Flight', [], 'pending_new 10/0/10 @ 0'],
    ['Contingent', [], 'pending_new 10/0/10 @ 0'],
    ['Live', [], 'new 10/0/10 @ 0'],
    ['Live', [FIRST], 'partially_filled 10/4/6 @ 12.4'],
    ['Cancel Requested', [FIRST], 'pending_cancel 10/4/6 @ 12.4'],
    ['Replace Requested', [], 'pending_replace 10/0/10 @ 0'],
    ['Filled', [FIRST, SECOND], 'filled 10/10/0 @ 12.46'],
    ['Cancelled', [FIRST], 'canceled 10/4/0 @ 12.4'],
    ['Removed', [], 'canceled 10/0/0 @ 0'],
    ['Partially Removed', [FIRST], 'canceled 10/4/0 @ 12.4'],
    ['Rejected', [], 'rejected 10/0/0 @ 0'],
    ['Expired', [FIRST], 'expired 10/4/0 @ 12.4'],
  ])('that is %s with %j is so, and nothing disagrees', (status, fills, expected) => {
    expect(figures(frame(orderJson(status, 300, fills)))).toEqual({ 270602: expected });
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('of one moment stands after those that had fewer fills, and after its own fills (%i)', (variant) => {
    const fills = [1, 2, 3].map((quantity) => ({ id: `f${variant}-${quantity}`, quantity, price: `12.${10 + variant}`, at: 100 }));
    const frames = [orderJson('Live', 50), ...fills.map((_, index) => orderJson('Live', 100, fills.slice(0, index + 1)))].map(frame);
    expect(figures(...frames)).toEqual({ 270602: `partially_filled 10/6/4 @ ${Number(`12.${10 + variant}`)}` });
    expect(figures(...frames.toReversed())).toEqual(figures(...frames));
    for (const [status, left] of [['Cancelled', 'canceled'], ['Expired', 'expired']]) {
      const ended = frame(orderJson(status ?? '', 200, fills));
      expect(figures(...frames, ended)).toEqual({ 270602: `${left} 10/6/0 @ ${Number(`12.${10 + variant}`)}` });
    }
  });

  it('of the REST API is the same order: alone, in data, in items, in order, in a complex order', () => {
    const order = orderJson('Live', 300, [FIRST]);
    const once = endsOf(facts(frame(order)));
    for (const message of [order, { data: order, context: '/accounts/5WT00001/orders/270602' }, { data: { items: [order] } }, { data: { order, warnings: [] } }, { type: 'ComplexOrder', data: { id: 7, type: 'OCO', orders: [order] } }]) {
      expect(endsOf(facts(message))).toEqual(once);
      expect(figures(frame(order), message)).toEqual(figures(frame(order)));
    }
    expect(keysOf(facts(order))).toEqual(keysOf(facts(frame(order))));
  });

  it('with a status that is not known here has its fills, and the word stands in the ledger', () => {
    const floating = frame(orderJson('Floating', 300, [FIRST]));
    expect(figures(floating)).toEqual({ 270602: 'partially_filled 10/4/6 @ 12.4' });
    expect(facts(floating).at(-1)).toMatchObject({ fact: { type: 'OrderStatusReported', data: { report: { reason: 'status Floating' } } } });
    expect(figures(frame(orderJson('Cancel Requested', 290, [FIRST])), floating)).toEqual({ 270602: 'pending_cancel 10/4/6 @ 12.4' });
  });

  it('whose cancel was requested and which is live again is not pending any more', () => {
    expect(figures(frame(orderJson('Cancel Requested', 300)), frame(orderJson('Live', 400)))).toEqual({ 270602: 'new 10/0/10 @ 0' });
  });

  it.each<[string, Json, Json, string]>([
    ['live and canceled', orderJson('Live', 300), orderJson('Cancelled', 300), 'canceled 10/0/0 @ 0'],
    ['live and with a cancel requested', orderJson('Cancel Requested', 300), orderJson('Live', 300), 'pending_cancel 10/0/10 @ 0'],
    ['routed and live', orderJson('Live', 300), orderJson('Routed', 300), 'new 10/0/10 @ 0'],
  ])('that is %s at one moment is what comes later in a life', (_name, one, other, expected) => {
    expect(figures(frame(one), frame(other))).toEqual({ 270602: expected });
    expect(figures(frame(other), frame(one))).toEqual({ 270602: expected });
  });

  it('with a fill that is younger than its state agrees with itself', () => {
    expect(figures(frame(orderJson('Live', 90, [FIRST])))).toEqual({ 270602: 'partially_filled 10/4/6 @ 12.4' });
    expect(facts(frame(orderJson('Live', 90, [FIRST]))).at(-1)?.context.occurredAt).toBe('2026-11-20T14:30:00.100Z');
  });

  it('is replaced by an order of its own, and each names the other', () => {
    const old = orderJson('Cancelled', 300, [FIRST], { 'replacing-order-id': 270603 });
    const next = orderJson('Live', 400, [], { id: 270603, 'replaces-order-id': 270602, price: '12.6', legs: [legJson('ACME', 6)] });
    const orders = foldFacts(facts(frame(old), frame(next)));
    expect(figures(frame(old), frame(next))).toEqual({ 270602: 'canceled 10/4/0 @ 12.4', 270603: 'new 6/0/6 @ 0' });
    expect(orders.get('270603')?.view.terms?.signal).toBe('replaces order 270602');
    expect(orders.get('270602')?.facts.at(-1)?.fact.data.report?.reason).toBe('replaced by order 270603');
  });

  it('keeps the reason of its rejection', () => {
    const state = facts(frame(orderJson('Rejected', 10, [], { 'reject-reason': 'Insufficient\tbuying power' }))).at(-1);
    expect(state?.fact.data.report?.reason).toBe('Insufficient buying power');
  });

  it('that shows less than was executed disagrees, and the fills stay', () => {
    expect(figures(frame(orderJson('Live', 300, [FIRST])), frame(orderJson('Live', 400)))).toEqual({ 270602: 'partially_filled 10/4/6 @ 12.4 cum_qty leaves_qty status' });
  });

  it('whose fill has other values under the same id is a conflict', () => {
    const orders = foldFacts(facts(frame(orderJson('Live', 300, [FIRST])), frame(orderJson('Live', 400, [{ ...FIRST, price: '12.3' }]))));
    expect(orders.get('270602')?.conflicts).toBe(1);
  });

  it('for an amount of money has no quantity until it has one', () => {
    const asked = { 'order-type': 'Notional Market', value: '100.0', 'value-effect': 'Debit', price: undefined };
    const leg = { 'instrument-type': 'Cryptocurrency', symbol: 'BTC/USD', action: 'Buy to Open' };
    const before = orderJson('Routed', 1, [], { ...asked, legs: [{ ...leg, fills: [] }] });
    const after = orderJson('Filled', 300, [], { ...asked, legs: [{ ...leg, quantity: '0.00112233', 'remaining-quantity': '0.0', fills: [fillJson({ id: 'c', quantity: 0.00112233, price: '89100.1', at: 200 })] }] });
    expect(figures(frame(before), frame(after))).toEqual({ 270602: 'filled 0.00112233/0.00112233/0 @ 89100.1' });
    expect(endsOf(facts(frame(after)))).toEqual(endsOf(facts(frame(before), frame(after))));
  });

  it('without a time of its own is no younger than what has one', () => {
    const routed = orderJson('Routed', 0, [], { 'updated-at': 0, 'received-at': undefined });
    expect(figures(frame(orderJson('Filled', 250, [FIRST, SECOND])), frame(routed))).toEqual({ 270602: 'filled 10/10/0 @ 12.46' });
    expect(figures(routed)).toEqual({ 270602: 'pending_new 10/0/10 @ 0' });
  });

  it('that reports a buy to close as a negative size has its absolute size', () => {
    const leg = legJson('ACME', -10, [], { action: 'Buy to Close', 'remaining-quantity': -6, fills: [fillJson({ ...FIRST, quantity: -4 })] });
    expect(figures(frame(orderJson('Live', 300, [], { legs: [leg] })))).toEqual({ 270602: 'partially_filled 10/4/6 @ 12.4' });
  });
});

describe('an order of several legs', () => {
  const SPREAD: readonly Json[] = [
    legJson('SPY   261218P00400000', 2, [{ id: 'a', quantity: 2, price: '3.1', at: 100 }], { 'instrument-type': 'Equity Option', action: 'Sell to Open' }),
    legJson('SPY   261218P00390000', 2, [{ id: 'a', quantity: 1, price: '2.05', at: 100 }], { 'instrument-type': 'Equity Option' }),
  ];

  it('is an order a leg, all of one group, without the price of the whole', () => {
    const message = frame(orderJson('Live', 300, [], { legs: SPREAD, price: '1.05', 'price-effect': 'Credit' }));
    expect(figures(message)).toEqual({
      '270602 SPY   261218P00400000': 'filled 2/2/0 @ 3.1',
      '270602 SPY   261218P00390000': 'partially_filled 2/1/1 @ 2.05',
    });
    const [short] = facts(message);
    expect(short?.fact.data.terms).toMatchObject({ side: 'sell', positionEffect: 'open', group: '270602', instrument: { symbol: 'SPY 20261218 P 400', securityType: 'option', multiplier: '100' }, sourceSymbol: 'SPY   261218P00400000' });
    expect(short?.fact.data.terms).not.toHaveProperty('price');
  });

  it('that is canceled has the legs that were filled filled', () => {
    expect(Object.values(figures(frame(orderJson('Cancelled', 300, [], { legs: SPREAD }))))).toEqual(['filled 2/2/0 @ 3.1', 'canceled 2/1/0 @ 2.05']);
  });

  it('of a complex order alone names that as its group', () => {
    expect(facts(frame(orderJson('Live', 1, [], { 'complex-order-id': 77 }))).at(0)?.fact.data.terms?.group).toBe('complex order 77');
  });
});

const multiplierOf = (type: string, symbol: string, multipliers: string) =>
  factsOf(openAdapter(tastytradeAdapter, { multipliers }), [frame(orderJson('Live', 1, [], { legs: [legJson(symbol, 1, [], { 'instrument-type': type })] }))])[0]?.fact.data.terms?.instrument.multiplier;

describe('instruments', () => {
  it.each([
    ['Equity', 'BRK/B', { symbol: 'BRK/B', securityType: 'equity', multiplier: '1' }],
    ['Equity Option', 'AAPL  230818C00197500', { symbol: 'AAPL 20230818 C 197.5', securityType: 'option', multiplier: '100' }],
    ['Equity Option', 'QQQ 191115C00187000', { symbol: 'QQQ 20191115 C 187', securityType: 'option', multiplier: '100' }],
    ['Future', '/ESU3', { symbol: '/ESU3', securityType: 'future', multiplier: '50' }],
    ['Future', '/M2KZ26', { symbol: '/M2KZ26', securityType: 'future', multiplier: '5' }],
    ['Future Option', './ESU3 EW4N3  230728P4550', { symbol: './ESU3 EW4N3 230728P4550', securityType: 'option', multiplier: '50' }],
    ['Cryptocurrency', 'BTC/USD', { symbol: 'BTC/USD', securityType: 'spot', multiplier: '1' }],
  ])('%s %s', (type, symbol, expected) => {
    const terms = facts(frame(orderJson('Live', 1, [], { legs: [legJson(symbol, 1, [], { 'instrument-type': type })] })))[0]?.fact.data.terms;
    expect(terms?.instrument).toEqual({ ...expected, quoteCurrency: 'USD', settlementCurrency: 'USD' });
    expect(terms?.sourceSymbol).toBe(symbol);
  });

  it('take their multiplier from the flag, by symbol or root', () => {
    expect(multiplierOf('Future', '/ZCZ6', '/ZC:50')).toBe('50');
    expect(multiplierOf('Future Option', './ZCZ6 OZCZ6 261120C450', ' ES:1, ZC:50 ')).toBe('50');
    expect(multiplierOf('Equity Option', 'XYZ1  261218P00040000', 'XYZ1:10')).toBe('10');
    expect(multiplierOf('Future', '/ESU3', '/ES:500,/ESU3:5')).toBe('5');
  });

  it('whose multiplier is not known are malformed, and the flag is named', () => {
    expect(parse(frame(orderJson('Live', 1, [], { legs: [legJson('/ZCZ6', 1, [], { 'instrument-type': 'Future' })] })))).toEqual({
      kind: 'malformed',
      field: 'data.legs.0.symbol',
      reason: 'data.legs.0.symbol "/ZCZ6" has a multiplier that is not known here: give it by the flag multipliers=ZC:…',
    });
  });

  it.each(['ES', 'ES:0', 'ES:-5', 'ES:five', 'E S:5'])('a flag multipliers=%s is refused', (multipliers) => {
    expect(() => openAdapter(tastytradeAdapter, { multipliers })).toThrow('option "multipliers"');
  });
});

describe('what is no order', () => {
  it.each([
    [{ type: 'AccountBalance', data: { 'account-number': '5WT00001', 'cash-balance': '1' }, timestamp: 1 }, 'message AccountBalance'],
    [{ type: 'CurrentPosition', data: { symbol: 'AAPL', quantity: '100' } }, 'message CurrentPosition'],
    [{ status: 'ok', action: 'heartbeat', 'web-socket-session-id': 'a', 'request-id': 3 }, 'streamer heartbeat'],
    [{ action: 'connect', value: ['5WT00001'], 'auth-token': 'secret', 'request-id': 1 }, 'streamer connect'],
    [{ error: { code: 'not_permitted', message: 'no' } }, 'error response'],
    [{ data: { items: [] }, context: '/accounts/5WT00001/orders' }, 'response without orders'],
    [{ accessToken: 'secret', tokenType: 'Bearer' }, 'no order'],
    [{ data: { order: { ...orderJson('Received', 0), id: undefined } }, context: '/accounts/5WT00001/orders/dry-run' }, 'order without an id: a dry run or a request'],
    [{ data: { orders: [{ ...orderJson('', 0), id: 'dry-run-0', size: '0' }], 'last-results': {} } }, 'order without an id: a dry run or a request'],
    [{ id: 1, 'transaction-type': 'Trade', 'order-id': 270602, commission: '1.0', 'account-number': '5WT00001' }, 'transaction Trade'],
  ])('%j is skipped', (message, reason) => {
    expect(parse(message)).toEqual({ kind: 'skipped', reason });
  });
});

describe('a malformed order', () => {
  it.each<[string, Json, string]>([
    ['no id', orderJson('Live', 1, [], { id: undefined }), 'data.id'],
    ['no status', orderJson('', 1), 'data.status'],
    ['no legs', orderJson('Live', 1, [], { legs: [] }), 'data.legs'],
    ['one symbol twice', orderJson('Live', 1, [], { legs: [legJson('A', 1), legJson('A', 1)] }), 'data.legs'],
    ['an unknown action', orderJson('Live', 1, [], { legs: [legJson('A', 1, [], { action: 'Hold' })] }), 'data.legs.0.action'],
    ['no symbol', orderJson('Live', 1, [], { legs: [legJson('', 1)] }), 'data.legs.0.symbol'],
    ['a quantity that is none', orderJson('Live', 1, [], { legs: [legJson('A', 1, [], { quantity: 'ten' })] }), 'data.legs.0.quantity'],
    ['an option without a series', orderJson('Live', 1, [], { legs: [legJson('AAPL', 1, [], { 'instrument-type': 'Equity Option' })] }), 'data.legs.0.symbol'],
    ['a fill without an id', orderJson('Live', 1, [], { legs: [legJson('A', 1, [], { fills: [{ ...fillJson(FIRST), 'fill-id': null }] })] }), 'data.legs.0.fills.0.fill-id'],
    ['a fill without a time', orderJson('Live', 1, [], { legs: [legJson('A', 1, [], { fills: [{ ...fillJson(FIRST), 'filled-at': 'soon' }] })] }), 'data.legs.0.fills.0.filled-at'],
    ['a fill without a price', orderJson('Live', 1, [], { legs: [legJson('A', 1, [], { fills: [{ ...fillJson(FIRST), 'fill-price': '' }] })] }), 'data.legs.0.fills.0.fill-price'],
  ])('with %s names the field', (_name, order, field) => {
    expect(parse(frame(order))).toMatchObject({ kind: 'malformed', field });
  });

  it('is one where the frame has none, or is no JSON', () => {
    expect(parse({ type: 'Order', data: null })).toMatchObject({ kind: 'malformed', field: 'data' });
    expect(parseOne(tastytradeAdapter, '{"type":"Order","data":')).toMatchObject({ kind: 'malformed' });
  });
});

describe('what enters events', () => {
  it('is what is on the allowlist: other fields change nothing in any event', () => {
    const plain = orderJson('Cancelled', 300, [FIRST]);
    const secret = { username: 'someone', 'user-id': 4711, 'cancel-username': 'x', 'auth-token': 'secret', 'global-request-id': 'zzz', 'preflight-id': 'p', source: 'app', 'ext-client-order-id': 'e', 'external-identifier': 'mine', 'contingent-status': 'c', 'in-flight-at': isoAt(5), rules: { a: 1 } };
    const legs = [{ ...legJson('ACME', 10, [FIRST]), note: 'secret', fills: [{ ...fillJson(FIRST), 'ext-exec-id': 'other', trader: 'me' }] }];
    expect(facts(frame({ ...plain, ...secret, legs }))).toEqual(facts(frame(plain)));
    expect(JSON.stringify(facts(frame({ ...plain, ...secret, legs })))).not.toMatch(/secret|someone|4711/u);
  });
});

/** Lives of orders of one or two legs: their frames, each with all fills so far, one after another in time. */
const life: fc.Arbitrary<readonly Json[]> = fc
  .record({
    legCount: fc.integer({ min: 1, max: 2 }),
    steps: fc.array(fc.record({ status: fc.constantFrom('Received', 'Routed', 'Live', 'Live', 'Cancel Requested', 'Replace Requested'), fills: fc.array(fc.nat({ max: 1 }), { maxLength: 2 }), lag: fc.integer({ min: 0, max: 3 }) }), { maxLength: 6 }),
    last: fc.constantFrom('Live', 'Filled', 'Cancelled', 'Expired', 'Cancel Requested', 'Routed'),
  })
  .map(({ legCount, steps, last }) => {
    const done: Fill[][] = [[], []];
    const frames: Json[] = [];
    let now = 1;
    const state = (status: string) => {
      const legs = done.slice(0, legCount).map((fills, index) => legJson(`LEG${index}`, 40, fills, index === 0 ? {} : { action: 'Sell to Open' }));
      frames.push(frame(orderJson(status, now, [], { legs })));
    };
    for (const { status, fills, lag } of steps) {
      now += lag;
      for (const leg of fills) {
        now += 1;
        done[leg % legCount]?.push({ id: `${leg % legCount}-${now}`, quantity: 1 + (now % 2), price: `12.${now}`, at: now });
      }
      now += 1;
      state(status);
    }
    now += 5;
    if (last === 'Filled') for (const [leg, fills] of done.entries()) if (leg < legCount) fills.push({ id: `${leg}-rest`, quantity: 40 - fills.reduce((sum, { quantity }) => sum + quantity, 0), price: '13', at: now - 1 });
    state(last);
    return frames;
  });

describe('the frames of an order', () => {
  it('shuffled, doubled and lost but for the last, end in the same state, and nothing disagrees', () => {
    const arrivals = life.chain((frames) =>
      fc.record({
        frames: fc.constant(frames),
        arrived: fc.subarray([...frames.slice(0, -1), ...frames]).chain((some) => fc.shuffledSubarray([...some, ...frames.slice(-1)], { minLength: some.length + 1 })),
      }),
    );
    fc.assert(
      fc.property(arrivals, ({ frames, arrived }) => {
        const inOrder = endsOf(facts(...frames));
        expect(endsOf(facts(...arrived))).toEqual(inOrder);
        expect(Object.values(figures(...arrived)).filter((line) => /cum_qty|status$|leaves|missing|conflict/u.test(line))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('again give nothing new', () => {
    fc.assert(
      fc.property(life, (frames) => {
        expect(keysOf(facts(...frames, ...frames.toReversed()))).toEqual(keysOf(facts(...frames)));
      }),
      { numRuns: 50 },
    );
  });

  it('knows the time of a state by the order, not by the frame', () => {
    expect(facts(frame(orderJson('Live', 5))).at(-1)?.context.occurredAt).toBe(new Date(AT + 5).toISOString());
  });
});
