import { describe, expect, it } from 'vitest';
import { eventDetails, factDetails } from '../../src/cli/fact-details.js';
import { priceText, quantityText } from '../../src/domain/amounts.js';
import { digest, execId, orderId } from '../../src/domain/ids.js';
import type { OrderEventBody, OrderFactEvent } from '../../src/domain/order/events.js';
import { executionOf, termsOf } from '../support/events.js';

const refs = { brokerOrderId: 'B-1' };
const trade: OrderFactEvent = { type: 'ExecutionRecorded', data: { refs, execution: executionOf('E2', { lastQty: quantityText('40'), lastPx: priceText('41.5') }) } };
const bare: OrderFactEvent = { type: 'OrderCanceled', data: { refs } };

describe('what a message says, in a few words', () => {
  const corrected = executionOf('E3', { side: 'sell_short', lastQty: quantityText('30') });
  it.each<{ name: string; fact: OrderFactEvent; says: string | undefined }>([
    { name: 'a trade', fact: trade, says: 'E2 buy 40 @ 41.5' },
    { name: 'a correction', fact: { type: 'ExecutionCorrected', data: { refs, execRefId: execId('E2'), execution: corrected } }, says: 'E3 corrects E2: sell short 30 @ 10.5' },
    { name: 'a bust', fact: { type: 'ExecutionBusted', data: { refs, execId: execId('E4'), execRefId: execId('E2') } }, says: 'E4 busts E2' },
    { name: 'an order', fact: { type: 'OrderPlaced', data: { refs, origin: 'fact', terms: termsOf({ ordType: 'stop_limit', stopPx: priceText('10') }) } }, says: 'buy 100 stop limit 10.5 stop 10' },
    { name: 'a replace', fact: { type: 'OrderReplaced', data: { refs, change: { orderQty: quantityText('90'), price: priceText('41.4') } } }, says: 'quantity 90, price 41.4' },
    { name: 'a cut', fact: { type: 'OrderRestated', data: { refs, change: {}, reducedBy: quantityText('5') } }, says: 'reduced by 5' },
    { name: "the broker's numbers", fact: { type: 'OrderCanceled', data: { refs, report: { ordStatus: 'canceled', cumQty: quantityText('40'), leavesQty: quantityText('0') } } }, says: 'status canceled, cum 40, leaves 0' },
    { name: 'no numbers', fact: bare, says: undefined },
  ])('given $name', ({ fact, says }) => {
    expect(factDetails(fact)).toBe(says);
    expect(eventDetails(fact)).toBe(says);
  });

  const other = orderId('11111111-1111-5111-8111-111111111111');
  it.each<{ name: string; event: OrderEventBody; says: string }>([
    { name: 'a conflict', event: { type: 'FactConflicted', data: { firstDigest: digest('a'.repeat(64)), fact: trade } }, says: 'other version: E2 buy 40 @ 41.5' },
    { name: 'a conflict without numbers', event: { type: 'FactConflicted', data: { firstDigest: digest('a'.repeat(64)), fact: bare } }, says: 'other version: OrderCanceled' },
    { name: 'a better copy', event: { type: 'FactRepeated', data: { fact: trade } }, says: 'copy of: E2 buy 40 @ 41.5' },
    { name: 'a link', event: { type: 'OrderLinked', data: { intoOrderId: other } }, says: `into ${other}` },
    { name: 'a pointer', event: { type: 'AliasClaimed', data: { orderId: other, aliasKey: 'key' } }, says: `of ${other}` },
  ])('given $name', ({ event, says }) => {
    expect(eventDetails(event)).toBe(says);
  });
});
