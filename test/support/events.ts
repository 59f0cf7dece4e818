import { quantityText, priceText } from '../../src/domain/amounts.js';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import { accountId, commandKey, execId, tenantId } from '../../src/domain/ids.js';
import type { CommandContext, EventMetadata } from '../../src/domain/metadata.js';
import type { ExecutionData, OrderTerms } from '../../src/domain/order/events.js';
import { sha256Hex } from '../../src/eventstore/digest.js';

/** What a test's command knows, where it does not matter. */
export function contextOf(changes: Partial<CommandContext> = {}): CommandContext {
  const key = changes.commandKey ?? commandKey('test-key');
  return {
    tenantId: tenantId('default'),
    accountId: accountId('main'),
    actor: 'test',
    source: { name: 'test' },
    commandKey: key,
    commandDigest: sha256Hex(key),
    correlationId: 'test-correlation',
    causationId: 'test-causation',
    occurredAt: '2026-11-20T14:30:00.000001Z',
    receivedAt: '2026-11-20T14:30:00.123Z',
    tradingDay: '2026-11-20',
    ...changes,
  };
}

/** Metadata of an event that such a command made. */
export function metadataOf(changes: Partial<CommandContext> = {}): EventMetadata {
  const { correlationId, causationId, ...context } = contextOf(changes);
  return { schemaVersion: 1, $correlationId: correlationId, $causationId: causationId, producer: 'fillbook/test', ...context };
}

/** A limit order for 100 shares at 10.5. */
export const termsOf = (changes: Partial<OrderTerms> = {}): OrderTerms => ({
  environment: 'paper',
  instrument: { symbol: 'ACME', securityType: 'equity', multiplier: canonicalDecimal('1'), quoteCurrency: 'USD', settlementCurrency: 'USD' },
  sourceSymbol: 'ACME.X',
  side: 'buy',
  orderQty: quantityText('100'),
  ordType: 'limit',
  price: priceText('10.5'),
  ...changes,
});

/** A trade of 10 shares at 10.5. */
export const executionOf = (id: string, changes: Partial<ExecutionData> = {}): ExecutionData => ({
  execId: execId(id),
  side: 'buy',
  lastQty: quantityText('10'),
  lastPx: priceText('10.5'),
  instrument: termsOf().instrument,
  sourceSymbol: 'ACME.X',
  fees: [{ amount: canonicalDecimal('0.35'), currency: 'USD' }],
  ...changes,
});
