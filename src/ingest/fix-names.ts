import type { OrderFactEvent } from '../domain/order/events.js';
import type { Alias, OrderFact } from '../eventstore/commands.js';
import { FieldError } from './adapter.js';
import { brokerAlias, clientAlias, lookUpIn } from './aliases.js';
import type { IdScope } from './aliases.js';
import { fieldName } from './fix-fields.js';
import type { FixMessage } from './fix-parse.js';
import { seriesSymbolOf } from './fix-instrument.js';

/** Where a message's ids stand. */
interface NameScope {
  readonly tenant: string;
  readonly source: string;
  /** CompID of the client, with its SubID. */
  readonly client: string;
  readonly account: string;
  /** Whether the message or a flag says the account, and it is not only assumed. */
  readonly accountIsKnown: boolean;
  readonly tradingDay: string;
  /** `daily`, `account` and `instrument`: where ids are used again. */
  readonly recycling: ReadonlySet<string>;
}

type Names = Pick<OrderFact, 'aliases' | 'newAliases' | 'lookUp' | 'claimIfFree'>;

/** What ids are unique within; undefined where the message does not say one part of it. */
function scopeWithin(message: FixMessage, { recycling, tradingDay, account, accountIsKnown }: NameScope): readonly string[] | undefined {
  const symbol = recycling.has('instrument') ? seriesSymbolOf(message) : '';
  if (symbol === undefined || (recycling.has('account') && !accountIsKnown)) return undefined;
  return [
    ...(recycling.has('daily') ? [tradingDay] : []),
    ...(recycling.has('account') ? ['in account', account] : []),
    ...(recycling.has('instrument') ? ['of instrument', symbol] : []),
  ];
}

/** The names of a ClOrdID within its session, which messages that do not say their account go by: of their instrument where its ids are used again and it is said. */
function sessionNames(message: FixMessage, { tenant, source, client, recycling, tradingDay }: NameScope): Readonly<Record<'ofSession' | 'unsaid' | 'ofAnyInstrument', (id: string) => Alias>> {
  const days = recycling.has('daily') ? [tradingDay] : [];
  const symbol = recycling.has('instrument') ? seriesSymbolOf(message) : undefined;
  const instrument = symbol === undefined ? [] : ['of instrument', symbol];
  const named = (...within: readonly string[]) => (id: string): Alias => ({ kind: 'client', scope: [tenant, source, 'session', client, ...within], id });
  return { ofSession: named(...days, ...instrument), unsaid: named('no account said', ...days, ...instrument), ofAnyInstrument: named(...days) };
}

/**
 * The names of the message's order: OrderID first, then the ClOrdID that the order was known under, then the new one.
 *
 * A ClOrdID is the account's. Messages that leave their account out (cancel rejects do, FIX 4.2 has no field for it there) use
 * the name that their session knows: the others claim it where it is free. It is weaker, since accounts of one session may use
 * a ClOrdID each: it never brings the orders of two accounts that are said together. A request or
 * report that leaves its account out (some clients send none, and their broker reports one) has a third name, which those that
 * say theirs look under: so an order's account may be said by any of its messages. The broker's `rejected`
 * to a request says that there is no such order: its OrderID, if any, is that of nothing.
 */
export function fixNames(message: FixMessage, { type, data: { refs, report } }: OrderFactEvent, where: NameScope): Names {
  const { tenant, source, account, accountIsKnown } = where;
  const within = scopeWithin(message, where);
  const scope: IdScope = { tenant, source, account, within: within ?? [] };
  const { ofSession, unsaid, ofAnyInstrument } = sessionNames(message, where);
  const { brokerOrderId, clOrdId, origClOrdId } = refs;
  const ids = [origClOrdId, clOrdId].filter((id) => id !== undefined);
  const byOrderId = brokerOrderId === undefined || within === undefined ? [] : [brokerAlias(scope, brokerOrderId)];
  const isAnswer = type === 'CancelRejected';
  const namesRequest = isAnswer && (byOrderId.length === 0 || report?.ordStatus === 'rejected');
  const byAccount = within !== undefined && (accountIsKnown || !isAnswer) ? ids.map((id) => clientAlias(scope, id)) : [];
  const bySession = (!accountIsKnown && !isAnswer) || within === undefined || (namesRequest && !accountIsKnown) ? ids.toReversed().map((id) => ofSession(id)) : [];
  const isUnsaid = !accountIsKnown && !isAnswer;
  const aliases = [...byOrderId, ...byAccount, ...(isUnsaid ? ids.map((id) => unsaid(id)) : []), ...bySession];
  if (aliases.length === 0) throw new FieldError(fieldName(report === undefined ? 'ClOrdID' : 'OrderID'), 'names no order, nor does any other id');
  const lookUp = [
    ...(accountIsKnown && within !== undefined ? (lookUpIn(scope, brokerOrderId).lookUp ?? []) : []),
    ...(accountIsKnown && !isAnswer ? ids.map((id) => unsaid(id)) : []),
    // Also an order that was placed in the assumed account by other means than this session.
    ...(namesRequest && !accountIsKnown && within !== undefined ? ids.map((id) => clientAlias(scope, id)) : []),
  ];
  return {
    aliases,
    ...(lookUp.length > 0 ? { lookUp } : {}),
    newAliases: byAccount.length > 0 && origClOrdId !== undefined && clOrdId !== undefined ? [clientAlias(scope, clOrdId)] : [],
    // A message that does not say its instrument has the name that is free of it.
    ...(accountIsKnown && !isAnswer ? { claimIfFree: ids.flatMap((id) => (where.recycling.has('instrument') ? [ofSession(id), ofAnyInstrument(id)] : [ofSession(id)])) } : {}),
  };
}
