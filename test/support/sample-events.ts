import { priceText, quantityText } from '../../src/domain/amounts.js';
import { canonicalDecimal } from '../../src/domain/decimal.js';
import type { NewEvent } from '../../src/domain/decider.js';
import { digest, execId, orderId, positionId, targetKey } from '../../src/domain/ids.js';
import type { FactBase, OrderEventBody, TermsChange } from '../../src/domain/order/events.js';
import type { PositionEventBody } from '../../src/domain/position/events.js';
import type { IngestEventBody } from '../../src/eventstore/schemas/ingest-schemas.js';
import { executionOf, termsOf } from './events.js';

const ORDER = orderId('11111111-1111-5111-8111-111111111111');
const POSITION = positionId('22222222-2222-5222-8222-222222222222');

const fullTerms = termsOf({
  stopPx: priceText('10'),
  timeInForce: 'gtc',
  positionEffect: 'open',
  positionId: POSITION,
  strategy: 'wheel',
  signal: 'signal-1',
  group: 'spread-1',
  portfolio: 'income',
});
const fact: Required<FactBase> = {
  refs: { brokerOrderId: 'B-1', clOrdId: 'C-1', origClOrdId: 'C-0' },
  report: {
    ordStatus: 'partially_filled',
    orderQty: quantityText('100'),
    cumQty: quantityText('10'),
    leavesQty: quantityText('90'),
    avgPx: priceText('10.5'),
    reason: 'as reported',
  },
  terms: fullTerms,
  possResend: true,
  statesWholeOrder: true,
};
const bare: FactBase = { refs: {} };
const change: Required<TermsChange> = { orderQty: quantityText('50'), price: priceText('11'), stopPx: priceText('9'), ordType: 'stop_limit', timeInForce: 'day' };
const fullExecution = executionOf('E-1', { secondaryExecId: execId('T-1'), positionEffect: 'close', positionId: POSITION, venue: 'XNAS' });

/** Each with every optional field, and with none. */
const orderEvents: readonly OrderEventBody[] = [
  { type: 'OrderPlaced', data: { ...fact, origin: 'fact' } },
  { type: 'OrderPlaced', data: { ...bare, origin: 'intent', terms: termsOf() } },
  { type: 'CancelRequested', data: { ...fact, origin: 'intent' } },
  { type: 'CancelRequested', data: { ...bare, origin: 'fact' } },
  { type: 'ReplaceRequested', data: { ...fact, origin: 'intent', change } },
  { type: 'ReplaceRequested', data: { ...bare, origin: 'fact', change: {} } },
  ...(
    [
      'OrderPendingNew',
      'OrderAccepted',
      'OrderRejected',
      'CancelPending',
      'ReplacePending',
      'OrderCanceled',
      'OrderDoneForDay',
      'OrderExpired',
      'OrderStopped',
      'OrderSuspended',
      'OrderCalculated',
      'OrderStatusReported',
    ] as const
  ).flatMap((type): OrderEventBody[] => [
    { type, data: fact },
    { type, data: bare },
  ]),
  { type: 'OrderReplaced', data: { ...fact, change } },
  { type: 'OrderReplaced', data: { ...bare, change: {} } },
  { type: 'CancelRejected', data: { ...fact, responseTo: 'cancel' } },
  { type: 'CancelRejected', data: { ...bare, responseTo: 'replace' } },
  { type: 'OrderRestated', data: { ...fact, change, reducedBy: quantityText('5') } },
  { type: 'OrderRestated', data: { ...bare, change: {} } },
  { type: 'ExecutionRecorded', data: { ...fact, execution: fullExecution } },
  { type: 'ExecutionRecorded', data: { ...bare, execution: executionOf('E-1', { fees: [] }) } },
  { type: 'ExecutionCorrected', data: { ...fact, execRefId: execId('E-0'), execution: fullExecution } },
  { type: 'ExecutionCorrected', data: { ...bare, execRefId: execId('E-0'), execution: executionOf('E-1', { fees: [] }) } },
  { type: 'ExecutionBusted', data: { ...fact, execId: execId('E-2'), execRefId: execId('E-1') } },
  { type: 'ExecutionBusted', data: { ...bare, execId: execId('E-2'), execRefId: execId('E-1') } },
  { type: 'FactConflicted', data: { firstDigest: digest('a'.repeat(64)), fact: { type: 'OrderAccepted', data: fact } } },
  { type: 'FactRepeated', data: { fact: { type: 'OrderAccepted', data: fact } } },
  { type: 'OrderLinked', data: { intoOrderId: ORDER } },
  { type: 'AliasClaimed', data: { orderId: ORDER, aliasKey: '["client",["default","main"],"C-1"]' } },
];

