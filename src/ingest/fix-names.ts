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

type Names = Pick<OrderFact, 'aliases' | 'newAliases' | 'lookUp' | 'fallback' | 'claimIfFree' | 'claimsNothing'>;

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

const given = (lists: Pick<Names, 'lookUp' | 'fallback' | 'claimIfFree'>): typeof lists =>
  Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0));

/**
 * The names of the message's order: OrderID first, then the ClOrdID that the order was known under, then the new one.
 *
 * A ClOrdID is the account's. Messages that leave their account out use the name that their session knows: the others claim it where
 * it is free. It is weaker, since accounts of one session may use a ClOrdID each. A request or
 * report that leaves its account out (some clients send none, and their broker reports one) has a third name, which those that
 * say theirs look under: so an order's account may be said by any of its messages.
 */
export function fixNames(message: FixMessage, event: OrderFactEvent, where: NameScope): Names {
  const names = event.type === 'CancelRejected' ? answerNames(message, event, where) : ownNames(message, event, where);
  if (names.aliases.length === 0) throw new FieldError(fieldName(event.data.report === undefined ? 'ClOrdID' : 'OrderID'), 'names no order, nor does any other id');
  return names;
}

/** Of a request or a report. */
function ownNames(message: FixMessage, { data: { refs } }: OrderFactEvent, where: NameScope): Names {
  const { tenant, source, account, accountIsKnown, recycling } = where;
  const within = scopeWithin(message, where);
  const scope: IdScope = { tenant, source, account, within: within ?? [] };
  const { ofSession, unsaid, ofAnyInstrument } = sessionNames(message, where);
  const { brokerOrderId, clOrdId, origClOrdId } = refs;
  const ids = [origClOrdId, clOrdId].filter((id) => id !== undefined);
  const isScoped = within !== undefined;
  const byOrderId = brokerOrderId === undefined || !isScoped ? [] : [brokerAlias(scope, brokerOrderId)];
  const byAccount = isScoped ? ids.map((id) => clientAlias(scope, id)) : [];
  const bySession = accountIsKnown && isScoped ? [] : ids.toReversed().map((id) => ofSession(id));
  // A message that does not say its instrument has the name that is free of it.
  const ofAny = recycling.has('instrument') ? ids.map((id) => ofAnyInstrument(id)) : [];
  return {
    aliases: [...byOrderId, ...byAccount, ...(accountIsKnown ? [] : ids.map((id) => unsaid(id))), ...bySession],
    newAliases: isScoped && origClOrdId !== undefined && clOrdId !== undefined ? [clientAlias(scope, clOrdId)] : [],
    ...given({
      lookUp: accountIsKnown ? [...(isScoped ? (lookUpIn(scope, brokerOrderId).lookUp ?? []) : []), ...ids.map((id) => unsaid(id))] : [],
      claimIfFree: accountIsKnown ? [...ids.map((id) => ofSession(id)), ...ofAny] : ofAny,
    }),
  };
}

/**
 * Of a cancel reject, which often leaves out its account (FIX 4.2 has no field for it there) and its instrument. Where it has no
 * OrderID that can be used, or says that there is no such order (its OrderID is then that of nothing), its order is the one that the
 * refused request (ClOrdID) was of; only where nobody knows that request, the one that it names (OrigClOrdID): another account's order may
 * have that name. By names of the session alone it brings none: the request does.
 */
function answerNames(message: FixMessage, { data: { refs, report } }: OrderFactEvent, where: NameScope): Names {
  const { tenant, source, account, accountIsKnown } = where;
  const within = scopeWithin(message, where);
  const scope: IdScope = { tenant, source, account, within: within ?? [] };
  const { ofSession, unsaid } = sessionNames(message, where);
  const { brokerOrderId, clOrdId, origClOrdId } = refs;
  const ids = [origClOrdId, clOrdId].filter((id) => id !== undefined);
  const isScoped = within !== undefined;
  const byOrderId = brokerOrderId === undefined || !isScoped ? [] : [brokerAlias(scope, brokerOrderId)];
  const namesRequest = byOrderId.length === 0 || (report?.ordStatus === 'rejected' && ids.length > 0);
  const byAccount = isScoped && accountIsKnown ? ids.map((id) => clientAlias(scope, id)) : [];
  const own = [...(namesRequest ? [] : byOrderId), ...byAccount];
  const [request, ...others] = ids.toReversed().map((id) => ofSession(id));
  const isOfRequest = own.length === 0 && request !== undefined;
  // Also an order that was placed in the assumed account by other means than this session.
  const placed = isScoped && namesRequest && !accountIsKnown ? ids.map((id) => clientAlias(scope, id)) : [];
  return {
    aliases: isOfRequest ? [request] : own,
    newAliases: [],
    ...(isOfRequest ? { claimsNothing: true as const } : {}),
    ...given({
      lookUp: accountIsKnown ? [...(isScoped ? (lookUpIn(scope, brokerOrderId).lookUp ?? []) : []), ...ids.map((id) => unsaid(id))] : placed,
      fallback: [...(namesRequest ? byOrderId : []), ...(isOfRequest || request === undefined || byAccount.length > 0 ? [] : [request]), ...(byAccount.length > 0 ? [] : others)],
    }),
  };
}
