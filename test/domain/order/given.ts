import { priceText, quantityText } from '../../../src/domain/amounts.js';
import { canonicalDecimal } from '../../../src/domain/decimal.js';
import { accountId, commandKey, digest, execId, tenantId } from '../../../src/domain/ids.js';
import type { Instrument } from '../../../src/domain/instrument.js';
import type { EventMetadata } from '../../../src/domain/metadata.js';
import { orderDecider } from '../../../src/domain/order/decider.js';
import type { ExecutionData, OrderEvent, OrderEventBody, OrderFactEvent, OrderTerms } from '../../../src/domain/order/events.js';
import { saidIn } from '../../../src/domain/order/facts.js';
import type { OrderState } from '../../../src/domain/order/state.js';

export const INSTRUMENT: Instrument = {
  symbol: 'TEST',
  securityType: 'equity',
  multiplier: canonicalDecimal('1'),
  quoteCurrency: 'USD',
  settlementCurrency: 'USD',
};

export const terms = (orderQty: string, more: Partial<OrderTerms> = {}): OrderTerms => ({
  environment: 'live',
  instrument: INSTRUMENT,
  sourceSymbol: 'TEST',
  side: 'buy',
  orderQty: quantityText(orderQty),
  ordType: 'market',
  ...more,
});

export const execution = (id: string, lastQty: string, lastPx: string): ExecutionData => ({
  execId: execId(id),
  side: 'buy',
  lastQty: quantityText(lastQty),
  lastPx: priceText(lastPx),
  instrument: INSTRUMENT,
  sourceSymbol: 'TEST',
  fees: [],
});

/** A moment of the test's day, `hundredths` after the open. */
const at = (hundredths: number): string => `2012-06-21T09:${String(Math.floor(hundredths / 6000)).padStart(2, '0')}:${(hundredths % 6000 / 100).toFixed(2).padStart(5, '0')}Z`;

export interface Envelope {
  readonly session?: string;
  readonly key?: string;
  readonly digest?: string;
  readonly occurredAt?: string;
  readonly tradingDay?: string;
}

/** Metadata of the `sequence`-th message: its time and its number follow from it. */
export function metadata(sequence: number, envelope: Envelope = {}): EventMetadata {
  const session = envelope.session ?? 'BROKER-BUYSIDE';
  return {
    schemaVersion: 1,
    $correlationId: '00000000-0000-4000-8000-000000000001',
    $causationId: '00000000-0000-4000-8000-000000000002',
    tenantId: tenantId('default'),
    accountId: accountId('main'),
    actor: 'test',
    source: { name: 'fix', session, sequence: String(sequence) },
    commandKey: commandKey(envelope.key ?? `fix:${session}:${sequence}`),
    commandDigest: digest(envelope.digest ?? `d${sequence}`),
    occurredAt: envelope.occurredAt ?? at(sequence * 10),
    receivedAt: '2026-11-21T00:00:00Z',
    tradingDay: envelope.tradingDay ?? '2012-06-21',
    producer: 'test/0',
  };
}

const REQUESTS: ReadonlySet<string> = new Set(['OrderPlaced', 'CancelRequested', 'ReplaceRequested']);

/** Facts as events, numbered in their order; requests in the session of their own that they have in FIX. */
export const asEvents = (facts: readonly OrderFactEvent[]): readonly OrderEvent[] =>
  facts.map((fact, index) => ({ ...fact, metadata: metadata(index + 1, REQUESTS.has(fact.type) ? { session: 'BUYSIDE-BROKER' } : {}) }));

export const foldEvents = (events: readonly (OrderEventBody & { readonly metadata: EventMetadata })[], from: OrderState = orderDecider.initialState): OrderState => {
  let state = from;
  for (const event of events) state = orderDecider.evolve(state, event);
  return state;
};

export const given = (...facts: readonly OrderFactEvent[]): OrderState => foldEvents(asEvents(facts));

/** Each message is recorded as a fact, through `decide`, as it arrives. */
export function recordEvents(events: readonly OrderEvent[]): OrderState {
  let state = orderDecider.initialState;
  for (const { metadata: envelope, ...fact } of events) {
    if (fact.type === 'FactConflicted' || fact.type === 'FactRepeated' || fact.type === 'OrderLinked' || fact.type === 'AliasClaimed') throw new Error('not a fact');
    const decision = orderDecider.decide(state, { kind: 'RecordOrderFact', said: saidIn(envelope), commandKey: envelope.commandKey, commandDigest: envelope.commandDigest, fact });
    if (decision.kind === 'rejected') throw new Error('a fact was refused');
    for (const event of decision.events) state = orderDecider.evolve(state, { ...event, metadata: envelope });
  }
  return state;
}
