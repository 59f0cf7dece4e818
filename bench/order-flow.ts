import { priceText, quantityText } from '../src/domain/amounts.js';
import { canonicalDecimal } from '../src/domain/decimal.js';
import { accountId, commandKey, execId, orderId, tenantId } from '../src/domain/ids.js';
import type { EventMetadata } from '../src/domain/metadata.js';
import type { OrderEventBody, OrderTerms } from '../src/domain/order/events.js';
import { CHAIN_START, seal } from '../src/eventstore/chain.js';
import { sha256Hex } from '../src/eventstore/digest.js';
import type { EventStore } from '../src/eventstore/event-store.js';
import { orderIdOf, orderStream } from '../src/eventstore/identity.js';

const APPENDS_IN_FLIGHT = 200;

const terms: OrderTerms = {
  environment: 'live',
  instrument: { symbol: 'AAPL', securityType: 'equity', multiplier: canonicalDecimal('1'), quoteCurrency: 'USD', settlementCurrency: 'USD' },
  sourceSymbol: 'AAPL',
  side: 'buy',
  orderQty: quantityText('100'),
  ordType: 'limit',
  price: priceText('585.33'),
};

/** Of ten orders nine are placed and cancelled, one is filled in two parts: about the mix of an exchange's order book. */
function factsOf(order: number): OrderEventBody[] {
  const refs = { brokerOrderId: String(16_000_000 + order) };
  const placed: OrderEventBody = { type: 'OrderPlaced', data: { refs, terms, origin: 'fact' } };
  if (order % 10 !== 0) return [placed, { type: 'OrderCanceled', data: { refs } }];
  const fills = [1, 2].map((part): OrderEventBody => {
    const { instrument, sourceSymbol, side } = terms;
    const execution = { execId: execId(`${order}-${part}`), side, lastQty: quantityText('50'), lastPx: priceText('585.33'), instrument, sourceSymbol, fees: [] };
    return { type: 'ExecutionRecorded', data: { refs, execution } };
  });
  return [placed, ...fills];
}

const metadataOf = (order: number, part: number): EventMetadata => ({
  schemaVersion: 1,
  $correlationId: orderId(`order ${order}`),
  $causationId: `line ${order}/${part}`,
  tenantId: tenantId('default'),
  accountId: accountId('main'),
  actor: 'import',
  source: { name: 'lobster', session: 'AAPL_2012-06-21', sequence: String(order) },
  commandKey: commandKey(`default/lobster/AAPL_2012-06-21/${order}/${part}`),
  commandDigest: sha256Hex(`${order}/${part}`),
  occurredAt: `2012-06-21T13:30:00.${String(order % 1_000_000).padStart(9, '0')}Z`,
  receivedAt: '2026-11-21T00:00:00.000Z',
  tradingDay: '2012-06-21',
  producer: 'fillbook/bench',
});

/** Appends orders until there are as many events: every order's facts come apart, as they do in an hour of trading. */
export async function writeOrderFlow(store: EventStore, eventCount: number): Promise<void> {
  let order = 0;
  let events = 0;
  const lane = async (): Promise<void> => {
    while (events < eventCount) {
      const facts = factsOf(order);
      const own = order;
      order += 1;
      events += facts.length;
      const stream = orderStream(orderIdOf({ kind: 'broker', scope: ['default', 'bench'], id: String(own) }));
      const sealed = seal(
        stream,
        0n,
        CHAIN_START,
        facts.map(({ type, data }, part) => ({ type, data, metadata: metadataOf(own, part) })),
      );
      for (const [part, event] of sealed.events.entries()) await store.append(stream, part === 0 ? 'no_stream' : BigInt(part - 1), [event]);
    }
  };
  await Promise.all(Array.from({ length: APPENDS_IN_FLIGHT }, lane));
}
