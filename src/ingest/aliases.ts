import type { OrderFactEvent } from '../domain/order/events.js';
import type { Alias, OrderFact } from '../eventstore/commands.js';

/** Longer ids are refused, not cut: two of them could be cut to one. */
export const MAX_ID_LENGTH = 200;

const NOT_AN_ID = /^(?:0*|none)$/iu;

/** Whether text names something: `NONE`, empty and 0 do not (FIX OrderID of unknown orders, tag 37). */
export const isId = (text: string | undefined): text is string => text !== undefined && !NOT_AN_ID.test(text.trim());

/** Where a message's ids of orders are unique. `within`: a trading day or symbol, where the source uses its ids again. */
export interface IdScope {
  readonly tenant: string;
  readonly source: string;
  readonly account: string;
  readonly within?: readonly string[];
}

/**
 * A broker's or venue's own id of an order: unique within its source, whatever channel it comes by. The account is no part
 * of it, since messages may lack theirs (FIX Account, tag 1).
 */
export const brokerAlias = ({ tenant, source, within = [] }: Omit<IdScope, 'account'>, id: string): Alias => ({ kind: 'broker', scope: [tenant, source, ...within], id });

/** A broker's id of an order of one account: what whoever may write to that account alone names it by. */
export const accountBrokerAlias = ({ tenant, source, account, within = [] }: IdScope, id: string): Alias => ({ kind: 'broker', scope: [tenant, source, ...within, 'account', account], id });

/** The order of that account may have been opened under the account's own name for it. */
export const lookUpIn = (scope: IdScope, brokerOrderId: string | undefined): Pick<OrderFact, 'lookUp'> => (brokerOrderId === undefined ? {} : { lookUp: [accountBrokerAlias(scope, brokerOrderId)] });

/** A ClOrdID: what the client called the order. */
export const clientAlias = ({ tenant, account, within = [] }: Omit<IdScope, 'source'>, id: string): Alias => ({ kind: 'client', scope: [tenant, account, ...within], id });

/** The names of a fact's order: the broker's id first, then the ClOrdID that the order was known under, then the new one. */
export function orderAliases({ brokerOrderId, clOrdId, origClOrdId }: OrderFactEvent['data']['refs'], scope: IdScope): Required<Pick<OrderFact, 'aliases' | 'newAliases'>> {
  const client = (id: string | undefined): Alias[] => (id === undefined ? [] : [clientAlias(scope, id)]);
  const broker = brokerOrderId === undefined ? [] : [brokerAlias(scope, brokerOrderId)];
  return { aliases: [...broker, ...client(origClOrdId), ...client(clOrdId)], newAliases: origClOrdId === undefined ? [] : client(clOrdId) };
}

/**
 * The names where it is said whose order it is, and another account's order may have the same ids: the broker's id
 * within the account, so that it reaches that account's orders alone. The id that messages without an account use becomes the
 * order's too where it is free.
 */
export function accountNames(refs: OrderFactEvent['data']['refs'], scope: IdScope): Pick<OrderFact, 'aliases' | 'newAliases' | 'lookUp' | 'claimIfFree' | 'ownAccountOnly'> {
  const { brokerOrderId, ...clientRefs } = refs;
  const { aliases, newAliases } = orderAliases(clientRefs, scope);
  if (brokerOrderId === undefined) return { aliases, newAliases };
  const shared = [brokerAlias(scope, brokerOrderId)];
  return { aliases: [accountBrokerAlias(scope, brokerOrderId), ...aliases], newAliases, lookUp: shared, claimIfFree: shared, ownAccountOnly: true };
}
