import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binanceAdapter } from '../../src/ingest/binance.js';
import { quoteAssetOf } from '../../src/ingest/binance-symbol.js';
import { arrivals } from './arrivals.js';
import { AT, canceledLife, executionReport, filledLife, futuresUpdate, tradeReport } from './binance-fixture.js';
import { endsOf, factsOf, figuresOf, foldFacts, keysOf } from './fold-facts.js';
import { dataOf, onlyFact, openAdapter, parseOne } from './parse.js';

const parse = (message: unknown, flags?: Readonly<Record<string, string>>) => parseOne(binanceAdapter, JSON.stringify(message), flags);
const facts = (...messages: readonly unknown[]) => factsOf(openAdapter(binanceAdapter), messages);
const figures = (...messages: readonly unknown[]) => figuresOf(facts(...messages));
const typeOf = (message: unknown) => onlyFact(parse(message)).fact.type;

describe('a trade in an executionReport', () => {
  const parsed = parse({ stream: 'executionReport', data: tradeReport(98_765_432, '0.50000000', '0.50000000', 10, { c: 'grid-7', g: 3, j: 17, P: '2510.00', o: 'STOP_LOSS_LIMIT' }) });

  it('is an execution with the exchange’s numbers, the fee in its asset and the order’s terms', () => {
    const instrument = { symbol: 'ETHUSDT', securityType: 'spot', multiplier: '1', quoteCurrency: 'USDT', settlementCurrency: 'USDT' };
    expect(dataOf(parsed, 'ExecutionRecorded')).toEqual({
      refs: { brokerOrderId: '4293153', clOrdId: 'grid-7' },
      report: { ordStatus: 'partially_filled', orderQty: '2', cumQty: '0.5', avgPx: '2499.5' },
      terms: {
        environment: 'live',
        instrument,
        sourceSymbol: 'ETHUSDT',
        side: 'buy',
        orderQty: '2',
        ordType: 'stop_limit',
        price: '2500',
        stopPx: '2510',
        timeInForce: 'gtc',
        strategy: '17',
        group: 'ETHUSDT:3',
      },
      statesWholeOrder: true,
      execution: { execId: '98765432', side: 'buy', lastQty: '0.5', lastPx: '2499.5', instrument, sourceSymbol: 'ETHUSDT', fees: [{ amount: '0.0005', currency: 'BNB' }] },
    });
  });

  it('has its names and place', () => {
    const { aliases, newAliases, lookUp, context } = onlyFact(parsed);
    expect(aliases).toEqual([{ kind: 'broker', scope: ['default', 'binance', 'ETHUSDT'], id: '4293153' }]);
    expect(newAliases).toBeUndefined();
    expect(lookUp).toEqual([
      { kind: 'broker', scope: ['default', 'binance', 'ETHUSDT', 'account', 'main'], id: '4293153' },
      { kind: 'client', scope: ['default', 'main'], id: 'grid-7' },
    ]);
    expect(context).toMatchObject({
      commandKey: 'fact:binance:exec/ETHUSDT/4293153/98765432',
      occurredAt: '2026-11-20T14:30:00.010Z',
      tradingDay: '2026-11-20',
      source: { name: 'binance', session: 'ETHUSDT', sequence: '110' },
    });
  });

  it('keeps ids beyond 2^53 and times to the microsecond', () => {
    const text = JSON.stringify(tradeReport(1, '0.5', '0.5', 10)).replace('"i":4293153', '"i":9007199254740993').replace('"t":1,', '"t":18446744073709551617,').replace(`"T":${AT + 10}`, `"T":${AT + 10}123`);
    const { fact, context } = onlyFact(parseOne(binanceAdapter, text));
    expect(fact).toMatchObject({ data: { refs: { brokerOrderId: '9007199254740993' }, execution: { execId: '18446744073709551617' } } });
    expect(context.occurredAt).toBe('2026-11-20T14:30:00.010123Z');
  });

  it('of a liquidation counts too', () => {
    expect(typeOf(tradeReport(5, '2', '2', 10, { x: 'CALCULATED', c: 'autoclose-1' }))).toBe('ExecutionRecorded');
  });

  it('has no fee where none was taken, and its asset is named where one was', () => {
    expect(dataOf(parse(tradeReport(1, '0.5', '0.5', 1, { n: '0', N: null })), 'ExecutionRecorded').execution.fees).toEqual([]);
    expect(dataOf(parse(tradeReport(1, '0.5', '0.5', 1, { n: '1e-7', N: 'ETH' })), 'ExecutionRecorded').execution.fees).toEqual([{ amount: '0.0000001', currency: 'ETH' }]);
    expect(parse(tradeReport(1, '0.5', '0.5', 1, { N: null }))).toMatchObject({ kind: 'malformed', field: 'N' });
  });
});

