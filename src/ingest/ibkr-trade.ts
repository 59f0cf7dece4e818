import { priceText, quantityText } from '../domain/amounts.js';
import type { MoneyJson } from '../domain/amounts.js';
import { add, formatDecimal, isZero, negate, parseDecimal } from '../domain/decimal.js';
import { execId } from '../domain/ids.js';
import type { Environment, ExecutionData, OrderFactEvent, OrderTerms, OrdType, PositionEffect, Side } from '../domain/order/events.js';
import type { Alias, OrderFact } from '../eventstore/commands.js';
import { digestOf } from '../eventstore/digest.js';
import { FieldError } from './adapter.js';
import { accountBrokerAlias, lookUpIn } from './aliases.js';
import { factContext } from './fact-context.js';
import type { JsonFields } from './json-fields.js';
import { instrumentOf, plainSymbol } from './ibkr-instrument.js';
import type { InstrumentSetting } from './ibkr-instrument.js';
import { tradeTime } from './ibkr-time.js';
import type { TradeTime } from './ibkr-time.js';
import { quantityOfSide, sideOfSign } from './signed-quantity.js';

/*
 * One Trade or TradeConfirm element of a Flex statement. The fields that are read here, in ibkr-instrument.ts and in ibkr-time.ts
 * are the allowlist. Both elements have the same fields, some under other names.
 */

export interface FlexSession extends InstrumentSetting {
  readonly tenant: string;
  readonly source: string;
  readonly actor: string;
  readonly environment: Environment;
  readonly importId: string;
  readonly now: () => string;
}

const SIDES: ReadonlyMap<string, Side> = new Map([
  ['BUY', 'buy'],
  ['SELL', 'sell'],
  ['B', 'buy'],
  ['S', 'sell'],
]);
const CANCELLED_SIDE = /\s*\(Ca\.?\)\s*$/iu;

const ORD_TYPES: ReadonlyMap<string, OrdType> = new Map([
  ['LMT', 'limit'],
  ['MKT', 'market'],
  ['STP', 'stop'],
  ['STPLMT', 'stop_limit'],
  ['STP LMT', 'stop_limit'],
  ['MOC', 'market_on_close'],
  ['LOC', 'limit_on_close'],
  ['TRAIL', 'trailing_stop'],
  ['REL', 'pegged'],
]);

/** The last two digits count the versions of an execution: `0000d514.5159662d.01.02` corrects `….01`. */
const REVISED_ID = /^(?<base>.+\.)(?<revision>0[1-9]|1\d|20)$/u;
/** Facts of one moment: versions in their order, a cancel behind them. */
const CANCEL_SEQUENCE = '99';

/** How a statement names a trade. */
interface TradeNames {
  /** The execution's own id; of a trade that has none (assignments, expirations) its tradeID, else its transactionID. */
  readonly main: string;
  readonly other: string | undefined;
  /** What most statements name a trade by: its order may be known under it alone. */
  readonly trade: string | undefined;
  /** Of a trade without an execution id: cancels of queries with few fields know no other name. */
  readonly transaction: string | undefined;
  /** The order's; undefined where the statement names none. */
  readonly orderId: string | undefined;
}

/** What all facts of one element share. */
interface Said extends TradeTime {
  readonly account: string;
  readonly names: TradeNames;
  readonly terms: OrderTerms;
  readonly codes: ReadonlySet<string>;
}

const idIn = (fields: JsonFields, ...names: readonly string[]): string | undefined => names.map((name) => fields.id(name)).find((id) => id !== undefined);

/** `notes` (of confirmations: `code`), such as `C;P`. */
const codesOf = (fields: JsonFields): ReadonlySet<string> => new Set((fields.words('notes') ?? fields.words('code') ?? '').split(/[;,]/u).map((code) => code.trim()));

const isCancel = (fields: JsonFields): boolean =>
  codesOf(fields).has('Ca') || fields.text('transactionType') === 'TradeCancel' || CANCELLED_SIDE.test(fields.text('buySell') ?? '');

function sideOf(fields: JsonFields): Side {
  const word = fields.text('buySell')?.replace(CANCELLED_SIDE, '').trim().toUpperCase();
  if (word === undefined) return sideOfSign('quantity', fields.required('quantity', fields.decimal('quantity')));
  const side = SIDES.get(word);
  if (side === undefined) throw new FieldError('buySell', `${JSON.stringify(word.slice(0, 60))} is neither BUY nor SELL`);
  return side;
}

