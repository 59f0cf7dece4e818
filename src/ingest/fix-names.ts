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

/**
 * The names of the message's order: OrderID first, then the ClOrdID that the order was known under, then the new one.
 *
 * A ClOrdID is the account's. Messages that leave their account out (cancel rejects do, FIX 4.2 has no field for it there) use
 * the name that their session knows: requests claim it where it is free. It is weaker, since accounts of one session may use
 * a ClOrdID each: it never brings two orders together, and it names nothing where the OrderID does. The broker's \`rejected\`
 * to a request says that there is no such order: its OrderID, if any, is that of nothing.
 */
export function fixNames(message: FixMessage, { type, data: { refs, report } }: OrderFactEvent, where: NameScope): Names {
  const { tenant, source, account, accountIsKnown, client } = where;
  const within = scopeWithin(message, where);
  const scope: IdScope = { tenant, source, account, within: within ?? [] };
  const days = where.recycling.has('daily') ? [where.tradingDay] : [];
  const ofSession = (id: string): Alias => ({ kind: 'client', scope: [tenant, source, 'session', client, ...days], id });
  const { brokerOrderId, clOrdId, origClOrdId } = refs;
  const ids = [origClOrdId, clOrdId].filter((id) => id !== undefined);
  const byOrderId = brokerOrderId === undefined || within === undefined ? [] : [brokerAlias(scope, brokerOrderId)];
  const isAnswer = type === 'CancelRejected';
  const namesRequest = isAnswer && (byOrderId.length === 0 || report?.ordStatus === 'rejected');
  const byAccount = within !== undefined && (accountIsKnown || !isAnswer) ? ids.map((id) => clientAlias(scope, id)) : [];
  const bySession = (!accountIsKnown && !isAnswer) || within === undefined || (namesRequest && !accountIsKnown) ? ids.toReversed().map((id) => ofSession(id)) : [];
  const aliases = [...byOrderId, ...byAccount, ...bySession];
  if (aliases.length === 0) throw new FieldError(fieldName(report === undefined ? 'ClOrdID' : 'OrderID'), 'names no order, nor does any other id');
  const isRequest = type === 'OrderPlaced' || type === 'CancelRequested' || type === 'ReplaceRequested';
  return {
    aliases,
    ...(accountIsKnown && within !== undefined ? lookUpIn(scope, brokerOrderId) : {}),
    // Also an order that was placed in the assumed account by other means than this session.
    ...(namesRequest && !accountIsKnown && within !== undefined ? { lookUp: ids.map((id) => clientAlias(scope, id)) } : {}),
    newAliases: byAccount.length > 0 && origClOrdId !== undefined && clOrdId !== undefined ? [clientAlias(scope, clOrdId)] : [],
    ...(isRequest && accountIsKnown && clOrdId !== undefined ? { claimIfFree: [ofSession(clOrdId)] } : {}),
  };
}
