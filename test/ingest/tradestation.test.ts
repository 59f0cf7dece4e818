import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tradestationAdapter } from '../../src/ingest/tradestation.js';
import { endsOf, factsOf, figuresOf, foldFacts, keysOf } from './fold-facts.js';
import { openAdapter, parseOne } from './parse.js';
import { CLOSED, OPENED, closed, legJson, orderJson } from './tradestation-fixture.js';
import type { Json } from './tradestation-fixture.js';

const parse = (message: unknown, flags?: Readonly<Record<string, string>>) => parseOne(tradestationAdapter, JSON.stringify(message), flags);
const facts = (...messages: readonly unknown[]) => factsOf(openAdapter(tradestationAdapter), messages);
const figures = (...messages: readonly unknown[]) => figuresOf(facts(...messages));
const ID = '950905107';
const executionsOf = (...messages: readonly unknown[]) => foldFacts(facts(...messages)).get(ID)?.view.executions ?? [];

describe('an order of TradeStation', () => {
  it('is placed, executed as one execution with a version, and in its state by one message', () => {
    const [placed, first, version, state, ...others] = facts(closed('FLL', '100', { CommissionFee: '1.25', UnbundledRouteFee: '0.3' }));
    expect(others).toEqual([]);
    expect(placed).toMatchObject({ fact: { type: 'OrderPlaced', data: { refs: { brokerOrderId: ID } } }, context: { occurredAt: OPENED, accountId: '11111111', source: { name: 'tradestation' } } });
    expect(placed?.fact.data.terms).toEqual({
      environment: 'live',
      instrument: { symbol: 'ACME', securityType: 'equity', multiplier: '1', quoteCurrency: 'USD', settlementCurrency: 'USD' },
      sourceSymbol: 'ACME',
      side: 'buy',
      orderQty: '100',
      ordType: 'limit',
      price: '12.5',
      timeInForce: 'gtc',
      positionEffect: 'open',
    });
    expect(first).toMatchObject({ fact: { type: 'ExecutionRecorded', data: { execution: { execId: 'cumulative', lastQty: '0', lastPx: '0', fees: [] } } }, context: { occurredAt: OPENED } });
    expect(version).toMatchObject({
      fact: {
        type: 'ExecutionCorrected',
        data: { execRefId: 'cumulative', execution: { lastQty: '100', lastPx: '12.4', fees: [{ amount: '1.25', currency: 'USD' }, { amount: '0.3', currency: 'USD' }] } },
      },
      context: { occurredAt: CLOSED },
    });
    expect(state).toMatchObject({ fact: { type: 'OrderStatusReported', data: { report: { ordStatus: 'filled', orderQty: '100', cumQty: '100', avgPx: '12.4' } } } });
  });

  it.each([
    ['OPN', '0', 'new 100/0/100 @ 0'],
    ['ACK', '0', 'new 100/0/100 @ 0'],
    ['DON', '0', 'new 100/0/100 @ 0'],
    ['PLA', '0', 'pending_new 100/0/100 @ 0'],
    ['FPR', '40', 'partially_filled 100/40/60 @ 12.4'],
    ['UCN', '40', 'pending_cancel 100/40/60 @ 12.4'],
    ['RSN', '0', 'pending_replace 100/0/100 @ 0'],
    ['RJC', '40', 'partially_filled 100/40/60 @ 12.4'],
    ['SUS', '0', 'suspended 100/0/100 @ 0'],
  ])('that is open with the status %s and %s executed is so', (status, executed, expected) => {
    expect(figures(orderJson(status, executed))).toEqual({ [ID]: expected });
  });

  it('with a status that is not known here has what was executed, and the word stands in the ledger', () => {
    expect(figures(orderJson('ZZZ', '40'))).toEqual({ [ID]: 'partially_filled 100/40/60 @ 12.4' });
    expect(facts(orderJson('ZZZ', '40')).at(-1)).toMatchObject({ fact: { type: 'OrderStatusReported', data: { report: { reason: 'status ZZZ' } } } });
    expect(figures(orderJson('UCN', '0'), orderJson('ZZZ', '0'))).toEqual({ [ID]: 'pending_cancel 100/0/100 @ 0' });
  });

  it.each([
    ['FLL', '100', 'filled 100/100/0 @ 12.4'],
    ['FLP', '40', 'canceled 100/40/0 @ 12.4'],
    ['OUT', '0', 'canceled 100/0/0 @ 0'],
    ['CAN', '0', 'canceled 100/0/0 @ 0'],
    ['TSC', '40', 'canceled 100/40/0 @ 12.4'],
    ['EXP', '40', 'expired 100/40/0 @ 12.4'],
    ['REJ', '0', 'rejected 100/0/0 @ 0'],
    ['BRO', '0', 'canceled 100/0/0 @ 0'],
  ])('that is over with the status %s and %s executed is so, with or without the time of it', (status, executed, expected) => {
    expect(figures(closed(status, executed))).toEqual({ [ID]: expected });
    expect(figures(orderJson('FPR', executed === '0' ? '0' : '10'), orderJson(status, executed, { ClosedDateTime: null }))).toEqual({ [ID]: expected });
  });

  it('in Orders of the REST API is the same order', () => {
    const order = closed('FLL', '100');
    expect(keysOf(facts({ Orders: [order], Errors: [], NextToken: 'x' }))).toEqual(keysOf(facts(order)));
  });

  it('of the simulator is on paper', () => {
    expect(facts(orderJson('OPN', '0', { AccountID: 'SIM2784990M' }))[0]?.fact.data.terms?.environment).toBe('paper');
  });

  it('keeps the reason of its rejection', () => {
    expect(facts(closed('REJ', '0', { RejectReason: 'EC601: not enough' })).at(-1)?.fact.data.report).toMatchObject({ ordStatus: 'rejected', reason: 'EC601: not enough' });
  });

  it('that was replaced has the new terms, whichever message comes first', () => {
    const replaced = orderJson('UCH', '0', { LimitPrice: '12.7' }, { QuantityOrdered: '80' });
    for (const messages of [[orderJson('ACK'), replaced], [replaced, orderJson('ACK')]]) {
      expect(figures(...messages)).toEqual({ [ID]: 'new 80/0/80 @ 0' });
      expect(foldFacts(facts(...messages)).get(ID)?.view.terms?.price).toBe('12.7');
    }
  });

  it('whose cancel was refused is not pending any more', () => {
    expect(figures(orderJson('RJC', '0'), orderJson('UCN', '0'), orderJson('ACK', '0'))).toEqual({ [ID]: 'new 100/0/100 @ 0' });
    expect(facts(orderJson('RJC', '0')).at(-1)?.fact).toMatchObject({ type: 'CancelRejected', data: { responseTo: 'cancel' } });
  });

  it('that reports a buy to cover as a negative size has its absolute size', () => {
    const leg = { BuyOrSell: 'BuyToCover', OpenOrClose: undefined, ExecQuantity: '-40', QuantityOrdered: '-100', QuantityRemaining: '-60' };
    expect(figures(orderJson('FPR', '40', {}, leg))).toEqual({ [ID]: 'partially_filled 100/40/60 @ 12.4' });
    expect(facts(orderJson('OPN', '0', {}, leg))[0]?.fact.data.terms).toMatchObject({ side: 'buy', positionEffect: 'close' });
  });
});

