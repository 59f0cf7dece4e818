import * as fc from 'fast-check';
import { priceText, quantityText } from '../../src/domain/amounts.js';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import { accountId, digest, execId, tenantId } from '../../src/domain/ids.js';
import type { Instrument } from '../../src/domain/instrument.js';
import type { Environment, ExecutionData, OrderEventBody, Side } from '../../src/domain/order/events.js';
import { executionOf, termsOf } from '../support/events.js';
import { orderIdAt, orderStreamAt } from './histories.js';
import type { Step } from './histories.js';

const STOCK = termsOf().instrument;
const INSTRUMENTS: readonly Instrument[] = [
  STOCK,
  { ...STOCK, symbol: 'ACME 261218C100', securityType: 'option', multiplier: canonicalDecimal('100') },
  { ...STOCK, symbol: 'ESZ6', securityType: 'future', multiplier: canonicalDecimal('50') },
  { ...STOCK, symbol: 'BTCUSDT', securityType: 'spot', quoteCurrency: 'USDT', settlementCurrency: 'USDT' },
];

interface GivenExecution {
  readonly side?: Side;
  readonly qty?: string;
  readonly px?: string;
  readonly instrument?: Instrument;
  readonly fees?: readonly { readonly amount: string; readonly currency: string }[];
}

const executionAs = (exec: string, { side = 'buy', qty = '10', px = '10', instrument = STOCK, fees = [] }: GivenExecution): ExecutionData =>
  executionOf(exec, {
    side,
    lastQty: quantityText(qty),
    lastPx: priceText(px),
    instrument,
    fees: fees.map(({ amount, currency }) => ({ amount: canonicalDecimal(amount), currency })),
  });

const refs = { brokerOrderId: 'B' };

export const traded = (exec: string, given: GivenExecution = {}, environment?: Environment): OrderEventBody => ({
  type: 'ExecutionRecorded',
  data: { refs, execution: executionAs(exec, given), ...(environment && { terms: termsOf({ environment, instrument: given.instrument ?? STOCK }) }) },
});
export const corrected = (exec: string, given: GivenExecution, by = `${exec}-corrected`): OrderEventBody => ({
  type: 'ExecutionCorrected',
  data: { refs, execRefId: execId(exec), execution: executionAs(by, given) },
});
export const busted = (exec: string): OrderEventBody => ({ type: 'ExecutionBusted', data: { refs, execId: execId(`${exec}-busted`), execRefId: execId(exec) } });
export const acceptedWith = (environment: Environment): OrderEventBody => ({ type: 'OrderAccepted', data: { refs, terms: termsOf({ environment }) } });
export const linked = (into: number): OrderEventBody => ({ type: 'OrderLinked', data: { intoOrderId: orderIdAt(into) } });

const ORDERS = 5;

const given: fc.Arbitrary<Required<GivenExecution>> = fc.record({
  side: fc.constantFrom<Side>('buy', 'sell', 'sell_short'),
  qty: fc.constantFrom('1', '2', '3', '7.5', '0.003', '10', '0'),
  px: fc.constantFrom('10', '10.5', '11', '99.99', '0.0007', '-3'),
  instrument: fc.constantFrom(...INSTRUMENTS, STOCK, STOCK),
  fees: fc.array(fc.record({ amount: fc.constantFrom('0.35', '-0.1', '0.001'), currency: fc.constantFrom('USD', 'BTC', 'BNB') }), { maxLength: 2 }),
});

/** What an order's facts do to executions: in any order, late by their source's time, doubled, conflicting, linked away. */
const step: fc.Arbitrary<Step> = fc
  .record({
    order: fc.integer({ min: 0, max: ORDERS - 1 }),
    exec: fc.integer({ min: 0, max: 3 }).map((n) => `E${n}`),
    kind: fc.constantFrom('trade', 'trade', 'trade', 'trade', 'correct', 'bust', 'terms', 'conflict', 'link', 'cancel'),
    given,
    environment: fc.constantFrom<Environment | undefined>('live', 'paper', undefined),
    second: fc.integer({ min: 10, max: 59 }),
  })
  .map(({ order, exec, kind, given: values, environment, second }) => ({
    stream: orderStreamAt(order),
    events: [eventOf(kind, exec, values, environment)],
    context: {
      occurredAt: `2026-11-20T14:30:${second}Z`,
      tradingDay: second % 2 === 0 ? '2026-11-20' : '2026-11-21',
      tenantId: tenantId(order === 4 ? 'other' : 'default'),
      accountId: accountId(order === 3 ? 'second' : 'main'),
    },
  }));

function eventOf(kind: 'trade' | 'correct' | 'bust' | 'terms' | 'conflict' | 'link' | 'cancel', exec: string, values: Required<GivenExecution>, environment: Environment | undefined): OrderEventBody {
  switch (kind) {
    case 'trade':
      return traded(exec, values, environment);
    case 'correct':
      return corrected(exec, values, `${exec}-${values.qty}`);
    case 'bust':
      return busted(exec);
    case 'terms':
      return acceptedWith(environment ?? 'live');
    case 'conflict': {
      const { type, data } = traded(exec, values, environment);
      return type === 'ExecutionRecorded' ? { type: 'FactConflicted', data: { firstDigest: digest('a'.repeat(64)), fact: { type, data } } } : linked(9);
    }
    case 'link':
      return exec === 'E0' ? linked(9) : traded(exec, values, environment);
    case 'cancel':
      return { type: 'OrderCanceled', data: { refs } };
  }
}

export const ledgerHistories = (maxSteps: number): fc.Arbitrary<readonly Step[]> => fc.array(step, { minLength: 5, maxLength: maxSteps });
