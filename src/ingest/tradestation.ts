import { skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { jsonMessagesOf, parseJsonMessage } from './json-envelope.js';
import type { IsMessage } from './json-envelope.js';
import type { JsonFields } from './json-fields.js';
import { isJsonObject } from './lossless.js';
import type { JsonObject } from './lossless.js';
import { openOrderSession } from './order-session.js';
import { tradestationOrder } from './tradestation-order.js';
import { NO_ORDERS } from './tradestation-values.js';

/*
 * TradeStation: frames of the order stream and orders of the REST API (v3), alone or in `Orders`.
 */

const has = (object: JsonObject, name: string): boolean => Object.hasOwn(object, name);
/** Any two of three: one that an order lacks is named, and what its legs executed is not skipped. */
const isMessage: IsMessage = (object) => ['OrderID', 'Status', 'Legs'].filter((name) => has(object, name)).length > 1;

const WORDS = /^[A-Za-z][\w -]{0,39}$/u;
const wordOf = (value: unknown): string => (typeof value === 'string' && WORDS.test(value) ? ` ${value}` : '');

function skipReason(value: unknown): string {
  if (!isJsonObject(value)) return 'no order';
  if (has(value, 'Heartbeat')) return 'heartbeat';
  if (has(value, 'StreamStatus')) return `stream status${wordOf(value['StreamStatus'])}`;
  if (has(value, 'Error') || has(value, 'Errors')) return `error${wordOf(value['Error'])}`;
  return has(value, 'Orders') ? 'response without orders' : 'no order';
}

function open(options: AdapterOptions): LineParser {
  const session = openOrderSession(options, 'tradestation');

  const parse = (order: JsonFields): ParsedLine => {
    const status = order.text('Status');
    if (status !== undefined && NO_ORDERS.has(status)) return skipped(`status ${status}: an option was assigned or exercised`);
    return { kind: 'facts', facts: tradestationOrder(order, session) };
  };
  return { parse: (line) => parseJsonMessage(line, { isMessage, parse, skipReason }) };
}

/** TradeStation's orders. Flags: account, source, environment, currency, multipliers. */
export const tradestationAdapter: Adapter = { name: 'tradestation', encoding: 'utf8', messages: jsonMessagesOf(isMessage), open };
