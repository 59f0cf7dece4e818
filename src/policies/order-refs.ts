import type { PositionId } from '../domain/ids.js';
import type { OrderEvent, OrderFactEvent } from '../domain/order/events.js';

/** What messages write in the place of an id. */
const NOT_AN_ID: ReadonlySet<string> = new Set(['', 'NONE', '0']);

/** What a message says; undefined for what is not one. */
const factOf = (event: OrderEvent): OrderFactEvent | undefined =>
  event.type === 'OrderLinked' || event.type === 'AliasClaimed' || event.type === 'FactConflicted' ? undefined : event;

/** The names that a message gives its order. What it calls the order by a former name (OrigClOrdID) is one too. */
export function refsOf(event: OrderEvent): readonly string[] {
  const fact = factOf(event);
  if (!fact) return [];
  const { brokerOrderId, clOrdId, origClOrdId } = fact.data.refs;
  const refs = [brokerOrderId, clOrdId, origClOrdId].filter((ref) => ref !== undefined);
  return [...new Set(refs)].filter((ref) => !NOT_AN_ID.has(ref.trim().toUpperCase()));
}

/** The position that a message says its order belongs to. */
export function positionOf(event: OrderEvent): PositionId | undefined {
  const fact = factOf(event);
  if (!fact) return undefined;
  const execution = 'execution' in fact.data ? fact.data.execution : undefined;
  return fact.data.terms?.positionId ?? execution?.positionId;
}
