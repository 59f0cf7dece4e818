import { compareQuantity, formatQuantity, isZeroQuantity, tryQuantity } from '../amounts.js';
import type { Quantity } from '../amounts.js';
import type { ExecId } from '../ids.js';
import type { Instrument } from '../instrument.js';
import type { BrokerReport, ExecutionData } from './events.js';
import { missingExecIds } from './executions.js';
import type { ExecutionSet } from './executions.js';
import { leavesQtyOf, ordStatusOf, orderQtyOf } from './progress.js';
import type { OrderProgress } from './progress.js';
import type { OrderDiscrepancy } from './state.js';

/*
 * What the broker says is compared with what we computed, and never taken over. A disagreement stands until a report
 * agrees in that field; a fact that was missing closes it too, since it is folded in at its own place.
 */

type ReportedField = 'cumQty' | 'orderQty' | 'leavesQty' | 'ordStatus';

const KIND_OF_FIELD = { cumQty: 'cum_qty', orderQty: 'order_qty', leavesQty: 'leaves_qty', ordStatus: 'status' } as const;

function quantityDiffers(brokers: string, ours: Quantity): boolean {
  const said = tryQuantity(brokers);
  return !said || compareQuantity(said, ours) !== 0;
}

function disagreement(field: ReportedField, brokers: string, ours: string): OrderDiscrepancy {
  return { kind: KIND_OF_FIELD[field], field, brokers, ours };
}

const NOTHING: readonly OrderDiscrepancy[] = [];

/** What disagrees after a report: the fields that it has are compared anew, the others stay as they were. */
export function compareReport(order: OrderProgress, report: BrokerReport): readonly OrderDiscrepancy[] {
  const status = ordStatusOf(order);
  const kept = order.disagreements.length === 0 ? NOTHING : order.disagreements.filter(({ field }) => !Object.hasOwn(report, field));
  const found: OrderDiscrepancy[] = [];
  const quantities: readonly (readonly [Exclude<ReportedField, 'ordStatus'>, Quantity])[] = [
    ['cumQty', order.cumQty],
    ['orderQty', orderQtyOf(order)],
    ['leavesQty', leavesQtyOf(order)],
  ];
  for (const [field, ours] of quantities) {
    const brokers = report[field];
    if (brokers !== undefined && quantityDiffers(brokers, ours)) found.push(disagreement(field, brokers, formatQuantity(ours)));
  }
  if (report.ordStatus !== undefined && report.ordStatus !== status) found.push(disagreement('ordStatus', report.ordStatus, status));
  return found.length === 0 ? kept : [...kept, ...found];
}

function overfills(order: OrderProgress): readonly OrderDiscrepancy[] {
  const isOver = !isZeroQuantity(order.orderQty) && compareQuantity(order.cumQty, order.orderQty) > 0;
  return isOver ? [{ kind: 'overfill', field: 'cumQty', brokers: formatQuantity(order.orderQty), ours: formatQuantity(order.cumQty) }] : NOTHING;
}

const textOf = ({ symbol, securityType, multiplier, quoteCurrency }: Instrument): string => `${symbol} (${securityType}, x ${multiplier}, ${quoteCurrency})`;

/** Whether a trade says at least what its order does of what is traded: orders often say less, and are believed to be of what trades. */
function saysAll(traded: Instrument, ordered: Instrument): boolean {
  const isPlain = ordered.securityType === 'equity' || ordered.securityType === 'other';
  return (
    traded.quoteCurrency === ordered.quoteCurrency &&
    (isPlain || traded.securityType === ordered.securityType) &&
    (ordered.multiplier === '1' || traded.multiplier === ordered.multiplier) &&
    (traded.symbol === ordered.symbol || ordered.symbol.split(' ').every((part) => traded.symbol.split(' ').includes(part)))
  );
}

/**
 * A trade of another instrument than its order is of. It is booked as its own message says; where that says less than the order did
 * (a report with nothing but the symbol of an option), the money is wrong, so the first such trade is shown.
 */
export function compareInstrument(order: OrderProgress, { execId, instrument }: ExecutionData): readonly OrderDiscrepancy[] {
  const ordered = order.terms?.instrument;
  // The legs of a strategy are what is traded.
  if (ordered === undefined || ordered.securityType === 'multileg') return order.disagreements;
  if (saysAll(instrument, ordered) || order.disagreements.some(({ kind }) => kind === 'instrument')) return order.disagreements;
  return [...order.disagreements, { kind: 'instrument', field: 'instrument', brokers: textOf(instrument), ours: textOf(ordered), execId }];
}

/** A trade that was corrected or busted since is not what it was. */
const isChanged = ({ slots, list }: ExecutionSet, execId: ExecId): boolean => list.get(slots.get(execId) ?? -1)?.status !== 'live';

/** Whether the broker's number is ours by now: a trade whose time is after that of the report that counted it may say none itself. */
function isExplained(order: OrderProgress, { field, brokers, execId }: OrderDiscrepancy): boolean {
  if (field === 'instrument') return execId !== undefined && isChanged(order.executions, execId);
  if (field === 'cumQty') return !quantityDiffers(brokers, order.cumQty);
  if (field === 'orderQty') return !quantityDiffers(brokers, orderQtyOf(order));
  if (field === 'leavesQty') return !quantityDiffers(brokers, leavesQtyOf(order));
  return field === 'ordStatus' && brokers === ordStatusOf(order);
}

/** Every disagreement that is open now. */
export function discrepanciesOf(order: OrderProgress, hasFacts: boolean): readonly OrderDiscrepancy[] {
  const isPlain = order.executions.waiting.length === 0 && order.executions.conflicts.length === 0;
  const ofExecutions: readonly OrderDiscrepancy[] = isPlain
    ? NOTHING
    : [
        ...missingExecIds(order.executions).map((execId) => ({ kind: 'missing_execution', field: 'execRefId', brokers: execId, ours: '', execId }) as const),
        ...order.executions.conflicts.map(
          ({ first, other }) =>
            ({
              kind: 'conflicting_fact',
              field: 'execution',
              brokers: `${other.lastQty} @ ${other.lastPx}`,
              ours: `${first.lastQty} @ ${first.lastPx}`,
              execId: first.execId,
            }) as const,
        ),
      ];
  const termsMissing: readonly OrderDiscrepancy[] = hasFacts && !order.terms ? [{ kind: 'terms_missing', field: 'terms', brokers: '', ours: '' }] : NOTHING;
  const open = order.disagreements.length === 0 ? NOTHING : order.disagreements.filter((said) => !isExplained(order, said));
  return [...open, ...overfills(order), ...ofExecutions, ...termsMissing];
}