const fees = (...messages: readonly unknown[]) => executionsOf(...messages).map(({ execution }) => execution.fees.map(({ amount }) => amount));

describe('what was executed', () => {
  it('is the highest quantity, at the average price of that, in whatever order the messages come', () => {
    const messages = [orderJson('FPR', '40'), orderJson('FPR', '60', {}, { ExecutionPrice: '12.41' }), orderJson('OPN'), closed('FLL', '100', {}, { ExecutionPrice: '12.43' })];
    for (const arrived of [messages, messages.toReversed(), messages.slice(-1)]) {
      expect(figures(...arrived)).toEqual({ [ID]: 'filled 100/100/0 @ 12.43' });
      expect(executionsOf(...arrived)).toHaveLength(1);
    }
  });

  it('is at the time of the opening while the order is open, and at that of its end when it is over', () => {
    expect(executionsOf(orderJson('FPR', '40'))[0]).toMatchObject({ occurredAt: OPENED, tradingDay: '2026-11-20' });
    const end = '2026-11-23T15:00:00Z';
    expect(executionsOf(closed('FLP', '40', { ClosedDateTime: end }), orderJson('FPR', '40'))[0]).toMatchObject({ occurredAt: end, tradingDay: '2026-11-23' });
  });

  it('bears the fees of its version: the latest ones, once', () => {
    const messages = [orderJson('FPR', '40', { CommissionFee: '0.4' }), closed('FLL', '100', { CommissionFee: '0' }), closed('FLL', '100', { CommissionFee: '1', UnbundledRouteFee: '-0.05' })];
    expect(fees(...messages)).toEqual([['1', '-0.05']]);
    expect(fees(...messages.toReversed())).toEqual([['1', '-0.05']]);
  });

  it('that falls with the end of the order is what the end says', () => {
    const messages = [orderJson('FPR', '60'), closed('FLP', '40')];
    for (const arrived of [messages, messages.toReversed()]) expect(figures(...arrived)).toEqual({ [ID]: 'canceled 100/40/0 @ 12.4' });
  });

  it('that falls while the order is open cannot be told from a late message: the highest counts', () => {
    expect(figures(orderJson('FPR', '60'), orderJson('FPR', '40'))).toEqual({ [ID]: 'partially_filled 100/60/40 @ 12.4' });
  });

  it('that is gone at the end disagrees', () => {
    expect(figures(orderJson('FPR', '60'), closed('OUT', '0'))).toEqual({ [ID]: 'canceled 100/60/0 @ 12.4 cum_qty' });
  });

  it('that was broken is busted, in whatever order the messages come', () => {
    const messages = [orderJson('FPR', '40'), closed('FLL', '100'), closed('BRO', '0')];
    for (const arrived of [messages, messages.toReversed()]) {
      expect(figures(...arrived)).toEqual({ [ID]: 'canceled 100/0/0 @ 0' });
      expect(executionsOf(...arrived).map(({ status }) => status)).toEqual(['busted']);
    }
  });

  it('that was corrected is what the correction says, in whatever order the messages come', () => {
    const messages = [closed('FLL', '100'), closed('COR', '100', {}, { ExecutionPrice: '12.3' })];
    for (const arrived of [messages, messages.toReversed()]) expect(figures(...arrived)).toEqual({ [ID]: 'filled 100/100/0 @ 12.3' });
    const open = [orderJson('FPR', '40'), orderJson('COR', '40', {}, { ExecutionPrice: '12.3' })];
    for (const arrived of [open, open.toReversed()]) expect(figures(...arrived)).toEqual({ [ID]: 'partially_filled 100/40/60 @ 12.3' });
    expect(figures(...open, orderJson('FPR', '50', {}, { ExecutionPrice: '12.32' }))).toEqual({ [ID]: 'partially_filled 100/50/50 @ 12.32' });
  });

  it('of as many digits as a decimal may have is a version like any other', () => {
    const [executed, price, fee] = ['1'.repeat(30), `0.${'1'.repeat(30)}`, `1.${'7'.repeat(30)}`];
    const version = facts(closed('FLL', '1', { CommissionFee: fee, UnbundledRouteFee: fee }, { ExecQuantity: executed, ExecutionPrice: price }))[2];
    expect(version?.fact).toMatchObject({ data: { execution: { execId: expect.stringMatching(/^[0-9a-f]{64}$/u) as string, lastQty: executed, lastPx: price } } });
  });

  it('counts beyond what a double can tell apart', () => {
    const exact = { QuantityOrdered: '9007199254740993.00000001', ExecQuantity: '9007199254740993.00000001', ExecutionPrice: '0.00000001' };
    const view = foldFacts(facts(closed('FLL', '1', {}, exact))).get(ID)?.view;
    expect(view?.executions[0]?.execution).toMatchObject({ lastQty: '9007199254740993.00000001', lastPx: '0.00000001' });
  });
});