describe('an executionReport', () => {
  it.each([
    ['NEW', 'NEW', 'OrderAccepted', 'new 2/0/2 @ 0'],
    ['NEW', 'PENDING_NEW', 'OrderPendingNew', 'pending_new 2/0/2 @ 0'],
    ['CANCELED', 'CANCELED', 'OrderCanceled', 'canceled 2/0/0 @ 0'],
    ['CANCELED', 'PENDING_CANCEL', 'CancelPending', 'pending_cancel 2/0/2 @ 0'],
    ['REPLACED', 'NEW', 'OrderReplaced', 'new 2/0/2 @ 0'],
    ['REJECTED', 'REJECTED', 'OrderRejected', 'rejected 2/0/0 @ 0'],
    ['EXPIRED', 'EXPIRED', 'OrderExpired', 'expired 2/0/0 @ 0'],
    ['TRADE_PREVENTION', 'EXPIRED_IN_MATCH', 'OrderExpired', 'expired 2/0/0 @ 0'],
    ['TRADE', 'NEW', 'OrderAccepted', 'new 2/0/2 @ 0'],
    ['TRADE', 'CANCELED', 'OrderCanceled', 'canceled 2/0/0 @ 0'],
    ['TRADE', 'EXPIRED', 'OrderExpired', 'expired 2/0/0 @ 0'],
    ['FUNDED', 'NEW', 'OrderStatusReported', 'new 2/0/2 @ 0'],
  ])('%s with the status %s is a fact %s', (x, X, type, expected) => {
    expect(typeOf(executionReport(x, X, 0))).toBe(type);
    expect(figures(executionReport(x, X, 0))).toEqual({ 4293153: expected });
  });

  it('with neither an execution type nor a status that is known is malformed', () => {
    expect(parse(executionReport('FUNDED', 'ODD', 0))).toMatchObject({ kind: 'malformed', field: 'x' });
  });

  it('keeps why it was rejected', () => {
    expect(dataOf(parse(executionReport('REJECTED', 'REJECTED', 0, { r: 'GTX_ORDER_REJECT' })), 'OrderRejected').report).toEqual({ ordStatus: 'rejected', orderQty: '2', cumQty: '0', reason: 'GTX_ORDER_REJECT' });
  });

  it('of a trade without a quantity or a price is no execution, and what is missing shows', () => {
    expect(figures(executionReport('TRADE', 'PARTIALLY_FILLED', 5, { t: 9, z: '0.5' }))).toEqual({ 4293153: 'new 2/0/2 @ 0 cum_qty status' });
    const unpriced = tradeReport(9, '0.5', '0.5', 5, { L: '0.00000000', Z: '0' });
    expect(figures(unpriced)).toEqual({ 4293153: 'new 2/0/2 @ 0 cum_qty status' });
    expect(figures(unpriced, tradeReport(9, '0.5', '0.5', 5))).toEqual({ 4293153: 'partially_filled 2/0.5/1.5 @ 2499.5' });
  });

  it('of a cancel names the order by C, and "null" and empty are no ids', () => {
    const { fact, lookUp } = onlyFact(parse(executionReport('CANCELED', 'CANCELED', 5, { c: 'cancel-1', C: 'grid-7' })));
    expect(fact.data.refs).toEqual({ brokerOrderId: '4293153', clOrdId: 'cancel-1', origClOrdId: 'grid-7' });
    expect(lookUp?.at(-1)?.id).toBe('grid-7');
    expect(dataOf(parse(executionReport('NEW', 'NEW', 0, { c: '', C: 'null' })), 'OrderAccepted').refs).toEqual({ brokerOrderId: '4293153' });
  });

  it('that amends the quantity changes the order', () => {
    expect(figures(executionReport('NEW', 'NEW', 0), executionReport('REPLACED', 'NEW', 5, { q: '1.20000000', c: 'amend-1', C: 'grid-7' }))).toEqual({ 4293153: 'new 1.2/0/1.2 @ 0' });
  });

  it('of a prevented match with an own order takes that off what is left', () => {
    const prevented = executionReport('TRADE_PREVENTION', 'NEW', 5, { A: '0.75000000', B: '0.75000000', v: 3, V: 'DECREMENT' });
    expect(figures(executionReport('NEW', 'NEW', 0), prevented)).toEqual({ 4293153: 'new 2/0/1.25 @ 0' });
    expect(figures(executionReport('NEW', 'NEW', 0), prevented, executionReport('TRADE_PREVENTION', 'EXPIRED_IN_MATCH', 9, { A: '2' }))).toEqual({ 4293153: 'expired 2/0/0 @ 0' });
  });

  it('of a prevented match is not forgotten by the trades that follow, whether or not they repeat it', () => {
    const [placed, prevented] = [executionReport('NEW', 'NEW', 0), executionReport('TRADE_PREVENTION', 'NEW', 5, { A: '0.75000000' })];
    for (const repeated of [{}, { A: '0.75000000' }]) {
      expect(figures(placed, prevented, tradeReport(9, '0.5', '0.5', 9, repeated))).toEqual({ 4293153: 'partially_filled 2/0.5/0.75 @ 2499.5' });
    }
    const more = executionReport('TRADE_PREVENTION', 'NEW', 7, { A: '1' });
    expect(figures(placed, prevented, more)).toEqual({ 4293153: 'new 2/0/1 @ 0' });
    expect(figures(placed, prevented, executionReport('REPLACED', 'NEW', 9, { q: '1.2' }))).toEqual({ 4293153: 'new 1.2/0/1.2 @ 0' });
  });

  it('of an order for an amount of the quote asset has no quantity until it is filled', () => {
    const market = { o: 'MARKET', q: '0.00000000', p: '0.00000000', Q: '4999.00' };
    expect(figures(executionReport('NEW', 'NEW', 0, market))).toEqual({ 4293153: 'new 0/0/0 @ 0' });
    const partly = executionReport('TRADE', 'PARTIALLY_FILLED', 5, { ...market, t: 9, l: '0.5', L: '2499.5', z: '0.5', Z: '1249.75' });
    expect(figures(executionReport('NEW', 'NEW', 0, market), partly)).toEqual({ 4293153: 'partially_filled 0/0.5/0 @ 2499.5' });
    expect(figures(executionReport('NEW', 'NEW', 0, market), tradeReport(11, '2', '2', 10, market))).toEqual({ 4293153: 'filled 2/2/0 @ 2499.5' });
  });

  it('of one number in two symbols is of two orders', () => {
    const [one, other] = facts(executionReport('NEW', 'NEW', 0), executionReport('NEW', 'NEW', 0, { s: 'BTCUSDT' }));
    expect(one?.aliases).not.toEqual(other?.aliases);
    expect(one?.context.commandKey).not.toBe(other?.context.commandKey);
  });
});

