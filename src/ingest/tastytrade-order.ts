import { formatQuantity, quantity, quantityText, subtractQuantity } from '../domain/amounts.js';
import type { QuantityString } from '../domain/amounts.js';
import { add, parseDecimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { BrokerReport, ExecutionData, OrderFactEvent, OrderTerms } from '../domain/order/events.js';
import type { OrderFact } from '../eventstore/commands.js';
import { FieldError } from './adapter.js';
import { placeInLife } from './cumulative-place.js';
import { DEFAULT_ACCOUNT } from './flags.js';
import type { JsonFields } from './json-fields.js';
import type { OrderSession } from './order-session.js';
import { eventOf, isOver, latestTime, legStatus, placedFact, rankOf, stateFact, statedFact, unknownStatus } from './stated-order.js';
import type { Standing, StatedOrder } from './stated-order.js';
import { REMOVED, STATUSES, actionOf, instrumentOf, ordTypeOf, timeInForceOf } from './tastytrade-values.js';

/*
 * One order as tastytrade sends it, whole each time: terms, state, and of every leg all fills so far. The fields that are read
 * here and in tastytrade-values.ts are the allowlist.
 */

/** What all legs share. */
interface Stated {
  readonly id: string;
  readonly account: string | undefined;
  readonly status: string;
  /** Undefined where the status is a word that is not known here. */
  readonly standing: Standing | undefined;
  readonly legCount: number;
  readonly placedAt: string | undefined;
  /** When the order was so; undefined where it does not say. */
  readonly ownTime: string | undefined;
  /** Of the frame's sending, or of receipt. */
  readonly sentAt: string | undefined;
  readonly receivedAt: string;
}

interface Fill {
  readonly execution: ExecutionData;
  readonly filledAt: string;
}

const MAX_LEGS = 20;
const MAX_FILLS = 10_000;
const MAX_ID_LENGTH = 90;

/** The id of one leg's order: the order's own, with the leg's symbol where there are several legs. */
const legOrderId = ({ id, legCount }: Stated, symbol: string): string => (legCount === 1 ? id : `${id} ${symbol}`);

/** An id, short enough for a leg's symbol or some words beside it. */
function idOf(order: JsonFields, name: string): string | undefined {
  const id = order.id(name);
  if (id !== undefined && id.length > MAX_ID_LENGTH) throw new FieldError(order.pathOf(name), `is longer than ${MAX_ID_LENGTH} characters`);
  return id;
}

/** A spread's price is that of all its legs together, so no leg has it. */
function termsOf(order: JsonFields, leg: JsonFields, stated: Stated, session: OrderSession): OrderTerms {
  const { side, positionEffect } = actionOf(leg);
  const [price, stopPx] = stated.legCount === 1 ? [order.price('price'), order.price('stop-trigger')] : [];
  const [timeInForce, replaces, complexOrder] = [timeInForceOf(order), idOf(order, 'replaces-order-id'), idOf(order, 'complex-order-id')];
  const group = stated.legCount > 1 ? stated.id : complexOrder === undefined ? undefined : `complex order ${complexOrder}`;
  return {
    environment: session.environment,
    instrument: instrumentOf(leg, session.currency, session.multipliers),
    sourceSymbol: leg.required('symbol', leg.text('symbol', 100)),
    side,
    // An order for an amount of money has no quantity before it is executed.
    orderQty: leg.quantity('quantity') ?? quantityText('0'),
    ordType: ordTypeOf(order),
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(replaces === undefined ? {} : { signal: `replaces order ${replaces}` }),
    ...(group === undefined ? {} : { group }),
  };
}

function fillOf(fill: JsonFields, terms: OrderTerms): Fill {
  const venue = fill.text('destination-venue');
  return {
    filledAt: fill.required('filled-at', fill.time('filled-at')),
    execution: {
      execId: execId(fill.required('fill-id', fill.id('fill-id'))),
      side: terms.side,
      lastQty: fill.required('quantity', fill.quantity('quantity')),
      lastPx: fill.required('fill-price', fill.price('fill-price')),
      instrument: terms.instrument,
      sourceSymbol: terms.sourceSymbol,
      fees: [],
      ...(terms.positionEffect === undefined ? {} : { positionEffect: terms.positionEffect }),
      ...(venue === undefined ? {} : { venue }),
    },
  };
}

/** What was executed by the broker's own count: quantity less what remains of it. */
function executedQty(leg: JsonFields, { status }: Stated): QuantityString | undefined {
  const [ordered, remaining] = [leg.quantity('quantity'), leg.quantity('remaining-quantity')];
  if (ordered === undefined || ordered === '0' || remaining === undefined || REMOVED.has(status)) return undefined;
  return formatQuantity(subtractQuantity(quantity(ordered), quantity(remaining)));
}

function reasonOf(order: JsonFields): string | undefined {
  const replacing = idOf(order, 'replacing-order-id');
  return order.words('reject-reason') ?? (replacing === undefined ? undefined : `replaced by order ${replacing}`);
}

/** Numbers and status are left out where the order does not say when they were true, unless it is over: they cannot be compared. */
function reportOf(order: JsonFields, leg: JsonFields, stated: Stated): BrokerReport {
  const { standing, ownTime } = stated;
  const [orderQty, cumQty, reason] = [leg.quantity('quantity'), executedQty(leg, stated), reasonOf(order)];
  const ordered = orderQty === undefined || orderQty === '0' ? {} : { orderQty };
  if (standing === undefined) return { ...ordered, reason: unknownStatus(stated.status) };
  const why = reason === undefined ? {} : { reason };
  if (ownTime === undefined && !isOver(standing)) return { ...ordered, ...why };
  const left = leg.quantity('remaining-quantity');
  return {
    ordStatus: legStatus(standing, orderQty, cumQty),
    ...ordered,
    ...(cumQty === undefined ? {} : { cumQty }),
    // What remains of an order that is over is not open for execution.
    ...(cumQty === undefined || left === undefined || isOver(standing) ? {} : { leavesQty: left }),
    ...why,
  };
}

/** Of a moment's states: more fills come later, then what is nearer to the order's end. Fills have no number, and come before the states that know of them. */
function sequenceOf(standing: Standing | undefined, fills: readonly Fill[]): string {
  const executed = fills.reduce((sum, { execution }) => add(sum, parseDecimal(execution.lastQty)), parseDecimal('0'));
  return placeInLife({ phase: standing !== undefined && isOver(standing) ? 'over' : 'open', executed, fees: parseDecimal('0'), rank: standing === undefined ? 0 : rankOf(standing) });
}

function legFacts(order: JsonFields, leg: JsonFields, stated: Stated, session: OrderSession): readonly OrderFact[] {
  const terms = termsOf(order, leg, stated, session);
  const of: StatedOrder = {
    ...session,
    account: stated.account ?? DEFAULT_ACCOUNT,
    accountIsKnown: stated.account !== undefined,
    receivedAt: stated.receivedAt,
    brokerOrderId: legOrderId(stated, terms.sourceSymbol),
  };
  const fills = leg.objects('fills', MAX_FILLS).map((fill) => fillOf(fill, terms));
  const executions = fills.map(({ execution, filledAt }) => {
    const event: OrderFactEvent = { type: 'ExecutionRecorded', data: { refs: { brokerOrderId: of.brokerOrderId }, execution } };
    return statedFact(of, event, { occurredAt: filledAt }, ['fill', execution.execId], { execution, filledAt });
  });
  // A state that knows of a fill is not older than the fill.
  const occurredAt = latestTime([stated.ownTime ?? stated.sentAt, ...fills.map(({ filledAt }) => filledAt)]) ?? stated.placedAt ?? stated.receivedAt;
  const { standing } = stated;
  const isWhole = standing !== undefined && stated.ownTime !== undefined;
  const state = { type: standing === undefined ? ('OrderStatusReported' as const) : eventOf(standing), report: reportOf(order, leg, stated), terms, isWhole };
  const timed = stated.ownTime !== undefined || stated.sentAt !== undefined ? [occurredAt] : [];
  const stateOfLeg = stateFact(of, state, { occurredAt, sequence: sequenceOf(standing, fills) }, timed);
  // The first fact opens the order, so it is one with terms.
  return stated.placedAt === undefined ? [stateOfLeg, ...executions] : [placedFact(of, terms, stated.placedAt), ...executions, stateOfLeg];
}

/** All that one order says, leg by leg. Throws a FieldError where a field is at fault. `sentAt`: when its frame was sent. */
export function tastytradeOrder(order: JsonFields, sentAt: string | undefined, session: OrderSession): readonly OrderFact[] {
  const status = order.required('status', order.text('status'));
  const legs = order.objects('legs', MAX_LEGS);
  if (legs.length === 0) throw new FieldError(order.pathOf('legs'), 'is required and missing');
  const symbols = new Set(legs.map((leg) => leg.text('symbol')));
  if (symbols.size < legs.length) throw new FieldError(order.pathOf('legs'), 'names a symbol twice');
  const stated: Stated = {
    id: order.required('id', idOf(order, 'id')),
    account: order.text('account-number') ?? session.account,
    status,
    standing: STATUSES.get(status),
    legCount: legs.length,
    placedAt: order.time('received-at'),
    ownTime: order.time('updated-at') ?? order.time('terminal-at'),
    sentAt,
    receivedAt: session.now(),
  };
  return legs.flatMap((leg) => legFacts(order, leg, stated, session));
}
