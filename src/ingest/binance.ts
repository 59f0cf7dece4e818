import { z } from 'zod';
import type { OrderFactEvent } from '../domain/order/events.js';
import { digestOf } from '../eventstore/digest.js';
import { skipped } from './adapter.js';
import type { Adapter, AdapterOptions, LineParser, ParsedLine } from './adapter.js';
import { brokerAlias, clientAlias, lookUpIn } from './aliases.js';
import type { IdScope } from './aliases.js';
import { binanceEvent, refsOf } from './binance-event.js';
import type { BinanceMarket } from './binance-event.js';
import { factContext } from './fact-context.js';
import { DEFAULT_ACCOUNT, flagsSchema, readFlags } from './flags.js';
import { sequenceOfFilled } from './filled-sequence.js';
import { jsonMessagesOf, parseJsonMessage } from './json-envelope.js';
import type { JsonFields } from './json-fields.js';
import { isJsonObject } from './lossless.js';
import type { JsonObject } from './lossless.js';

/*
 * Binance user data streams: `executionReport` of spot and margin accounts, `ORDER_TRADE_UPDATE` of USD-M futures.
 * https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream
 */

const flags = flagsSchema({
  quote: z.string().regex(/^[A-Z0-9]{2,20}$/u, 'must be an asset such as USDT').optional(),
});
type Flags = z.infer<typeof flags>;
type Session = Omit<AdapterOptions, 'flags'> & { readonly given: Flags };

const isExecutionReport = (object: JsonObject): boolean => object['e'] === 'executionReport';
const isFuturesUpdate = (object: JsonObject): boolean => object['e'] === 'ORDER_TRADE_UPDATE';
const isMessage = (object: JsonObject): boolean => isExecutionReport(object) || isFuturesUpdate(object);

/** The events of streams are told apart by `e`; in a combined stream it stands within `data`, of the WebSocket API within `event`. */
function skipReason(value: unknown): string {
  const named = [value, ...(isJsonObject(value) ? [value['data'], value['event']] : [])].find((part) => isJsonObject(part) && typeof part['e'] === 'string');
  const event = isJsonObject(named) ? named['e'] : undefined;
  return typeof event === 'string' && /^\w{1,40}$/u.test(event) ? `event ${event}` : 'no order update of Binance';
}

const TEXT_FIELDS = ['s', 'c', 'C', 'S', 'o', 'f', 'x', 'X', 'r', 'i', 't', 'g', 'j', 'N', 'T', 'I', 'ps'] as const;
const DECIMAL_FIELDS = ['q', 'p', 'P', 'sp', 'l', 'z', 'L', 'n', 'Z', 'A', 'ap'] as const;

/** What copies of a message have in common: all that is read of it, and not when it was sent (E). */
function saidBy(fields: JsonFields): Readonly<Record<string, string>> {
  const texts = TEXT_FIELDS.map((name) => [name, fields.text(name)] as const);
  const decimals = DECIMAL_FIELDS.map((name) => [name, fields.decimal(name)] as const);
  return Object.fromEntries([...texts, ...decimals].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** A trade is named by its id within its order, since a trade of an account with itself has one id on both sides; anything else by all that it says. */
function identityOf({ type, data }: OrderFactEvent, said: Readonly<Record<string, string>>) {
  const order = [said['s'] ?? '', data.refs.brokerOrderId ?? ''];
  if (type !== 'ExecutionRecorded') return { scopedId: ['report', ...order, said['x'] ?? '', digestOf(said).slice(0, 32)], economic: said };
  const { side, lastQty, lastPx, fees } = data.execution;
  return { scopedId: ['exec', ...order, data.execution.execId], economic: { type, side, lastQty, lastPx, fees } };
}

/**
 * The broker's id is unique within its symbol, and is what names the order. A client's id is unique among open orders only, so an
 * order that was placed under it is looked for, and it is never claimed: two orders that had it one after another stay two.
 */
function namesOf({ data: { refs } }: OrderFactEvent, scope: IdScope) {
  const { brokerOrderId, clOrdId, origClOrdId } = refs;
  const clientId = origClOrdId ?? clOrdId;
  const { lookUp = [] } = lookUpIn(scope, brokerOrderId);
  return {
    aliases: brokerOrderId === undefined ? [] : [brokerAlias(scope, brokerOrderId)],
    lookUp: [...lookUp, ...(clientId === undefined ? [] : [clientAlias({ ...scope, within: [] }, clientId)])],
  };
}

function orderFact(message: JsonFields, { given, importId, now }: Session): ParsedLine {
  const market: BinanceMarket = message.text('e') === 'executionReport' ? 'spot' : 'usd-m';
  const fields = market === 'spot' ? message : message.required('o', message.object('o'));
  if (market === 'usd-m' && message.text('fs') === 'CM') return skipped('event ORDER_TRADE_UPDATE of COIN-M futures');
  refsOf(fields);
  const symbol = fields.required('s', fields.text('s', 100));
  const occurredAt = fields.required('T', fields.epochTime('T') ?? message.epochTime('T'));
  const fact = binanceEvent(fields, market, given);
  const said = { ...saidBy(fields), ...(market === 'usd-m' && fields.flag('R') === true ? { R: 'true' } : {}) };
  const account = given.account ?? DEFAULT_ACCOUNT;
  const source = given.source ?? 'binance';
  const session = market === 'spot' ? symbol : `usd-m/${symbol}`;
  const { sequence } = fields.has('I') ? { sequence: fields.whole('I') } : sequenceOfFilled(fields.quantity('z'));
  const { scopedId, economic } = identityOf(fact, said);
  const context = factContext({
    tenant: given.tenant,
    account,
    actor: given.actor,
    importId,
    receivedAt: now(),
    // Execution ids (I) grow within a symbol: they order what happened in one millisecond. Futures have none, and fill several levels in one.
    source: { name: source, session, ...(sequence === undefined ? {} : { sequence }) },
    scopedId: market === 'spot' ? scopedId : [market, ...scopedId],
    occurredAt,
    tradingDay: occurredAt.slice(0, 10),
    message: said,
    economic,
  });
  return { kind: 'facts', facts: [{ ...namesOf(fact, { tenant: given.tenant, source, account, within: [session] }), fact, context }] };
}

function open({ flags: givenFlags, ...options }: AdapterOptions): LineParser {
  const session: Session = { ...options, given: readFlags(flags, givenFlags, 'binance') };
  const format = { isMessage, skipReason, parse: (message: JsonFields) => orderFact(message, session) };
  return { parse: (text) => parseJsonMessage(text, format) };
}

/** Binance user data streams. Flags: account, source, environment, quote. */
export const binanceAdapter: Adapter = { name: 'binance', encoding: 'utf8', messages: jsonMessagesOf(isMessage), open };
