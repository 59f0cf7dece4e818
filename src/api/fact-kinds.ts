import type { OrderFactEvent } from '../domain/order/events.js';
import { builder } from './builder.js';

type FactType = OrderFactEvent['type'];

/** The kinds of facts, with the FIX message that says it. */
const FACT_KINDS: Readonly<Record<FactType, string>> = {
  OrderPlaced: 'The order was sent (35=D). Needs `terms`.',
  CancelRequested: 'A cancel was asked for (35=F).',
  ReplaceRequested: 'A replace was asked for (35=G). Needs `change`.',
  OrderPendingNew: 'ExecType A: received, not yet accepted.',
  OrderAccepted: 'ExecType 0: working.',
  OrderRejected: 'ExecType 8.',
  CancelPending: 'ExecType 6.',
  ReplacePending: 'ExecType E.',
  OrderReplaced: 'ExecType 5: the order now has the terms in `change`.',
  OrderCanceled: 'ExecType 4, asked for or not.',
  CancelRejected: '35=9: a cancel or replace request was refused. Needs `responseTo`.',
  OrderDoneForDay: 'ExecType 3.',
  OrderExpired: 'ExecType C.',
  OrderRestated: 'ExecType D: the broker changed the order by itself: `change`, or `reducedBy`.',
  OrderStopped: 'ExecType 7.',
  OrderSuspended: 'ExecType 9.',
  OrderCalculated: 'ExecType B.',
  OrderStatusReported: 'ExecType I: the answer to a status request.',
  ExecutionRecorded: 'ExecType F: a trade. Needs `execution`.',
  ExecutionCorrected: 'ExecType G: the trade `execRefId` has the values of `execution` from now on.',
  ExecutionBusted: 'ExecType H: the trade `execRefId` never was. Needs `execId`, the id of this message.',
};

const isFactType = (text: string): text is FactType => Object.hasOwn(FACT_KINDS, text);

/** `ExecutionRecorded` is EXECUTION_RECORDED. */
const kindName = (type: FactType): string => type.replaceAll(/(?<=[a-z])[A-Z]/gu, (letter) => `_${letter}`).toUpperCase();

export const factKindRef = builder.enumType('BrokerFactKind', {
  description: 'What a broker or a log can say about an order.',
  values: Object.fromEntries(
    Object.keys(FACT_KINDS)
      .filter((type) => isFactType(type))
      .map((type) => [kindName(type), { value: type, description: FACT_KINDS[type] }]),
  ),
});
