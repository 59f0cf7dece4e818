import { priceText, quantityText } from '../../../../src/domain/amounts.js';
import { execId } from '../../../../src/domain/ids.js';
import type { BrokerReport, FactBase, OrderFactEvent, OrderEvent } from '../../../../src/domain/order/events.js';
import { ORD_STATUS_LABELS } from '../../../../src/domain/order/status.js';
import type { OrdStatus } from '../../../../src/domain/order/events.js';
import { execution, metadata, terms } from '../given.js';
import type { ReportRow, Row } from './table.js';

/** One message of a matrix as the fact that it is, and the order that it is about. */
export interface Message {
  readonly order: string;
  readonly row: Row;
  readonly event: OrderEvent;
}

const STATUS_OF_LABEL: ReadonlyMap<string, OrdStatus> = new Map(
  Object.entries(ORD_STATUS_LABELS).flatMap(([status, label]) => (isOrdStatus(status) ? [[label, status] as const] : [])),
);

function isOrdStatus(text: string): text is OrdStatus {
  return Object.hasOwn(ORD_STATUS_LABELS, text);
}

function statusOf(label: string): OrdStatus {
  const status = STATUS_OF_LABEL.get(label);
  if (!status) throw new Error(`no OrdStatus: ${label}`);
  return status;
}

const idsOf = ({ ids }: Row): { readonly clOrdId: string; readonly origClOrdId: string | undefined } => {
  const [clOrdId = '', origClOrdId] = ids.split(',');
  return { clOrdId, origClOrdId };
};

function reportOf(row: ReportRow): BrokerReport {
  const { options, ordStatus, orderQty, cumQty, leavesQty } = row;
  return {
    ordStatus: statusOf(ordStatus),
    ...(orderQty !== undefined && { orderQty: quantityText(String(orderQty)) }),
    cumQty: quantityText(String(cumQty)),
    leavesQty: quantityText(String(leavesQty)),
    ...(options.reason !== undefined && { reason: options.reason }),
  };
}

function executionFact(row: ReportRow, base: FactBase, messageId: string): OrderFactEvent {
  const { options, lastQty = 0, orderQty = 0 } = row;
  const ownId = options.execId ?? messageId;
  const data = { ...base, terms: terms(String(orderQty)), report: reportOf(row) };
  const change = { orderQty: quantityText(String(orderQty)) };
  const traded = execution(ownId, String(lastQty), priceText(String(options.lastPx ?? 100)));
  const execRefId = execId(options.execRefId ?? '');
  switch (row.execType) {
    case 'New':
      return { type: 'OrderAccepted', data };
    case 'Rejected':
      return { type: 'OrderRejected', data };
    case 'Trade':
      return { type: 'ExecutionRecorded', data: { ...data, execution: traded } };
    case 'Trade Cancel':
      return { type: 'ExecutionBusted', data: { ...data, execId: execId(ownId), execRefId } };
    case 'Trade Correct':
      return { type: 'ExecutionCorrected', data: { ...data, execution: traded, execRefId } };
    case 'Done for Day':
      return { type: 'OrderDoneForDay', data };
    case 'Canceled':
      return { type: 'OrderCanceled', data };
    case 'Replace':
      return { type: 'OrderReplaced', data: { ...data, change } };
    case 'Pending Cancel':
      return { type: 'CancelPending', data };
    case 'Pending Replace':
      return { type: 'ReplacePending', data };
    case 'Restated':
      return { type: 'OrderRestated', data: { ...data, change } };
    case 'Stopped':
      return { type: 'OrderStopped', data };
    case 'Order Status':
      return { type: 'OrderStatusReported', data };
  }
}

function factOf(row: Row, order: string, messageId: string): OrderFactEvent {
  const { clOrdId, origClOrdId } = idsOf(row);
  const isFromBroker = row.message === 'Execution' || row.message === 'Cancel Reject';
  const base: FactBase = {
    refs: { clOrdId, ...(origClOrdId !== undefined && { origClOrdId }), ...(isFromBroker && { brokerOrderId: `O-${order}` }) },
    ...(row.options.possResend === true && { possResend: true }),
  };
  const { timeInForce } = row.options;
  switch (row.message) {
    case 'New Order':
      return { type: 'OrderPlaced', data: { ...base, origin: 'fact', terms: terms(String(row.orderQty ?? 0), timeInForce ? { timeInForce } : {}) } };
    case 'Cancel Request':
      return { type: 'CancelRequested', data: { ...base, origin: 'fact' } };
    case 'Replace Request':
      return { type: 'ReplaceRequested', data: { ...base, origin: 'fact', change: { orderQty: quantityText(String(row.orderQty)) } } };
    case 'Cancel Reject':
      return { type: 'CancelRejected', data: { ...base, report: { ordStatus: statusOf(row.ordStatus) }, responseTo: row.responseTo } };
    case 'Execution':
      return executionFact(row, base, messageId);
  }
}

const dayOf = (time: number | string): string => (String(time).startsWith('Day 2') ? '2012-06-22' : '2012-06-21');

/** The messages of a path in their order: requests and reports numbered in a session each, a tenth of a second apart. */
export function messagesOf(path: readonly Row[]): readonly Message[] {
  const orderOf = new Map<string, string>();
  return path.map((row, index) => {
    const { clOrdId, origClOrdId } = idsOf(row);
    const order = orderOf.get(origClOrdId ?? clOrdId) ?? origClOrdId ?? clOrdId;
    orderOf.set(clOrdId, order);
    const isFromBroker = row.message === 'Execution' || row.message === 'Cancel Reject';
    const envelope = { session: isFromBroker ? 'BROKER-BUYSIDE' : 'BUYSIDE-BROKER', tradingDay: dayOf(row.time) };
    return { order, row, event: { ...factOf(row, order, `E${index + 1}`), metadata: metadata(index + 1, envelope) } };
  });
}
