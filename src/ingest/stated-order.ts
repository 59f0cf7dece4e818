import type { QuantityString } from '../domain/amounts.js';
import { compareQuantity, isZeroQuantity, quantity } from '../domain/amounts.js';
import type { BrokerReport, OrderFactEvent, OrderTerms, OrdStatus } from '../domain/order/events.js';
import { compareTimes } from '../domain/order/facts.js';
import type { OrderFact } from '../eventstore/commands.js';
import { digestOf } from '../eventstore/digest.js';
import { brokerAlias, lookUpIn } from './aliases.js';
import { factContext } from './fact-context.js';

/*
 * Brokers that send the whole order each time. What a message says of its state is one fact, named by what it says and when,
 * so that it is the same fact in every copy; what it says of executions are facts of their own.
 */

const MAX_REASON_LENGTH = 200;

/** What all facts of one order (one leg of it) in one message share. */
export interface StatedOrder {
  readonly tenant: string;
  readonly source: string;
  readonly account: string;
  /** Whether the message or a flag says the account, and it is not only assumed. */
  readonly accountIsKnown: boolean;
  readonly actor: string;
  readonly importId: string;
  readonly receivedAt: string;
  /** The order's id within the source; with its leg, where the broker's order is one of several legs. */
  readonly brokerOrderId: string;
}

/** Where a fact stands among the order's facts. */
export interface Place {
  readonly occurredAt: string;
  /** Whole-number text. */
  readonly sequence?: string;
}

/** One fact. `name` tells it from the order's others; the same name with another `economic` is a conflict. */
export function statedFact(order: StatedOrder, event: OrderFactEvent, place: Place, name: readonly string[], economic: unknown): OrderFact {
  const { tenant, source, account, accountIsKnown, actor, importId, receivedAt, brokerOrderId } = order;
  const scope = { tenant, source, account };
  return {
    aliases: [brokerAlias(scope, brokerOrderId)],
    ...(accountIsKnown ? lookUpIn(scope, brokerOrderId) : {}),
    fact: event,
    context: factContext({
      tenant,
      account,
      actor,
      importId,
      receivedAt,
      source: { name: source, ...(place.sequence === undefined ? {} : { sequence: place.sequence }) },
      scopedId: [brokerOrderId, ...name],
      occurredAt: place.occurredAt,
      tradingDay: place.occurredAt.slice(0, 10),
      message: economic,
      economic,
    }),
  };
}

/**
 * That the order was sent. Messages of one order agree in what can never change of it, so they all give this one fact; its
 * other terms are those of the message that came first, and those that are stated later count over them.
 */
export function placedFact(order: StatedOrder, terms: OrderTerms, occurredAt: string): OrderFact {
  const { side, sourceSymbol, positionEffect = '' } = terms;
  const event: OrderFactEvent = { type: 'OrderPlaced', data: { origin: 'fact', refs: { brokerOrderId: order.brokerOrderId }, terms } };
  return statedFact(order, event, { occurredAt }, ['placed'], { type: 'OrderPlaced', side, sourceSymbol, positionEffect });
}

/** How an order stands, as an event. */
export type StateType = 'OrderPendingNew' | 'OrderAccepted' | 'CancelPending' | 'ReplacePending' | 'OrderSuspended' | 'OrderStatusReported' | 'OrderCanceled' | 'OrderRejected' | 'OrderExpired';

export interface StatedState {
  readonly type: StateType;
  readonly report: BrokerReport;
  readonly terms: OrderTerms;
  /** Whether the message says when it was so: one that does not is not taken for the order's state over others. */
  readonly isWhole: boolean;
}

/** What the message says of the order's state. `namedBy`: what else tells it from the same said at another time. */
export function stateFact(order: StatedOrder, { type, report, terms, isWhole }: StatedState, place: Place, namedBy: readonly string[]): OrderFact {
  const whole = isWhole ? { statesWholeOrder: true as const } : {};
  const event: OrderFactEvent = { type, data: { refs: { brokerOrderId: order.brokerOrderId }, report, terms, ...whole } };
  const economic = { type, report, terms };
  return statedFact(order, event, place, ['state', ...namedBy, digestOf(economic).slice(0, 32)], economic);
}

/** How a broker's word of an order's state reads for one leg. */
export type Standing = 'submitted' | 'working' | 'pending_cancel' | 'pending_replace' | 'suspended' | 'filled' | 'canceled' | 'rejected' | 'expired';

interface Meaning {
  readonly event: StateType;
  readonly ordStatus: OrdStatus;
  readonly isOver?: true;
}

const MEANINGS: Readonly<Record<Standing, Meaning>> = {
  submitted: { event: 'OrderPendingNew', ordStatus: 'pending_new' },
  working: { event: 'OrderAccepted', ordStatus: 'new' },
  pending_cancel: { event: 'CancelPending', ordStatus: 'pending_cancel' },
  pending_replace: { event: 'ReplacePending', ordStatus: 'pending_replace' },
  suspended: { event: 'OrderSuspended', ordStatus: 'suspended' },
  filled: { event: 'OrderStatusReported', ordStatus: 'filled', isOver: true },
  canceled: { event: 'OrderCanceled', ordStatus: 'canceled', isOver: true },
  rejected: { event: 'OrderRejected', ordStatus: 'rejected', isOver: true },
  expired: { event: 'OrderExpired', ordStatus: 'expired', isOver: true },
};

const STANDINGS: readonly Standing[] = ['submitted', 'working', 'suspended', 'pending_replace', 'pending_cancel', 'filled', 'canceled', 'expired', 'rejected'];
/** 0 to 9: which of two states of one moment comes first. */
export const rankOf = (standing: Standing): number => STANDINGS.indexOf(standing);

export const eventOf = (standing: Standing): StateType => MEANINGS[standing].event;
export const isOver = (standing: Standing): boolean => MEANINGS[standing].isOver === true;

/**
 * OrdStatus of one leg. A broker's status is the whole order's; how far a leg is follows from its own quantities, by FIX's
 * precedence: of an order that was canceled, a leg that was filled is filled.
 */
export function legStatus(standing: Standing, orderQty: QuantityString | undefined, cumQty: QuantityString | undefined): OrdStatus {
  const { ordStatus } = MEANINGS[standing];
  const hasTrades = cumQty !== undefined && !isZeroQuantity(quantity(cumQty));
  if (!hasTrades || standing === 'pending_cancel' || standing === 'pending_replace') return ordStatus;
  const isFilled = orderQty !== undefined && !isZeroQuantity(quantity(orderQty)) && compareQuantity(quantity(cumQty), quantity(orderQty)) >= 0;
  if (isFilled) return 'filled';
  return standing === 'submitted' || standing === 'working' ? 'partially_filled' : ordStatus;
}

/** What an order says whose status is a word that is not known here: the word, so that nothing else of the message waits for it. */
export const unknownStatus = (word: string): string => `status ${word}`.slice(0, MAX_REASON_LENGTH);

/** The latest of some times; undefined where there is none. */
export const latestTime = (times: readonly (string | undefined)[]): string | undefined =>
  times.reduce((latest, time) => (time !== undefined && (latest === undefined || compareTimes(time, latest) > 0) ? time : latest), undefined);
