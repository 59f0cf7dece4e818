/* Messages in the form of TradeStation's order stream, written for these tests. */

export type Json = Readonly<Record<string, unknown>>;

export const OPENED = '2026-11-20T14:30:00Z';
export const CLOSED = '2026-11-20T15:45:10Z';

export const legJson = (executed: string, more: Json = {}): Json => ({
  AssetType: 'STOCK',
  BuyOrSell: 'Buy',
  ExecQuantity: executed,
  ...(executed === '0' ? {} : { ExecutionPrice: '12.4' }),
  OpenOrClose: 'Open',
  QuantityOrdered: '100',
  QuantityRemaining: String(100 - Number(executed)),
  Symbol: 'ACME',
  ...more,
});

/** One order of 100 ACME, limit 12.5, of which so much is executed at 12.4. */
export const orderJson = (status: string, executed = '0', more: Json = {}, leg: Json = {}): Json => ({
  AccountID: '11111111',
  CommissionFee: '0',
  Currency: 'USD',
  Duration: 'GTC',
  FilledPrice: executed === '0' ? '0' : '12.4',
  GoodTillDate: '2027-02-18T00:00:00Z',
  Legs: [legJson(executed, leg)],
  LimitPrice: '12.5',
  OpenedDateTime: OPENED,
  OrderID: '950905107',
  OrderType: 'Limit',
  PriceUsedForBuyingPower: '12.5',
  Routing: 'Intelligent',
  Status: status,
  StatusDescription: 'words',
  UnbundledRouteFee: '0',
  ...more,
});

export const closed = (status: string, executed = '0', more: Json = {}, leg: Json = {}): Json => orderJson(status, executed, { ClosedDateTime: CLOSED, ...more }, leg);