const level = (z: string, X: string, t: number) => futuresUpdate('TRADE', X, 0, { t, l: '0.02', z, L: '91000.5', ap: '91000.5' });

describe('an order update of USD-M futures', () => {
  it('of one moment stands after those that had less filled: a market order goes through several levels in a millisecond', () => {
    const messages = [futuresUpdate('NEW', 'NEW', 0), ...['0.02', '0.04', '0.06', '0.08'].map((z, index) => level(z, 'PARTIALLY_FILLED', 80 + index)), level('0.1', 'FILLED', 90)];
    const end = { 8886774: 'filled 0.1/0.1/0 @ 91000.5' };
    expect(figures(...messages)).toEqual(end);
    expect(figures(...messages.toReversed())).toEqual(end);
    for (let sent = 2; sent < messages.length; sent += 1) expect(figures(...messages.slice(0, sent))).toEqual({ 8886774: expect.stringMatching(/^partially_filled 0\.1\/0\.0\d\/0\.0\d @ 91000\.5$/u) });
  });

  it('is of a future of its own instrument, and closes where it only reduces', () => {
    const trade = dataOf(parse(futuresUpdate('TRADE', 'FILLED', 5, { t: 77, l: '0.1', z: '0.1', L: '91000.5', ap: '91000.5', n: '3.6' })), 'ExecutionRecorded');
    expect(trade.execution).toMatchObject({ execId: '77', side: 'sell', lastQty: '0.1', lastPx: '91000.5', positionEffect: 'close', fees: [{ amount: '3.6', currency: 'USDT' }] });
    expect(trade.execution.instrument).toEqual({ symbol: 'BTCUSDT PERP', securityType: 'future', multiplier: '1', quoteCurrency: 'USDT', settlementCurrency: 'USDT' });
    expect(trade.report).toEqual({ ordStatus: 'filled', orderQty: '0.1', cumQty: '0.1', avgPx: '91000.5' });
  });

  it.each([
    ['LONG', 'BUY', 'open'],
    ['LONG', 'SELL', 'close'],
    ['SHORT', 'SELL', 'open'],
    ['SHORT', 'BUY', 'close'],
    ['BOTH', 'BUY', undefined],
  ])('of the position side %s that is a %s has the effect %s', (ps, S, effect) => {
    expect(onlyFact(parse(futuresUpdate('NEW', 'NEW', 0, { ps, S, R: false }))).fact.data.terms?.positionEffect).toBe(effect);
  });

  it('of one number as an order of the spot market is another order', () => {
    expect(onlyFact(parse(futuresUpdate('NEW', 'NEW', 0))).aliases).toEqual([{ kind: 'broker', scope: ['default', 'binance', 'usd-m/BTCUSDT'], id: '8886774' }]);
  });

  it('of coin-margined contracts is skipped', () => {
    expect(parse({ ...futuresUpdate('NEW', 'NEW', 0), fs: 'CM' })).toEqual({ kind: 'skipped', reason: 'event ORDER_TRADE_UPDATE of COIN-M futures' });
  });
});