const optionLeg = (right: string, strike: string, executed: string, side: string): Json =>
  legJson(executed, { AssetType: 'STOCKOPTION', BuyOrSell: side, Symbol: `AMD 270115${right[0] ?? ''}${strike}`, Underlying: 'AMD', ExpirationDate: '2027-01-15T00:00:00Z', OptionType: right, StrikePrice: strike, ExecutionPrice: '2.5' });

const spread = (first: string, second: string, fee: string): Json => orderJson('FPR', '0', { CommissionFee: fee, FilledPrice: '0.7', Legs: [optionLeg('PUT', '170', first, 'Sell'), optionLeg('PUT', '165', second, 'Buy')] });

describe('an order of several legs', () => {
  it('is an order a leg, all of one group, and the fees are those of the first one by its symbol', () => {
    const orders = foldFacts(facts(spread('0', '10', '1'), spread('20', '20', '2')));
    expect([...orders.keys()]).toEqual([`${ID} AMD 270115P170`, `${ID} AMD 270115P165`]);
    const [short, long] = [...orders.values()].map(({ view }) => view);
    expect(short?.terms).toMatchObject({ side: 'sell', group: ID, instrument: { symbol: 'AMD 20270115 P 170', securityType: 'option', multiplier: '100' } });
    expect(short?.terms).not.toHaveProperty('price');
    expect(short?.executions.map(({ execution }) => execution.fees)).toEqual([[]]);
    expect(long?.executions.map(({ execution }) => execution.fees)).toEqual([[{ amount: '2', currency: 'USD' }]]);
  });

  it('of which one has no price of its own is malformed, once it was executed', () => {
    const legs = [optionLeg('PUT', '170', '20', 'Sell'), { ...optionLeg('PUT', '165', '20', 'Buy'), ExecutionPrice: undefined }];
    expect(parse(orderJson('FPR', '0', { Legs: legs }))).toMatchObject({ kind: 'malformed', field: 'Legs.1.ExecutionPrice' });
  });
});

