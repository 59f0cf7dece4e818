import { z } from 'zod';
import type { OrderFactEvent } from '../domain/order/events.js';
import type { OrderFact } from '../eventstore/commands.js';
import { digestOf } from '../eventstore/digest.js';
import { FieldError, skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { lookUpIn, orderAliases } from './aliases.js';
import { activityTrade, statedOrder, updatedOrder } from './alpaca-event.js';
import { orderIdOf, plainSide, saidBy } from './alpaca-order.js';
import { factContext } from './fact-context.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';
import { sequenceOfFilled } from './filled-sequence.js';
import { jsonMessagesOf, parseJsonMessage } from './json-envelope.js';
import type { JsonFields } from './json-fields.js';
import { isJsonObject } from './lossless.js';
import type { JsonObject } from './lossless.js';
import { latestTime } from './stated-order.js';
import { zonedDay } from './zoned-time.js';

/*
 * Alpaca: frames of the `trade_updates` stream and of the Broker API's trade events, account activities of type FILL, and
 * orders of the REST API.
 */

const flags = flagsSchema({
  fills: z.enum(['both', 'updates', 'activities'], 'must be both, updates or activities').default('both'),
});
type Session = Omit<AdapterOptions, 'flags'> & { readonly given: z.infer<typeof flags> };

/** Orders that are legs of legs of an order: brackets and options strategies have one level. */
const MAX_LEGS = 20;
const MAX_LEG_DEPTH = 3;

/** One that names an execution is an update whatever its order is: a trade is never skipped for what else is wrong. */
const isUpdate = (object: JsonObject): boolean => typeof object['event'] === 'string' && (isJsonObject(object['order']) || Object.hasOwn(object, 'execution_id'));
const isActivity = (object: JsonObject): boolean => typeof object['activity_type'] === 'string';
const isOrder = (object: JsonObject): boolean =>
  Object.hasOwn(object, 'status') && Object.hasOwn(object, 'side') && (Object.hasOwn(object, 'client_order_id') || Object.hasOwn(object, 'filled_qty'));
const isMessage = (object: JsonObject): boolean => isUpdate(object) || isActivity(object) || isOrder(object);

/** Frames of the stream that are no trade updates name themselves: `authorization`, `listening`. */
function skipReason(value: unknown): string {
  const stream = isJsonObject(value) ? value['stream'] : undefined;
  return typeof stream === 'string' && /^\w{1,40}$/u.test(stream) ? `frame ${stream}` : 'no order, trade update or activity of Alpaca';
}

const TRADING_DAY = zonedDay('America/New_York');
/** What an execution says economically: the same in an update and in an activity, if both name it by one id. */
function economicOf({ type, data }: OrderFactEvent, said: Readonly<Record<string, string>>): unknown {
  if (type === 'ExecutionBusted') return { type, execRefId: data.execRefId };
  if (type !== 'ExecutionRecorded' && type !== 'ExecutionCorrected') return said;
  const { side, lastQty, lastPx } = data.execution;
  return { type, side: plainSide(side), lastQty, lastPx };
}

function scopedIdOf({ type, data }: OrderFactEvent, occurredAt: string, said: Readonly<Record<string, string>>): readonly string[] {
  const order = data.refs.brokerOrderId ?? '';
  if (type === 'ExecutionRecorded' || type === 'ExecutionCorrected') return ['exec', order, data.execution.execId, type];
  if (type === 'ExecutionBusted') return ['exec', order, data.execId, type];
  return [type, order, occurredAt, digestOf(said).slice(0, 32)];
}

/** What an adapter knows of one fact besides it. */
interface Statement {
  readonly occurredAt: string;
  /** Of the order, after what is said. */
  readonly filledQty: string | undefined;
  /** The one that the message names. */
  readonly account: string | undefined;
  /** All that was read. */
  readonly said: Readonly<Record<string, string>>;
}

function orderFact(fact: OrderFactEvent, { occurredAt, filledQty, account, said }: Statement, { given, importId, now }: Session): OrderFact {
  const source = given.source ?? 'alpaca';
  const scope = { tenant: given.tenant, source, account: account ?? given.account ?? DEFAULT_ACCOUNT };
  const accountIsKnown = account !== undefined || given.account !== undefined;
  return {
    ...orderAliases(fact.data.refs, scope),
    ...(accountIsKnown ? lookUpIn(scope, fact.data.refs.brokerOrderId) : {}),
    fact,
    context: factContext({
      tenant: given.tenant,
      account: scope.account,
      actor: given.actor,
      importId,
      receivedAt: now(),
      source: { name: source, ...sequenceOfFilled(filledQty) },
      scopedId: scopedIdOf(fact, occurredAt, said),
      occurredAt,
      tradingDay: TRADING_DAY?.(occurredAt) ?? occurredAt.slice(0, 10),
      message: { ...said, occurredAt },
      economic: economicOf(fact, said),
    }),
  };
}

const ORDER_TIMES = ['updated_at', 'filled_at', 'canceled_at', 'expired_at', 'failed_at', 'replaced_at', 'submitted_at', 'created_at'] as const;

/** When an order became what it is said to be. */
function stateTimeOf(order: JsonFields): string {
  const times = ORDER_TIMES.map((name) => order.isoTime(name));
  return order.required('updated_at', times[0] ?? latestTime(times));
}

/** An order that is told whole, and the orders that are its legs, each by itself. */
function statedOrders(order: JsonFields, account: string | undefined, session: Session, group?: string, depth = 0): readonly OrderFact[] {
  if (depth > MAX_LEG_DEPTH) throw new FieldError(order.pathOf('legs'), 'are nested too deep');
  const legs = order.objects('legs', MAX_LEGS);
  const groupOfLegs = group ?? (legs.length > 0 ? orderIdOf(order) : undefined);
  // An options strategy has no symbol of its own: its legs are what is traded.
  const isTraded = order.has('symbol') || legs.length === 0;
  const statement = { occurredAt: stateTimeOf(order), filledQty: order.quantity('filled_qty'), account, said: saidBy(order) };
  return [...(isTraded ? [orderFact(statedOrder({ fields: order, group: groupOfLegs }, session.given), statement, session)] : []), ...legs.flatMap((leg) => statedOrders(leg, account, session, groupOfLegs, depth + 1))];
}

function tradeUpdate(update: JsonFields, session: Session): readonly OrderFact[] {
  const order = update.required('order', update.object('order'));
  const account = update.id('account_id');
  const legs = order.objects('legs', MAX_LEGS);
  if (!order.has('symbol') && legs.length > 0) return statedOrders(order, account, session);
  const group = legs.length > 0 ? orderIdOf(order) : undefined;
  const occurredAt = update.required('timestamp', update.isoTime('timestamp') ?? update.isoTime('at') ?? order.isoTime('updated_at'));
  const texts = (['event', 'execution_id', 'previous_execution_id'] as const).map((name) => [name, update.text(name)] as const);
  const decimals = (['qty', 'price'] as const).map((name) => [`last_${name}`, update.decimal(name)] as const);
  const said = { ...saidBy(order), ...Object.fromEntries([...texts, ...decimals].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))) };
  const own = orderFact(updatedOrder(update, { fields: order, group }, session.given), { occurredAt, filledQty: order.quantity('filled_qty'), account, said }, session);
  return [own, ...legs.flatMap((leg) => statedOrders(leg, account, session, group, 1))];
}

