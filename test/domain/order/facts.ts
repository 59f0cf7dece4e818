import { formatPrice, formatQuantity, quantityText } from '../../../src/domain/amounts.js';
import { execId } from '../../../src/domain/ids.js';
import type { BrokerReport, OrderFactEvent, OrderTerms, OrdStatus } from '../../../src/domain/order/events.js';
import type { OrderState } from '../../../src/domain/order/state.js';
import { execution, terms } from './given.js';

/* What a broker says about one order, X, of 1000 unless it says otherwise. */

export const refs = { clOrdId: 'X', brokerOrderId: 'O-X' };
export const report = (ordStatus: OrdStatus, cumQty?: string): BrokerReport => ({ ordStatus, ...(cumQty !== undefined && { cumQty: quantityText(cumQty) }) });

export const placed = (orderQty = '1000', more: Partial<OrderTerms> = {}): OrderFactEvent => ({
  type: 'OrderPlaced',
  data: { origin: 'fact', refs: { clOrdId: 'X' }, terms: terms(orderQty, more) },
});
export const accepted: OrderFactEvent = { type: 'OrderAccepted', data: { refs } };
export const traded = (id: string, lastQty: string, lastPx = '100', more: { report?: BrokerReport; possResend?: boolean } = {}): OrderFactEvent => ({
  type: 'ExecutionRecorded',
  data: { refs, execution: execution(id, lastQty, lastPx), ...more },
});
export const corrected = (id: string, of: string, lastQty: string, lastPx = '100'): OrderFactEvent => ({
  type: 'ExecutionCorrected',
  data: { refs, execution: execution(id, lastQty, lastPx), execRefId: execId(of) },
});
export const busted = (id: string, of: string): OrderFactEvent => ({ type: 'ExecutionBusted', data: { refs, execId: execId(id), execRefId: execId(of) } });
export const canceled: OrderFactEvent = { type: 'OrderCanceled', data: { refs } };
export const restated = (change: string | undefined, more: { reducedBy?: string; report?: BrokerReport } = {}): OrderFactEvent => ({
  type: 'OrderRestated',
  data: {
    refs,
    change: change === undefined ? {} : { orderQty: quantityText(change) },
    ...(more.reducedBy !== undefined && { reducedBy: quantityText(more.reducedBy) }),
    ...(more.report && { report: more.report }),
  },
});

export function figures({ view }: OrderState): string {
  return `${view.ordStatus} ${formatQuantity(view.orderQty)}/${formatQuantity(view.cumQty)}/${formatQuantity(view.leavesQty)} @ ${formatPrice(view.avgPx)}`;
}

export const kinds = ({ view }: OrderState): readonly string[] => view.discrepancies.map(({ kind }) => kind);
