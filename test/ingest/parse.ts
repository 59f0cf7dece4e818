import type { Adapter, ParsedLine } from '../../src/ingest/adapter.js';
import type { OrderFactEvent } from '../../src/domain/order/events.js';
import type { OrderFact } from '../../src/eventstore/commands.js';

export const RECEIVED_AT = '2026-11-21T08:00:00.000Z';

/** A parser with a fixed clock and import id. */
export const openAdapter = (adapter: Adapter, flags: Readonly<Record<string, string>> = {}, origin = 'orders.log') =>
  adapter.open({ origin, flags, importId: 'import-1', now: () => RECEIVED_AT });

/** What one line alone amounts to. */
export const parseOne = (adapter: Adapter, line: string, flags?: Readonly<Record<string, string>>, origin?: string): ParsedLine =>
  openAdapter(adapter, flags, origin).parse(line, 1);

/** The only fact of a line; fails with the reason where there is none. */
export function onlyFact(parsed: ParsedLine): OrderFact {
  if (parsed.kind !== 'facts') throw new Error(`no fact but ${parsed.kind}: ${parsed.reason}`);
  const [fact, ...others] = parsed.facts;
  if (!fact || others.length > 0) throw new Error(`${parsed.facts.length} facts`);
  return fact;
}

type FactType = OrderFactEvent['type'];
type DataOf = { readonly [Type in FactType]: Extract<OrderFactEvent, { type: Type }>['data'] };
type Event = { readonly type: string; readonly data: unknown };
const isOf = <Type extends FactType>(event: Event, type: Type): event is { readonly type: Type; readonly data: DataOf[Type] } => event.type === type;

/** The data of a fact that must be of this type. */
export function dataOf<Type extends FactType>(parsed: ParsedLine, type: Type): DataOf[Type] {
  const event: Event = onlyFact(parsed).fact;
  if (!isOf(event, type)) throw new Error(`a ${event.type}, not a ${type}`);
  return event.data;
}
