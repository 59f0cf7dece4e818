import { skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { jsonMessagesOf, parseJsonMessage } from './json-envelope.js';
import type { IsMessage } from './json-envelope.js';
import type { JsonFields } from './json-fields.js';
import { isJsonObject } from './lossless.js';
import type { JsonObject } from './lossless.js';
import { openOrderSession } from './order-session.js';
import { tastytradeOrder } from './tastytrade-order.js';

/*
 * tastytrade: frames of the account streamer (`{"type": "Order", "data": {…}, "timestamp": …}`) and orders of the REST API, alone,
 * in `data`, `data.items` or `data.order`, or within a complex order.
 */

const has = (object: JsonObject, name: string): boolean => Object.hasOwn(object, name);
const isFrame = (object: JsonObject): boolean => object['type'] === 'Order' && has(object, 'data');
const isOrder = (object: JsonObject): boolean => (has(object, 'legs') || has(object, 'id')) && has(object, 'status') && has(object, 'order-type');
const isRequest = (object: JsonObject): boolean => has(object, 'legs') && has(object, 'order-type') && has(object, 'time-in-force');
const isTransaction = (object: JsonObject): boolean => has(object, 'transaction-type');
const isMessage: IsMessage = (object) => isFrame(object) || isTransaction(object) || isOrder(object) || isRequest(object);

/** Ids of orders in the answer to a dry run of an account's margin. */
const DRY_RUN = /^dry-run/u;
const WORDS = /^[A-Za-z][\w -]{0,39}$/u;
/** A broker's word, where it may stand in a reason: never a value that could be a secret. */
const wordOf = (value: unknown): string | undefined => (typeof value === 'string' && WORDS.test(value) ? value : undefined);

/** What an object is that is no order; undefined where it says nothing that is known. */
function kindOf(value: JsonObject): string | undefined {
  const [type, action] = [wordOf(value['type']), wordOf(value['action'])];
  if (type !== undefined) return `message ${type}`;
  if (action !== undefined && has(value, 'request-id')) return `streamer ${action}`;
  if (action !== undefined && has(value, 'web-socket-session-id')) return `streamer ${action}`;
  if (has(value, 'error')) return 'error response';
  return has(value, 'data') ? 'response without orders' : undefined;
}

function skipReason(value: unknown): string {
  if (!isJsonObject(value)) return 'no order';
  const inner = Object.values(value).find((part) => isJsonObject(part) && kindOf(part) !== undefined);
  return kindOf(value) ?? (isJsonObject(inner) ? kindOf(inner) : undefined) ?? 'no order';
}

function open(options: AdapterOptions): LineParser {
  const session = openOrderSession(options, 'tastytrade');

  const parse = (message: JsonFields): ParsedLine => {
    // Trades come with their orders; what else happens to an account is not an order's.
    if (message.has('transaction-type')) return skipped(`transaction ${wordOf(message.text('transaction-type')) ?? ''}`.trim());
    if (message.text('type') === 'Order') return { kind: 'facts', facts: tastytradeOrder(message.required('data', message.object('data')), message.epochTime('timestamp'), session) };
    if (!message.has('id') || DRY_RUN.test(message.text('id') ?? '')) return skipped('order without an id: a dry run or a request');
    return { kind: 'facts', facts: tastytradeOrder(message, undefined, session) };
  };
  return { parse: (line) => parseJsonMessage(line, { isMessage, parse, skipReason }) };
}

/** tastytrade's orders. Flags: account, source, environment, currency, multipliers. */
export const tastytradeAdapter: Adapter = { name: 'tastytrade', encoding: 'utf8', messages: jsonMessagesOf(isMessage), open };
