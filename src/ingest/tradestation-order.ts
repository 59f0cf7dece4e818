import type { MoneyJson, PriceString, QuantityString } from '../domain/amounts.js';
import { priceText, quantityText } from '../domain/amounts.js';
import { add, isZero, parseDecimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { BrokerReport, ExecutionData, OrderFactEvent, OrderTerms } from '../domain/order/events.js';
import type { OrderFact } from '../eventstore/commands.js';
import { sha256Hex } from '../eventstore/digest.js';
import { FieldError, shown } from './adapter.js';
import { HIGHEST_RANK, placeInLife } from './cumulative-place.js';
import type { LifeStage } from './cumulative-place.js';
import { DEFAULT_ACCOUNT } from './flags.js';
import type { JsonFields } from './json-fields.js';
import type { OrderSession } from './order-session.js';
import { eventOf, isOver, latestTime, legStatus, placedFact, stateFact, statedFact, unknownStatus } from './stated-order.js';
import type { Place, Standing, StatedOrder } from './stated-order.js';
import { actionOf, instrumentOf, meaningOf, ordTypeOf, timeInForceOf } from './tradestation-values.js';
import type { StatusMeaning } from './tradestation-values.js';

/*
 * One order as TradeStation sends it: whole each time, with the executed quantity and the average price of each leg so far, and
 * without executions or a time of the message (docs/decisions/0009-cumulative-frames.md). The fields that are read here and in
 * tradestation-values.ts are the allowlist.
 */

/** What all legs share. */
interface Frame {
  readonly id: string;
  readonly account: string | undefined;
  readonly meaning: StatusMeaning;
  readonly openedAt: string;
  /** Undefined while the order may still trade. */
  readonly closedAt: string | undefined;
  readonly isOver: boolean;
  readonly currency: string;
  readonly fees: readonly MoneyJson[];
  readonly legs: readonly JsonFields[];
  readonly receivedAt: string;
}

/** How much of a leg is executed, as one version of its one execution. */
interface Cumulative {
  readonly quantity: QuantityString;
  readonly price: PriceString;
  readonly fees: readonly MoneyJson[];
}

const MAX_LEGS = 20;
const MAX_ID_LENGTH = 90;
const MAX_VERSION_ID_LENGTH = 150;
const FEES = ['CommissionFee', 'UnbundledRouteFee', 'RoutingFee'] as const;
/** Accounts of the simulator. */
const SIMULATED = /^SIM/u;
const NO_QUANTITY = quantityText('0');

const feesOf = (order: JsonFields, currency: string): readonly MoneyJson[] =>
  FEES.flatMap((name) => {
    const amount = order.decimal(name);
    return amount === undefined || isZero(parseDecimal(amount)) ? [] : [{ amount, currency }];
  });

function termsOf(order: JsonFields, leg: JsonFields, frame: Frame, session: OrderSession): OrderTerms {
  const action = actionOf(leg);
  if (action === undefined) throw new FieldError(leg.pathOf('BuyOrSell'), `${shown(leg.text('BuyOrSell') ?? '')} is neither Buy nor Sell`);
  const isSingle = frame.legs.length === 1;
  const [price, stopPx] = isSingle ? [order.price('LimitPrice'), order.price('StopPrice')] : [];
  const [timeInForce, group] = [timeInForceOf(order), isSingle ? order.text('GroupName') : frame.id];
  return {
    environment: SIMULATED.test(frame.account ?? '') ? 'paper' : session.environment,
    instrument: instrumentOf(leg, frame.currency, session.multipliers),
    sourceSymbol: leg.required('Symbol', leg.text('Symbol', 100)),
    side: action.side,
    orderQty: leg.required('QuantityOrdered', leg.quantity('QuantityOrdered')),
    ordType: ordTypeOf(order),
    ...(price === undefined ? {} : { price }),
    ...(stopPx === undefined ? {} : { stopPx }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
    ...(action.positionEffect === undefined ? {} : { positionEffect: action.positionEffect }),
    ...(group === undefined ? {} : { group }),
  };
}

/** The whole order's fees are those of one leg, the same one in every frame: the first by its symbol. */
function bearsFees(leg: JsonFields, { legs }: Frame): boolean {
  const symbols = legs.map((each) => each.text('Symbol') ?? '').sort();
  return leg.text('Symbol') === symbols[0];
}

function cumulativeOf(order: JsonFields, leg: JsonFields, frame: Frame): Cumulative | undefined {
  const quantity = leg.quantity('ExecQuantity') ?? NO_QUANTITY;
  if (quantity === NO_QUANTITY) return undefined;
  const price = leg.price('ExecutionPrice') ?? (frame.legs.length === 1 ? order.price('FilledPrice') : undefined);
  return { quantity, price: leg.required('ExecutionPrice', price), fees: bearsFees(leg, frame) ? frame.fees : [] };
}

function phaseOf({ isOver: over, meaning }: Frame): LifeStage['phase'] {
  if (!over) return 'open';
  return meaning.changes === undefined ? 'over' : 'changed';
}

function placeOf(frame: Frame, executed: Cumulative | undefined, rank: number): Place {
  const { closedAt, openedAt } = frame;
  const fees = (executed?.fees ?? []).reduce((sum, { amount }) => add(sum, parseDecimal(amount)), parseDecimal('0'));
  return { occurredAt: closedAt ?? openedAt, sequence: placeInLife({ phase: phaseOf(frame), executed: parseDecimal(executed?.quantity ?? '0'), fees, rank }) };
}

const NOTHING_EXECUTED: Cumulative = { quantity: NO_QUANTITY, price: priceText('0'), fees: [] };

/** Decimals may have many digits, an id only so many characters. */
const shortened = (id: string): string => (id.length <= MAX_VERSION_ID_LENGTH ? id : sha256Hex(id));

/**
 * What was executed, as one execution with versions. Its first version is the same from every frame: nothing, when the order
 * was opened. What this frame says is a correction of it, placed by how much was executed.
 */
function executionFacts(of: StatedOrder, terms: OrderTerms, frame: Frame, executed: Cumulative | undefined): readonly OrderFact[] {
  const isBroken = frame.meaning.changes === 'broken' && executed === undefined;
  if (executed === undefined && !isBroken) return [];
  const { side, instrument, sourceSymbol, positionEffect } = terms;
  const refs = { brokerOrderId: of.brokerOrderId };
  const base = execId('cumulative');
  const version = (id: string, { quantity, price, fees }: Cumulative): ExecutionData => ({
    execId: execId(id),
    side,
    lastQty: quantity,
    lastPx: price,
    instrument,
    sourceSymbol,
    fees,
    ...(positionEffect === undefined ? {} : { positionEffect }),
  });
  const first: OrderFactEvent = { type: 'ExecutionRecorded', data: { refs, execution: version(base, NOTHING_EXECUTED) } };
  const opening = statedFact(of, first, { occurredAt: frame.openedAt, sequence: '0' }, ['execution'], { side, sourceSymbol });
  if (executed === undefined) {
    const bust: OrderFactEvent = { type: 'ExecutionBusted', data: { refs, execId: execId('broken'), execRefId: base } };
    const place = placeOf(frame, undefined, 0);
    return [opening, statedFact(of, bust, place, ['execution', 'broken', place.occurredAt], { type: bust.type })];
  }
  // A corrected fill counts over what was said of the same quantity.
  const place = placeOf(frame, executed, frame.meaning.changes === undefined ? 0 : HIGHEST_RANK);
  const fees = executed.fees.map(({ amount }) => `+${amount}`).join('');
  // All that its place follows from, so that a version has one place.
  const name = [`${executed.quantity}@${executed.price}${fees}`, place.occurredAt, frame.meaning.changes ?? phaseOf(frame)];
  const execution = version(shortened(name.join(' ')), executed);
  const correction: OrderFactEvent = { type: 'ExecutionCorrected', data: { refs, execRefId: base, execution } };
  return [opening, statedFact(of, correction, place, ['execution', ...name], { execution })];
}

function reportOf(order: JsonFields, leg: JsonFields, standing: Standing, executed: Cumulative | undefined): BrokerReport {
  const orderQty = leg.required('QuantityOrdered', leg.quantity('QuantityOrdered'));
  const cumQty = executed?.quantity ?? NO_QUANTITY;
  // QuantityRemaining is 0 in queued orders too: only of one that trades is it what is open.
  const leavesQty = order.text('Status') === 'FPR' ? leg.quantity('QuantityRemaining') : undefined;
  const reason = order.words('RejectReason');
  return {
    ordStatus: legStatus(standing, orderQty, cumQty),
    orderQty,
    cumQty,
    ...(leavesQty === undefined ? {} : { leavesQty }),
    ...(executed === undefined ? {} : { avgPx: executed.price }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** How the leg stands; of a frame that only changes trades, as far as its quantities tell. */
function stateFacts(of: StatedOrder, order: JsonFields, leg: JsonFields, terms: OrderTerms, frame: Frame, executed: Cumulative | undefined): readonly OrderFact[] {
  const { standing, rank, refused, unknown } = frame.meaning;
  const place = placeOf(frame, executed, rank);
  if (unknown !== undefined) return [stateFact(of, { type: 'OrderStatusReported', report: { reason: unknownStatus(unknown) }, terms, isWhole: false }, place, [])];
  if (standing === undefined) return [];
  const report = reportOf(order, leg, standing, executed);
  const sequence = place.sequence ?? '';
  const state = stateFact(of, { type: eventOf(standing), report, terms, isWhole: true }, place, [place.occurredAt, sequence]);
  if (refused === undefined) return [state];
  const event: OrderFactEvent = { type: 'CancelRejected', data: { refs: { brokerOrderId: of.brokerOrderId }, responseTo: refused } };
  return [state, statedFact(of, event, place, ['refused', refused, place.occurredAt, sequence], { type: event.type, refused })];
}

function legFacts(order: JsonFields, leg: JsonFields, frame: Frame, session: OrderSession): readonly OrderFact[] {
  const terms = termsOf(order, leg, frame, session);
  const of: StatedOrder = {
    ...session,
    account: frame.account ?? DEFAULT_ACCOUNT,
    accountIsKnown: frame.account !== undefined,
    receivedAt: frame.receivedAt,
    brokerOrderId: frame.legs.length === 1 ? frame.id : `${frame.id} ${terms.sourceSymbol}`,
  };
  const executed = cumulativeOf(order, leg, frame);
  return [placedFact(of, terms, frame.openedAt), ...executionFacts(of, terms, frame, executed), ...stateFacts(of, order, leg, terms, frame, executed)];
}

function legsOf(order: JsonFields): readonly JsonFields[] {
  const legs = order.objects('Legs', MAX_LEGS);
  if (legs.length === 0) throw new FieldError(order.pathOf('Legs'), 'is required and missing');
  if (new Set(legs.map((leg) => leg.text('Symbol'))).size < legs.length) throw new FieldError(order.pathOf('Legs'), 'names a symbol twice');
  return legs;
}

/** All that one frame says, leg by leg. Throws a FieldError where a field is at fault. */
export function tradestationOrder(order: JsonFields, session: OrderSession): readonly OrderFact[] {
  const id = order.required('OrderID', order.id('OrderID'));
  if (id.length > MAX_ID_LENGTH) throw new FieldError(order.pathOf('OrderID'), `${shown(id)} is longer than ${MAX_ID_LENGTH} characters`);
  const meaning = meaningOf(order.required('Status', order.text('Status')));
  const [opened, closed] = [order.time('OpenedDateTime'), order.time('ClosedDateTime')];
  // A fill is corrected of an open order, too.
  const over = meaning.standing === undefined ? meaning.changes !== undefined && closed !== undefined : isOver(meaning.standing);
  const openedAt = order.required('OpenedDateTime', opened ?? closed);
  const currency = order.text('Currency', 20) ?? session.currency;
  const frame: Frame = {
    id,
    account: order.text('AccountID') ?? session.account,
    meaning,
    openedAt,
    closedAt: over && closed !== undefined ? latestTime([openedAt, closed]) : undefined,
    isOver: over,
    currency,
    fees: feesOf(order, currency),
    legs: legsOf(order),
    receivedAt: session.now(),
  };
  return frame.legs.flatMap((leg) => legFacts(order, leg, frame, session));
}