function fillActivity(activity: JsonFields, session: Session): ParsedLine {
  const type = activity.required('activity_type', activity.text('activity_type', 40));
  if (type !== 'FILL') return skipped(/^[A-Z]{2,20}$/u.test(type) ? `activity ${type}` : 'activity that is no FILL');
  const occurredAt = activity.required('transaction_time', activity.isoTime('transaction_time'));
  const fact = activityTrade(activity, session.given);
  const said = {
    ...Object.fromEntries((['id', 'order_id', 'symbol', 'side', 'type', 'order_status'] as const).map((name) => [name, activity.text(name) ?? ''])),
    ...Object.fromEntries((['qty', 'price', 'cum_qty', 'leaves_qty'] as const).map((name) => [name, activity.decimal(name) ?? ''])),
  };
  const statement = { occurredAt, filledQty: activity.quantity('cum_qty'), account: activity.id('account_id'), said };
  return { kind: 'facts', facts: [orderFact(fact, statement, session)] };
}

function parse(message: JsonFields, session: Session): ParsedLine {
  if (message.has('activity_type')) return fillActivity(message, session);
  const facts = message.has('order') || message.has('event') ? tradeUpdate(message, session) : statedOrders(message, message.id('account_id'), session);
  return { kind: 'facts', facts };
}

function open({ flags: givenFlags, ...options }: AdapterOptions): LineParser {
  const session: Session = { ...options, given: readFlags(flags, givenFlags, 'alpaca') };
  const format = { isMessage, skipReason, parse: (message: JsonFields) => parse(message, session) };
  return { parse: (text) => parseJsonMessage(text, format) };
}

/** Alpaca's trade updates, FILL activities and orders. Flags: account, source, environment, currency, fills. */
export const alpacaAdapter: Adapter = { name: 'alpaca', encoding: 'utf8', messages: jsonMessagesOf(isMessage), open };
