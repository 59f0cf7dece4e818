/* Messages in the form of Binance's user data streams, written after its public documentation for these tests. */

export type Json = Readonly<Record<string, unknown>>;

/** 2026-11-20T14:30:00.000Z. */
export const AT = 1_795_185_000_000;

/** A buy of 2 ETH for 2500 USDT each, as `executionReport` reports it at `at` ms with execution id 100 + `at`. */
export const executionReport = (x: string, X: string, at: number, more: Json = {}): Json => ({
  e: 'executionReport',
  E: AT + at + 1,
  s: 'ETHUSDT',
  c: 'grid-7',
  S: 'BUY',
  o: 'LIMIT',
  f: 'GTC',
  q: '2.00000000',
  p: '2500.00000000',
  P: '0.00000000',
  F: '0.00000000',
  g: -1,
  C: '',
  x,
  X,
  r: 'NONE',
  i: 4293153,
  l: '0.00000000',
  z: '0.00000000',
  L: '0.00000000',
  n: '0',
  N: null,
  T: AT + at,
  t: -1,
  I: 100 + at,
  w: true,
  m: false,
  M: false,
  O: AT,
  Z: '0.00000000',
  Y: '0.00000000',
  Q: '0.00000000',
  V: 'NONE',
  ...more,
});

/** A trade of it: `t` of `l` at 2499.5, after which `z` is filled. */
export const tradeReport = (t: number, l: string, z: string, at: number, more: Json = {}): Json =>
  executionReport('TRADE', Number(z) >= 2 ? 'FILLED' : 'PARTIALLY_FILLED', at, { t, l, z, L: '2499.50000000', n: '0.00050000', N: 'BNB', Z: String(Number(z) * 2499.5), ...more });

/** The order's life: two trades, and a cancel of nothing that is left out where it is filled. */
export const filledLife: readonly Json[] = [executionReport('NEW', 'NEW', 0), tradeReport(11, '0.50000000', '0.50000000', 10), tradeReport(12, '1.50000000', '2.00000000', 10, { I: 111 })];
export const canceledLife: readonly Json[] = [
  executionReport('NEW', 'NEW', 0),
  tradeReport(11, '0.50000000', '0.50000000', 10),
  executionReport('CANCELED', 'CANCELED', 20, { c: 'cancel-1', C: 'grid-7', z: '0.50000000', Z: '1249.75000000' }),
];

/** A sell of 0.1 BTC of the USD-M perpetual. */
export const futuresUpdate = (x: string, X: string, at: number, more: Json = {}): Json => ({
  e: 'ORDER_TRADE_UPDATE',
  E: AT + at + 1,
  T: AT + at,
  o: { s: 'BTCUSDT', c: 'perp-1', S: 'SELL', o: 'MARKET', f: 'GTC', q: '0.1', p: '0', ap: '0', sp: '0', x, X, i: 8886774, l: '0', z: '0', L: '0', N: 'USDT', n: '0', T: AT + at, t: 0, R: true, ps: 'BOTH', rp: '0', ...more },
});