describe('what is no order update', () => {
  it.each([
    [{ e: 'trade', s: 'ETHUSDT' }, 'event trade'],
    [{ stream: 'ethusdt@trade', data: { e: 'trade' } }, 'event trade'],
    [{ subscriptionId: 0, event: { e: 'balanceUpdate' } }, 'event balanceUpdate'],
    [{ e: 'listStatus', g: 2, O: [{ i: 17 }] }, 'event listStatus'],
    [{ e: 'a b <secret>' }, 'no order update of Binance'],
    [{ code: -2011, msg: 'Unknown order sent.' }, 'no order update of Binance'],
    [[], 'no order update of Binance'],
    [null, 'no order update of Binance'],
  ])('%j is skipped with its reason', (message, reason) => {
    expect(parse(message)).toEqual({ kind: 'skipped', reason });
  });
});

describe('a malformed order update', () => {
  const sound = tradeReport(1, '0.5', '0.5', 1);
  it.each<[string, unknown]>([
    ['i', undefined],
    ['i', -1],
    ['i', { a: 1 }],
    ['s', ''],
    ['s', 'NOQUOTE'],
    ['S', 'LONG'],
    ['S', undefined],
    ['q', 'much'],
    ['q', undefined],
    ['x', undefined],
    ['l', '1,5'],
    ['L', true],
    ['z', 'x'],
    ['n', 'x'],
    ['T', '2026-11-20'],
    ['T', undefined],
    ['I', 1.5],
    ['c', 'a\u0000b'],
  ])('whose %s is %j names the field', (field, value) => {
    expect(parse({ ...sound, [field]: value })).toMatchObject({ kind: 'malformed', field });
  });

  it('says how to name a quote asset that is not known', () => {
    expect(parse({ ...sound, s: 'ETHXYZ' })).toMatchObject({ reason: 's "ETHXYZ" ends in no quote asset that is known here; name it: --option quote=…' });
    expect(dataOf(parse({ ...sound, s: 'ETHXYZ' }, { quote: 'XYZ' }), 'ExecutionRecorded').terms?.instrument).toMatchObject({ symbol: 'ETHXYZ', quoteCurrency: 'XYZ' });
  });

  it('is one where two values stand under one key, or it is no JSON', () => {
    expect(parseOne(binanceAdapter, '{"e":"executionReport","i":1,"i":2}')).toMatchObject({ kind: 'malformed', reason: expect.stringContaining('Duplicate key') });
    expect(parseOne(binanceAdapter, '{"e":"executionReport"').kind).toBe('malformed');
  });
});

