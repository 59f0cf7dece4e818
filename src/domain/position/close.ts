import { compareQuantity, formatQuantity, priceText, quantity, ZERO_QUANTITY } from '../amounts.js';
import { accept } from '../decider.js';
import type { Decision, Rejection } from '../decider.js';
import type { OrderTerms } from '../order/events.js';
import { checkClOrdId, checkTerms } from '../order/validate.js';
import type { ClosePosition, EndClose, SizeClosingOrder } from './commands.js';
import type { ClosingOrder, ClosingOrderSized, PositionCloseEnded, PositionCloseRequested, PositionEventBody, PositionOpened } from './events.js';
import type { CloseState, PositionState } from './state.js';
import { isUnfilled } from './targets.js';

/*
 * Closing what is left of a position by one order, which is sized when nothing of the targets' orders is working any more: so
 * nothing is closed twice. What they fill until then counts, and the order is the smaller.
 */

/** Whether a closing has been asked for and has not come to its end. */
const isClosing = ({ close }: Pick<PositionState, 'close'>): boolean => close?.status === 'requested' || close?.status === 'sized';

/** Why nothing else can be asked of a position that is being closed. */
export function refusedWhileClosing({ close }: Pick<PositionState, 'close'>): Rejection | undefined {
  if (!close || !isClosing({ close })) return undefined;
  return { code: 'position_closing', message: `positionId: the position is being closed by order ${close.request.order.clOrdId}`, field: 'positionId' };
}

/** The terms of the order that closes `qty` of the position. */
export function closingTerms(opened: PositionOpened['data'], { side, order }: Pick<PositionCloseRequested['data'], 'side' | 'order'>, qty: OrderTerms['orderQty']): Omit<OrderTerms, 'positionId'> {
  const { environment, instrument, sourceSymbol, strategy, signal, group, portfolio } = opened;
  const { clOrdId: _clOrdId, ...asked } = order;
  return {
    environment,
    instrument,
    sourceSymbol,
    side,
    orderQty: qty,
    ...asked,
    positionEffect: 'close',
    ...(strategy === undefined ? {} : { strategy }),
    ...(signal === undefined ? {} : { signal }),
    ...(group === undefined ? {} : { group }),
    ...(portfolio === undefined ? {} : { portfolio }),
  };
}

const canonicalOrder = (order: ClosingOrder): ClosingOrder => ({
  ...order,
  ...(order.price === undefined ? {} : { price: priceText(order.price) }),
  ...(order.stopPx === undefined ? {} : { stopPx: priceText(order.stopPx) }),
});

// Evolve

export const closeRequested = (request: PositionCloseRequested['data']): CloseState => ({ request, status: 'requested', quantity: undefined, reason: undefined });

/** The closing after its order was sized or it ended; another closing's news changes nothing. */
export function closeChanged(close: CloseState | undefined, event: ClosingOrderSized | PositionCloseEnded): CloseState | undefined {
  if (close?.request.order.clOrdId !== event.data.clOrdId) return close;
  if (event.type === 'ClosingOrderSized') return { ...close, status: 'sized', quantity: quantity(event.data.quantity) };
  return { ...close, status: event.data.outcome, reason: event.data.reason };
}

// Decide

/** One append: the targets end with the request, so that none of them can be filled by an order that is set in between. */
export function closePosition(state: PositionState, opened: PositionOpened['data'], { reason, order, immediately }: ClosePosition): Decision<PositionEventBody> {
  const refused = refusedToClose(state, immediately);
  if (refused) return { kind: 'rejected', rejection: refused };
  const side = opened.direction === 'short' ? 'buy' : 'sell';
  const left = formatQuantity(state.openQty);
  const invalid = checkClOrdId(order.clOrdId) ?? checkTerms(closingTerms(opened, { side, order }, left));
  if (invalid) return invalid;
  const ended = state.targets.filter(isUnfilled).map(({ targetKey }) => ({ type: 'TargetCancelled', data: { targetKey, reason: `the position is closed: ${reason}` } }) as const);
  return accept<PositionEventBody>(...ended, { type: 'PositionCloseRequested', data: { reason, quantity: left, side, order: canonicalOrder(order), immediately } });
}

function refusedToClose(state: PositionState, immediately: boolean): Rejection | undefined {
  if (state.status !== 'open') return { code: 'position_not_open', message: `positionId: the position is ${state.status}`, field: 'positionId' };
  if (compareQuantity(state.openQty, ZERO_QUANTITY) <= 0) return { code: 'nothing_to_close', message: 'positionId: nothing of the position is open yet', field: 'positionId' };
  const isHurried = immediately && state.close?.status === 'requested' && !state.close.request.immediately;
  return isHurried ? undefined : refusedWhileClosing(state);
}

/** The order is for what is open now; none is needed where the targets' orders have closed it. */
export function sizeClosingOrder({ close, openQty }: PositionState, { clOrdId }: SizeClosingOrder): Decision<PositionEventBody> {
  if (close?.status !== 'requested' || close.request.order.clOrdId !== clOrdId) return accept();
  if (compareQuantity(openQty, ZERO_QUANTITY) <= 0) return accept<PositionEventBody>({ type: 'PositionCloseEnded', data: { clOrdId, outcome: 'nothing_left' } });
  return accept<PositionEventBody>({ type: 'ClosingOrderSized', data: { clOrdId, quantity: formatQuantity(openQty) } });
}

/** The closing order is over, or could not be placed: the position is open again, or closed by what was filled. */
export function endClose(state: PositionState, { clOrdId, outcome, reason }: EndClose): Decision<PositionEventBody> {
  if (!isClosing(state) || state.close?.request.order.clOrdId !== clOrdId) return accept();
  return accept<PositionEventBody>({ type: 'PositionCloseEnded', data: { clOrdId, outcome, ...(reason === undefined ? {} : { reason }) } });
}
