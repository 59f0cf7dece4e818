/*
 * Inputs of mutations, as a client would send them.
 */

const ACME = { symbol: 'ACME', securityType: 'EQUITY', quoteCurrency: 'USD' };

/** Terms of a limit order for 100 shares at 10.5. */
export const orderTerms = (changes: object = {}): object => ({
  environment: 'PAPER',
  instrument: ACME,
  side: 'BUY',
  orderQty: '100',
  ordType: 'LIMIT',
  price: '10.50',
  ...changes,
});

/** What a broker says of an order. */
export const fact = (kind: string, clOrdId: string, changes: object = {}): object => ({
  kind,
  source: { name: 'broker' },
  refs: { clOrdId },
  occurredAt: '2026-11-20T14:30:01.000001Z',
  ...changes,
});

/** A trade of 10 shares at 10.5, whole: it opens its order where none is known. */
export const trade = (clOrdId: string, execId: string, changes: object = {}): object =>
  fact('EXECUTION_RECORDED', clOrdId, { terms: orderTerms(), execution: { execId, lastQty: '10', lastPx: '10.5' }, ...changes });

/** A short put spread, 10 of it. */
export const positionTerms = (changes: object = {}): object => ({
  environment: 'PAPER',
  instrument: { symbol: 'SPY 450/445 put spread', securityType: 'OPTION', multiplier: '100', quoteCurrency: 'USD' },
  direction: 'SHORT',
  quantity: '10',
  openPrice: '1.50',
  originalCredit: { amount: '1500', currency: 'USD' },
  strategyType: 'put_spread',
  ...changes,
});

export const target = (targetKey: string, changes: object = {}): object => ({
  targetKey,
  kind: 'PROFIT',
  percent: '40',
  targetPrice: '0.90',
  quantity: '4',
  originalCredit: { amount: '600', currency: 'USD' },
  ...changes,
});

export const PLACE = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { outcome duplicate orderId position revision eventCount errors { code message field } }
}`;
export const CANCEL = `mutation ($input: RequestCancelInput!) {
  requestCancel(input: $input) { outcome duplicate orderId position errors { code message field } }
}`;
export const REPLACE = `mutation ($input: RequestReplaceInput!) {
  requestReplace(input: $input) { outcome orderId position errors { code message field } }
}`;
export const RECORD = `mutation ($fact: BrokerFactInput!) {
  recordBrokerFact(fact: $fact) { outcome duplicate orderId position errors { code message field } }
}`;
export const RECORD_MANY = `mutation ($facts: [BrokerFactInput!]!) {
  recordBrokerFacts(facts: $facts) { applied duplicates parked rejected position results { outcome orderId position errors { code field message } } }
}`;
export const OPEN = `mutation ($input: OpenPositionInput!) {
  openPosition(input: $input) { outcome duplicate positionId position errors { code message field } }
}`;
export const SET_TARGET = `mutation ($input: SetTargetInput!) {
  setTarget(input: $input) { outcome positionId position errors { code message field } }
}`;
export const CLOSE = `mutation ($input: ClosePositionInput!) {
  closePosition(input: $input) { outcome duplicate positionId position eventCount errors { code message field } }
}`;
export const CANCEL_TARGET = `mutation ($input: CancelTargetInput!) {
  cancelTarget(input: $input) { outcome positionId position errors { code message field } }
}`;
