import type { BrokerReport, ExecutionData, OrderEventBody, OrderFactEvent, OrderTerms, TermsChange } from '../domain/order/events.js';

/** Names of the contract are words for people: `sell_short` is `sell short`. */
const words = (name: string): string => name.replaceAll('_', ' ');

const joined = (parts: readonly (string | undefined)[], separator: string): string => parts.filter((part) => part !== undefined).join(separator);

const ifSaid = (label: string, value: string | undefined): string | undefined => (value === undefined ? undefined : `${label} ${words(value)}`);

const tradeOf = ({ side, lastQty, lastPx }: ExecutionData): string => `${words(side)} ${lastQty} @ ${lastPx}`;

const termsOf = ({ side, orderQty, ordType, price, stopPx }: OrderTerms): string =>
  joined([words(side), orderQty, words(ordType), price, ifSaid('stop', stopPx)], ' ');

const changeOf = ({ orderQty, price, stopPx, ordType, timeInForce }: TermsChange, reducedBy?: string): string =>
  joined([ifSaid('quantity', orderQty), ifSaid('price', price), ifSaid('stop', stopPx), ifSaid('type', ordType), ifSaid('time in force', timeInForce), ifSaid('reduced by', reducedBy)], ', ');

const reportOf = ({ ordStatus, orderQty, cumQty, leavesQty, avgPx }: BrokerReport): string =>
  joined([ifSaid('status', ordStatus), ifSaid('quantity', orderQty), ifSaid('cum', cumQty), ifSaid('leaves', leavesQty), ifSaid('avg', avgPx)], ', ');

function statedIn(fact: OrderFactEvent): string {
  const { type, data } = fact;
  if (type === 'ExecutionRecorded') return `${data.execution.execId} ${tradeOf(data.execution)}`;
  if (type === 'ExecutionCorrected') return `${data.execution.execId} corrects ${data.execRefId}: ${tradeOf(data.execution)}`;
  if (type === 'ExecutionBusted') return `${data.execId} busts ${data.execRefId}`;
  if (type === 'OrderPlaced') return termsOf(data.terms);
  if (type === 'ReplaceRequested' || type === 'OrderReplaced') return changeOf(data.change);
  if (type === 'OrderRestated') return changeOf(data.change, data.reducedBy);
  // A message without numbers of its own says what the broker takes the order to be.
  return data.report ? reportOf(data.report) : '';
}

/**
 * What a broker's message says, in a few words: `E2 buy 40 @ 41.5`, `E3 corrects E2: buy 30 @ 41.5`, `E4 busts E2`,
 * `quantity 90, price 41.4`. Undefined where its type says it all.
 */
export function factDetails(fact: OrderFactEvent): string | undefined {
  const stated = statedIn(fact);
  return stated === '' ? undefined : stated;
}

/** As `factDetails`, for any event of an order's stream: of a conflict what the other version says, of a link where it leads. */
export function eventDetails(event: OrderEventBody): string | undefined {
  const { type, data } = event;
  if (type === 'FactConflicted') return `other version: ${factDetails(data.fact) ?? data.fact.type}`;
  if (type === 'FactRepeated') return `copy of: ${factDetails(data.fact) ?? data.fact.type}`;
  if (type === 'OrderLinked') return `into ${data.intoOrderId}`;
  if (type === 'AliasClaimed') return `of ${data.orderId}`;
  return factDetails(event);
}