describe('instruments', () => {
  it.each([
    [{ AssetType: 'FUTURE', Symbol: 'ESZ26' }, { symbol: 'ESZ26', securityType: 'future', multiplier: '50' }],
    [{ AssetType: 'FUTUREOPTION', Symbol: 'ESZ26C6800', Underlying: 'ESZ26', ExpirationDate: '2026-12-18T00:00:00Z', OptionType: 'CALL', StrikePrice: '6800' }, { symbol: 'ESZ26 20261218 C 6800', securityType: 'option', multiplier: '50' }],
    [{ AssetType: 'FOREX', Symbol: 'EURUSD' }, { symbol: 'EURUSD', securityType: 'forex', multiplier: '1' }],
    [{ AssetType: 'STOCKOPTION', Symbol: 'ACME 261218C50' }, { symbol: 'ACME 261218C50', securityType: 'option', multiplier: '100' }],
  ])('%j', (leg, expected) => {
    expect(facts(orderJson('OPN', '0', {}, leg))[0]?.fact.data.terms?.instrument).toEqual({ ...expected, quoteCurrency: 'USD', settlementCurrency: 'USD' });
  });

  it('whose multiplier is not known are malformed, and the flag is named', () => {
    const wheat = orderJson('OPN', '0', {}, { AssetType: 'FUTURE', Symbol: 'WZ26' });
    expect(parse(wheat)).toMatchObject({ kind: 'malformed', field: 'Legs.0.Symbol', reason: expect.stringContaining('multipliers=W:…') as string });
    expect(parse(wheat, { multipliers: 'W:50' }).kind).toBe('facts');
    expect(parse(orderJson('OPN', '0', {}, { AssetType: 'BOND', Symbol: 'X' }))).toMatchObject({ kind: 'malformed', field: 'Legs.0.Symbol' });
  });
});

describe('what is no order', () => {
  it.each([
    [{ Heartbeat: 1, Timestamp: '2026-11-20T14:30:00Z' }, 'heartbeat'],
    [{ StreamStatus: 'EndSnapshot' }, 'stream status EndSnapshot'],
    [{ Error: 'GoAway', Message: 'secret' }, 'error GoAway'],
    [{ Orders: [{ OrderID: '1', Message: 'Sent order: Buy 1 ACME' }] }, 'response without orders'],
    [{ access_token: 'secret' }, 'no order'],
  ])('%j is skipped', (message, reason) => {
    expect(parse(message)).toEqual({ kind: 'skipped', reason });
  });

  it('an assignment is skipped', () => {
    expect(parse(orderJson('ASS')).kind).toBe('skipped');
  });
});