/** Of a trade that closes a position and opens another one (`C;O`), neither. */
function positionEffectOf(fields: JsonFields, codes: ReadonlySet<string>): PositionEffect | undefined {
  const marks = new Set((fields.text('openCloseIndicator') ?? '').split(/[;,]/u).map((mark) => mark.trim()));
  const has = (mark: string): boolean => marks.has(mark) || codes.has(mark);
  if (has('O') === has('C')) return undefined;
  return has('O') ? 'open' : 'close';
}

/** Commission and taxes: statements write what is paid as a negative amount. */
function feesOf(fields: JsonFields, currency: string): readonly MoneyJson[] {
  const commission = fields.decimal('ibCommission') ?? fields.decimal('commission') ?? '0';
  const commissionCurrency = fields.text('ibCommissionCurrency', 20) ?? fields.text('commissionCurrency', 20) ?? currency;
  const tax = fields.decimal('taxes') ?? fields.decimal('tax') ?? '0';
  const amounts = [
    { amount: parseDecimal(commission), currency: commissionCurrency },
    { amount: parseDecimal(tax), currency },
  ];
  const [first, second] = amounts;
  const merged = first && second && first.currency === second.currency ? [{ amount: add(first.amount, second.amount), currency }] : amounts;
  return merged.filter(({ amount }) => !isZero(amount)).map(({ amount, currency: of }) => ({ amount: formatDecimal(negate(amount)), currency: of }));
}

/** Neither the order's quantity nor its price stand in a statement: the quantity is 0, which is not known. */
function termsOf(fields: JsonFields, session: FlexSession): OrderTerms {
  return {
    environment: session.environment,
    ...instrumentOf(fields, session),
    side: sideOf(fields),
    orderQty: quantityText('0'),
    ordType: ORD_TYPES.get(fields.text('orderType')?.trim().toUpperCase() ?? '') ?? 'other',
  };
}

/** A trade that has no id at all is named by all that it says: the same in every copy of the statement. */
function namesOf(fields: JsonFields, said: () => unknown): TradeNames {
  const [execution, trade, transaction] = [idIn(fields, 'ibExecID', 'execID'), idIn(fields, 'tradeID'), idIn(fields, 'transactionID')];
  const [main = `unnamed ${digestOf(said()).slice(0, 32)}`, ...others] = [execution, trade, transaction].filter((id) => id !== undefined);
  const orderId = idIn(fields, 'ibOrderID', 'orderID', ...(isCancel(fields) ? ['origOrderID'] : []), 'brokerageOrderID');
  return { main, other: others.find((id) => id !== main), trade: trade ?? transaction ?? main, transaction: execution === undefined ? transaction : undefined, orderId };
}

function aliasesOf({ names, account, terms }: Said, { tenant, source }: FlexSession): Pick<OrderFact, 'aliases' | 'lookUp'> {
  const symbol = plainSymbol(terms.sourceSymbol);
  const scope = { tenant, source, account };
  // The legs of a spread have one order id, and are an order each.
  const within = (kind: string, id: string | undefined): readonly Alias[] => (id === undefined ? [] : [accountBrokerAlias({ ...scope, within: [kind, symbol] }, id)]);
  const { orderId, trade, transaction } = names;
  const byTrade = [...within('trade', trade), ...within('transaction', transaction)];
  if (orderId === undefined) return { aliases: byTrade };
  const byOrder: Alias = accountBrokerAlias({ ...scope, within: [symbol] }, orderId);
  return { aliases: [byOrder, ...byTrade], ...lookUpIn(scope, orderId) };
}

/** One fact. `name` tells it from the order's others; the same name with another `economic` is a conflict. */
function factOf(event: OrderFactEvent, said: Said, session: FlexSession, place: { readonly sequence: string; readonly name: readonly string[]; readonly economic: unknown }): OrderFact {
  return {
    ...aliasesOf(said, session),
    fact: event,
    context: factContext({
      tenant: session.tenant,
      account: said.account,
      actor: session.actor,
      importId: session.importId,
      receivedAt: session.now(),
      source: { name: session.source, sequence: place.sequence },
      scopedId: [said.account, plainSymbol(said.terms.sourceSymbol), ...place.name],
      occurredAt: said.occurredAt,
      tradingDay: said.tradingDay,
      message: { event, occurredAt: said.occurredAt },
      economic: place.economic,
    }),
  };
}

const versionOf = (id: string): number => Number(REVISED_ID.exec(id)?.groups?.['revision'] ?? '1');

/** The ids of an execution's earlier versions. */
function versionsBefore(id: string): readonly string[] {
  const base = REVISED_ID.exec(id)?.groups?.['base'] ?? '';
  return Array.from({ length: versionOf(id) - 1 }, (_, index) => `${base}${String(index + 1).padStart(2, '0')}`);
}