const fill = { orderId: ORDER, execId: execId('E-1'), version: 1 };
const credit = { amount: canonicalDecimal('125.5'), currency: 'USD' };
const opened = { environment: 'live', instrument: termsOf().instrument, sourceSymbol: 'ACME', direction: 'short', quantity: quantityText('2'), strategyType: 'put_spread' } as const;
const target = { targetKey: targetKey('put_spread_1_40'), kind: 'profit', percent: canonicalDecimal('40'), targetPrice: priceText('0.6'), quantity: quantityText('1') } as const;

const positionEvents: readonly PositionEventBody[] = [
  { type: 'PositionOpened', data: { ...opened, openPrice: priceText('1.25'), originalCredit: credit, strategy: 'wheel', signal: 's', group: 'g', portfolio: 'p' } },
  { type: 'PositionOpened', data: opened },
  { type: 'TargetSet', data: { ...target, originalCredit: credit, orderRef: 'B-9' } },
  { type: 'TargetSet', data: target },
  { type: 'TargetOrderAttached', data: { targetKey: target.targetKey, orderRef: 'B-9', orderId: ORDER } },
  ...(['FillRecorded', 'FillCorrected', 'FillReversed'] as const).flatMap((type): PositionEventBody[] => [
    { type, data: { fill, effect: 'close', targetKey: target.targetKey, execution: fullExecution } },
    { type, data: { fill, effect: 'open', execution: executionOf('E-1') } },
  ]),
  ...(['TargetCancelled', 'TargetRejected'] as const).flatMap((type): PositionEventBody[] => [
    { type, data: { targetKey: target.targetKey, reason: 'the order was cancelled' } },
    { type, data: { targetKey: target.targetKey } },
  ]),
];

const closing: readonly PositionEventBody[] = [
  {
    type: 'PositionCloseRequested',
    data: {
      reason: 'expiry',
      quantity: quantityText('2'),
      side: 'buy',
      order: { clOrdId: 'close-1', ordType: 'stop_limit', price: priceText('1.3'), stopPx: priceText('1.25'), timeInForce: 'day' },
      immediately: false,
    },
  },
  { type: 'PositionCloseRequested', data: { reason: 'manual', quantity: quantityText('2'), side: 'sell', order: { clOrdId: 'close-2', ordType: 'market' }, immediately: true } },
  { type: 'ClosingOrderSized', data: { clOrdId: 'close-1', quantity: quantityText('1') } },
  { type: 'PositionCloseEnded', data: { clOrdId: 'close-1', outcome: 'rejected', reason: 'no buying power' } },
  { type: 'PositionCloseEnded', data: { clOrdId: 'close-1', outcome: 'filled' } },
];

const alias = { kind: 'broker', scope: ['default', 'venue'], id: 'B-1' } as const;
const ingestEvents: readonly IngestEventBody[] = [
  { type: 'FactParked', data: { aliases: [alias], newAliases: [{ ...alias, kind: 'client' }], fact: { type: 'ExecutionRecorded', data: { ...fact, execution: fullExecution } } } },
  { type: 'FactParked', data: { aliases: [alias], newAliases: [], fact: { type: 'ExecutionRecorded', data: { ...fact, execution: fullExecution } }, lookUp: [alias], ownAccountOnly: true } },
  { type: 'ParkedFactTakenUp', data: { factKey: 'fact:venue:1', orderId: ORDER } },
  { type: 'LineQuarantined', data: { origin: 'day.log', line: '12', format: 'fix', field: '44', reason: 'is not a decimal', content: '8=FIX.4.4', options: { zone: 'UTC' } } },
  { type: 'LineQuarantined', data: { origin: 'day.log', line: '13', format: 'fix', reason: 'is no message', content: '', options: {} } },
  { type: 'QuarantinedLineReplayed', data: { facts: 1 } },
  { type: 'StoreCreated', data: { storeId: '33333333-3333-4333-8333-333333333333' } },
];

/** A sample of every event type, as the program writes it today. */
export const sampleEvents = (): readonly NewEvent[] => [...orderEvents, ...positionEvents, ...closing, ...ingestEvents];