describe('a malformed order', () => {
  it.each<[string, Json, string]>([
    ['no id', orderJson('OPN', '0', { OrderID: '' }), 'OrderID'],
    ['an execution of no order', orderJson('FPR', '40', { OrderID: undefined }), 'OrderID'],
    ['no status', orderJson(''), 'Status'],
    ['no status at all', orderJson('FPR', '40', { Status: undefined }), 'Status'],
    ['no time', orderJson('OPN', '0', { OpenedDateTime: '' }), 'OpenedDateTime'],
    ['no legs', orderJson('OPN', '0', { Legs: [] }), 'Legs'],
    ['one symbol twice', orderJson('OPN', '0', { Legs: [legJson('0'), legJson('0')] }), 'Legs'],
    ['an unknown side', orderJson('OPN', '0', {}, { BuyOrSell: 'Hold' }), 'Legs.0.BuyOrSell'],
    ['no symbol', orderJson('OPN', '0', {}, { Symbol: '' }), 'Legs.0.Symbol'],
    ['a quantity that is none', orderJson('OPN', '0', {}, { ExecQuantity: 'ten' }), 'Legs.0.ExecQuantity'],
    ['no quantity', orderJson('OPN', '0', {}, { QuantityOrdered: null }), 'Legs.0.QuantityOrdered'],
    ['a fee that is none', orderJson('FPR', '40', { CommissionFee: 'free' }), 'CommissionFee'],
  ])('with %s names the field', (_name, order, field) => {
    expect(parse(order)).toMatchObject({ kind: 'malformed', field });
  });
});

describe('what enters events', () => {
  it('is what is on the allowlist: other fields change nothing in any event', () => {
    const plain = closed('FLP', '40');
    const secret = { Originator: 4711, Username: 'someone', access_token: 'secret', AdvancedOptions: 'STPTRG=STT;', ConversionRate: '1', StatusDescription: 'someone', Routing: 'ARCX', ConditionalOrders: [{ OrderID: '1' }] };
    expect(facts({ ...plain, ...secret, Legs: [{ ...legJson('40'), Trader: 'someone' }] })).toEqual(facts(plain));
    expect(JSON.stringify(facts({ ...plain, ...secret }))).not.toMatch(/secret|someone|4711/u);
  });
});

/**
 * Lives of orders: quantities that rise, at each of them states that come one after another, and an end or none. Prices and
 * fees follow from the quantity, as those of a broker do.
 */
const life: fc.Arbitrary<readonly Json[]> = fc
  .record({
    steps: fc.array(fc.record({ traded: fc.integer({ min: 0, max: 12 }), states: fc.subarray(['OPN', 'RSN', 'UCH', 'UCN', 'RJC']) }), { minLength: 1, maxLength: 5 }),
    end: fc.constantFrom('FLL', 'FLP', 'EXP', 'BRO', undefined),
    hasTime: fc.boolean(),
  })
  .map(({ steps, end, hasTime }) => {
    let done = 0;
    const at = (status: string, more: Json = {}): Json => {
      const executed = end === 'BRO' && status === 'BRO' ? '0' : String(done);
      return orderJson(status, executed, { CommissionFee: String(done / 100), ...more }, executed === '0' ? {} : { ExecutionPrice: String(12 + done / 1000) });
    };
    const frames: Json[] = [];
    // What happens at one quantity comes once, in the order of a life: what goes back without a trade has no place of its own.
    for (const [index, { traded: more, states }] of steps.entries()) {
      const traded = index === 0 ? more : more + 1;
      done += traded;
      if (traded > 0) frames.push(at('FPR'));
      frames.push(...states.filter((status) => !(traded > 0 && status === 'OPN')).map((status) => at(status)));
    }
    if (frames.length === 0) frames.push(at('OPN'));
    if (end === 'FLL') done = 100;
    const closing = hasTime ? { ClosedDateTime: CLOSED } : {};
    if (end !== undefined) frames.push(at(end, closing));
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
        const ended = endsOf(facts(...arrived));
        expect(ended).toEqual(inOrder);
        expect(Object.values(figures(...arrived)).filter((line) => /cum_qty|order_qty|status$|leaves|missing|conflict/u.test(line))).toEqual([]);
      }),
      { numRuns: 250 },
    );
  });

  it('again give nothing new', () => {
    fc.assert(
      fc.property(life, (frames) => {
        expect(keysOf(facts(...frames, ...frames.toReversed()))).toEqual(keysOf(facts(...frames)));
        expect([...foldFacts(facts(...frames, ...frames)).values()].map(({ conflicts }) => conflicts)).toEqual([0]);
      }),
      { numRuns: 50 },
    );
  });
});