/** The trades that a trade takes the place of: its earlier versions, and what a correction (`Co`) names. */
function replacedBy(fields: JsonFields, { names, codes }: Said): readonly string[] {
  const isCorrection = codes.has('Co') || fields.text('transactionType') === 'TradeCorrect';
  const corrected = isCorrection ? idIn(fields, 'origTradeID') : undefined;
  const isOther = corrected !== undefined && ![names.main, names.other, names.trade].includes(corrected);
  return isOther ? [...versionsBefore(names.main), corrected] : versionsBefore(names.main);
}

const baseOf = ({ names: { orderId, trade, main }, terms }: Said) => ({ refs: { brokerOrderId: orderId ?? trade ?? main }, terms });

function bustOf(said: Said, execRefId: string, by: string, sequence: string, session: FlexSession): OrderFact {
  const event: OrderFactEvent = { type: 'ExecutionBusted', data: { ...baseOf(said), execId: execId(by), execRefId: execId(execRefId) } };
  return factOf(event, said, session, { sequence, name: ['bust', execRefId, by], economic: { type: event.type, execRefId } });
}

/**
 * A trade as its own version of its execution. A version ends those before it: IB cancels a trade and books it anew under the
 * next version, and says of some corrections nothing but the new version. Both come out the same, in any order.
 */
function tradeFacts(fields: JsonFields, said: Said, session: FlexSession): readonly OrderFact[] {
  const { main, other } = said.names;
  const { instrument, sourceSymbol, side } = said.terms;
  const positionEffect = positionEffectOf(fields, said.codes);
  const venue = fields.text('exchange', 100);
  const execution: ExecutionData = {
    execId: execId(main),
    ...(other === undefined ? {} : { secondaryExecId: execId(other) }),
    side,
    lastQty: quantityOfSide('quantity', fields.required('quantity', fields.decimal('quantity')), side, positionEffect),
    lastPx: priceText(fields.decimal('tradePrice') ?? fields.required('tradePrice', fields.decimal('price'))),
    instrument,
    sourceSymbol,
    fees: feesOf(fields, instrument.quoteCurrency),
    ...(positionEffect === undefined ? {} : { positionEffect }),
    ...(venue === undefined ? {} : { venue }),
  };
  const sequence = String(versionOf(main));
  const { lastQty, lastPx, fees } = execution;
  const event: OrderFactEvent = { type: 'ExecutionRecorded', data: { ...baseOf(said), execution } };
  const recorded = factOf(event, said, session, { sequence, name: ['trade', main], economic: { type: event.type, side, lastQty, lastPx, fees } });
  return [recorded, ...replacedBy(fields, said).map((before) => bustOf(said, before, main, sequence, session))];
}

/**
 * A cancel names the trade by origTradeID; in statements without it, by the execution's id or by origTransactionID. Its tradeID is
 * its own, but where nothing else is said.
 */
function cancelFacts(fields: JsonFields, said: Said, session: FlexSession): readonly OrderFact[] {
  const byName = idIn(fields, 'origTradeID', 'ibExecID', 'execID');
  const transaction = byName === undefined ? idIn(fields, 'origTransactionID') : undefined;
  const cancelled = byName ?? transaction ?? idIn(fields, 'tradeID');
  if (cancelled === undefined) throw new FieldError('origTradeID', 'is required and missing: nothing says which trade is cancelled');
  const ofTrade: Said = { ...said, names: { main: cancelled, other: undefined, trade: transaction === undefined ? cancelled : undefined, transaction, orderId: said.names.orderId } };
  return [...versionsBefore(cancelled), cancelled].map((version) => bustOf(ofTrade, version, `cancel of ${cancelled}`, CANCEL_SEQUENCE, session));
}

/** What one element says. Throws a FieldError where a field is at fault. */
export function flexTrade(fields: JsonFields, account: string, session: FlexSession): readonly OrderFact[] {
  const terms = termsOf(fields, session);
  const time = tradeTime(fields, session);
  const unnamed = (): unknown => [account, terms, time, ...['quantity', 'tradePrice', 'price', 'proceeds', 'ibCommission', 'commission', 'taxes'].map((name) => fields.decimal(name) ?? '')];
  const said: Said = { ...time, account, terms, codes: codesOf(fields), names: namesOf(fields, unnamed) };
  return isCancel(fields) ? cancelFacts(fields, said, session) : tradeFacts(fields, said, session);
}