describe('the quote asset of a symbol', () => {
  it.each([
    ['BTCUSDT', 'USDT'],
    ['BTCUSD', 'USD'],
    ['BNBUSD', 'USD'],
    ['BNBBUSD', 'BUSD'],
    ['DOTUSD', 'USD'],
    ['BTCTUSD', 'TUSD'],
    ['USDTUSD', 'USD'],
    ['ADAEUR', 'EUR'],
    ['BTCAEUR', 'AEUR'],
    ['BTCFDUSD', 'FDUSD'],
    ['ETHBTC', 'BTC'],
    ['PEPETRY', 'TRY'],
    ['BTCUSDT_260626', 'USDT'],
    ['USDT', undefined],
    ['ABC', undefined],
  ])('%s is %s', (symbol, quote) => {
    expect(quoteAssetOf(symbol)).toBe(quote);
  });
});

describe('what enters events', () => {
  it('is what is read: other fields change nothing in any fact, its digests included', () => {
    const secret = { apiKey: 'SECRET', signature: 'SECRET', u: 'SECRET', E: AT + 99, w: 'SECRET', Y: 'SECRET', nested: { listenKey: 'SECRET' } };
    for (const message of [...filledLife, ...canceledLife]) {
      const plain = facts(message);
      expect(facts({ data: { ...message, ...secret }, listenKey: 'SECRET' })).toEqual(plain);
      expect(JSON.stringify(plain)).not.toContain('SECRET');
    }
    const [plain, extended] = [futuresUpdate('NEW', 'NEW', 0), futuresUpdate('NEW', 'NEW', 0, { si: 'SECRET', pm: 'SECRET' })];
    expect(facts({ ...extended, secret })).toEqual(facts(plain));
  });
});

describe('the messages of an order', () => {
  it('end in the state that the exchange reports, and nothing disagrees', () => {
    expect(figures(...filledLife)).toEqual({ 4293153: 'filled 2/2/0 @ 2499.5' });
    expect(figures(...canceledLife)).toEqual({ 4293153: 'canceled 2/0.5/0 @ 2499.5' });
  });

  it('shuffled and doubled end in the same state', () => {
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

  it('of one millisecond are in the order of their execution ids', () => {
    const [, , last] = filledLife;
    const state = [...foldFacts(facts(...filledLife.toReversed())).values()][0];
    expect(state?.view.executions.map(({ execId }) => execId)).toEqual(['11', '12']);
    expect(last?.['T']).toBe(filledLife[1]?.['T']);
  });

  it('whose trade has other values under one id conflict', () => {
    const state = [...foldFacts(facts(...filledLife, tradeReport(11, '0.6', '0.6', 10))).values()][0];
    expect(state?.conflicts).toBe(1);
  });
});
