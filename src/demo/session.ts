/*
 * A trading session of three accounts, made up for the demo: iron condor legs and a stock, profit targets by percent, partial
 * fills, a duplicate, a fill that comes before its order, a bust. Names and prices are invented.
 */

export interface DemoInstrument {
  readonly symbol: string;
  readonly securityType: 'OPTION' | 'EQUITY' | 'FUTURE';
  readonly multiplier: string;
}

export interface DemoTarget {
  readonly key: string;
  readonly percent: string;
  readonly price: string;
  readonly quantity: string;
  /** The broker's id of the order that works it; without one the target only waits. */
  readonly order?: string;
}

export interface DemoPosition {
  readonly name: string;
  readonly account: string;
  readonly instrument: DemoInstrument;
  readonly direction: 'LONG' | 'SHORT';
  readonly quantity: string;
  readonly openPrice: string;
  readonly strategyType: string;
  readonly targets: readonly DemoTarget[];
}

/** A broker's message: what happened to which order. */
export type DemoFact =
  | { readonly kind: 'placed' | 'accepted'; readonly order: string }
  | { readonly kind: 'filled'; readonly order: string; readonly exec: string; readonly qty: string; readonly px: string; readonly again?: true }
  | { readonly kind: 'busted'; readonly order: string; readonly exec: string; readonly of: string }
  | { readonly kind: 'canceled'; readonly order: string };

export interface DemoOrder {
  readonly id: string;
  readonly account: string;
  readonly instrument: DemoInstrument;
  readonly side: 'BUY' | 'SELL';
  readonly qty: string;
  readonly price: string;
}

const option = (symbol: string): DemoInstrument => ({ symbol, securityType: 'OPTION', multiplier: '100' });
const spxPut = option('SPX 261218P6400');
const spxCall = option('SPX 261218C7100');
const ndxPut = option('NDX 261218P23800');
const stock: DemoInstrument = { symbol: 'ACME', securityType: 'EQUITY', multiplier: '1' };

export const POSITIONS: readonly DemoPosition[] = [
  {
    name: 'spx-put-spread',
    account: 'alpha',
    instrument: spxPut,
    direction: 'SHORT',
    quantity: '10',
    openPrice: '12.4',
    strategyType: 'put_spread',
    targets: [
      { key: 'put_spread_1_40', percent: '40', price: '7.44', quantity: '4', order: 'A-1001' },
      { key: 'put_spread_1_60', percent: '60', price: '4.96', quantity: '4', order: 'A-1002' },
      { key: 'put_spread_1_80', percent: '80', price: '2.48', quantity: '2' },
    ],
  },
  {
    name: 'spx-call-spread',
    account: 'alpha',
    instrument: spxCall,
    direction: 'SHORT',
    quantity: '6',
    openPrice: '8.1',
    strategyType: 'call_spread',
    targets: [
      { key: 'call_spread_2_50', percent: '50', price: '4.05', quantity: '3', order: 'A-1003' },
      { key: 'call_spread_2_75', percent: '75', price: '2.03', quantity: '3', order: 'A-1004' },
    ],
  },
  {
    name: 'ndx-put-spread',
    account: 'beta',
    instrument: ndxPut,
    direction: 'SHORT',
    quantity: '5',
    openPrice: '31.5',
    strategyType: 'put_spread',
    targets: [
      { key: 'put_spread_7_35', percent: '35', price: '20.48', quantity: '2', order: 'B-2001' },
      { key: 'put_spread_7_70', percent: '70', price: '9.45', quantity: '3', order: 'B-2002' },
    ],
  },
  {
    name: 'acme-swing',
    account: 'gamma',
    instrument: stock,
    direction: 'LONG',
    quantity: '300',
    openPrice: '41.2',
    strategyType: 'swing',
    targets: [
      { key: 'swing_1_10', percent: '10', price: '45.32', quantity: '100', order: 'C-3001' },
      { key: 'swing_1_25', percent: '25', price: '51.5', quantity: '200' },
    ],
  },
];

export const ORDERS: readonly DemoOrder[] = [
  { id: 'A-1001', account: 'alpha', instrument: spxPut, side: 'BUY', qty: '4', price: '7.44' },
  { id: 'A-1002', account: 'alpha', instrument: spxPut, side: 'BUY', qty: '4', price: '4.96' },
  { id: 'A-1003', account: 'alpha', instrument: spxCall, side: 'BUY', qty: '3', price: '4.05' },
  { id: 'A-1004', account: 'alpha', instrument: spxCall, side: 'BUY', qty: '3', price: '2.03' },
  { id: 'B-2001', account: 'beta', instrument: ndxPut, side: 'BUY', qty: '2', price: '20.48' },
  { id: 'B-2002', account: 'beta', instrument: ndxPut, side: 'BUY', qty: '3', price: '9.45' },
  { id: 'C-3001', account: 'gamma', instrument: stock, side: 'SELL', qty: '100', price: '45.32' },
];

/** In the order in which they arrive, which is not always the order in which they happened. */
export const FACTS: readonly DemoFact[] = [
  { kind: 'placed', order: 'A-1001' },
  { kind: 'accepted', order: 'A-1001' },
  { kind: 'placed', order: 'A-1002' },
  { kind: 'placed', order: 'A-1003' },
  { kind: 'accepted', order: 'A-1003' },
  { kind: 'filled', order: 'A-1001', exec: 'E1', qty: '1', px: '7.42' },
  { kind: 'placed', order: 'B-2001' },
  { kind: 'filled', order: 'A-1001', exec: 'E2', qty: '3', px: '7.44' },
  { kind: 'filled', order: 'A-1001', exec: 'E2', qty: '3', px: '7.44', again: true },
  { kind: 'accepted', order: 'A-1002' },
  { kind: 'filled', order: 'A-1003', exec: 'E3', qty: '3', px: '4.05' },
  { kind: 'placed', order: 'B-2002' },
  { kind: 'accepted', order: 'B-2002' },
  { kind: 'filled', order: 'B-2001', exec: 'E4', qty: '2', px: '20.45' },
  { kind: 'filled', order: 'A-1002', exec: 'E5', qty: '2', px: '4.96' },
  { kind: 'placed', order: 'A-1004' },
  { kind: 'accepted', order: 'A-1004' },
  { kind: 'filled', order: 'C-3001', exec: 'E6', qty: '40', px: '45.35' },
  { kind: 'placed', order: 'C-3001' },
  { kind: 'filled', order: 'C-3001', exec: 'E7', qty: '60', px: '45.32' },
  { kind: 'busted', order: 'B-2001', exec: 'E8', of: 'E4' },
  { kind: 'canceled', order: 'A-1004' },
];
