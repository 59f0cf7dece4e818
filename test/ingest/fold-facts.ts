import { formatPrice, formatQuantity } from '../../src/domain/amounts.js';
import { orderDecider } from '../../src/domain/order/decider.js';
import { saidIn } from '../../src/domain/order/facts.js';
import type { OrderState } from '../../src/domain/order/state.js';
import type { OrderFact } from '../../src/eventstore/commands.js';
import type { LineParser } from '../../src/ingest/adapter.js';

/** Facts as the ledger folds them, in the order in which they came: an order by the id that its facts name it by. */
export function foldFacts(facts: readonly OrderFact[]): ReadonlyMap<string, OrderState> {
  const orders = new Map<string, OrderState>();
  for (const { aliases, fact, context } of facts) {
    const id = aliases[0]?.id ?? '';
    const state = orders.get(id) ?? orderDecider.initialState;
    const { correlationId, causationId, ...said } = context;
    const metadata = { ...said, $correlationId: correlationId, $causationId: causationId, schemaVersion: 1, producer: 'test' };
    const decision = orderDecider.decide(state, { kind: 'RecordOrderFact', said: saidIn(context), commandKey: context.commandKey, commandDigest: context.commandDigest, fact });
    if (decision.kind === 'rejected') throw new Error('a fact was refused');
    orders.set(
      id,
      decision.events.reduce((before, event) => orderDecider.evolve(before, { ...event, metadata }), state),
    );
  }
  return orders;
}

/** The facts of some messages; fails with the reason where one of them is malformed. */
export function factsOf(parser: LineParser, messages: readonly unknown[]): readonly OrderFact[] {
  return messages.flatMap((message) => {
    const parsed = parser.parse(typeof message === 'string' ? message : JSON.stringify(message), 1);
    if (parsed.kind === 'malformed') throw new Error(`${parsed.field ?? ''} ${parsed.reason}`);
    return parsed.kind === 'facts' ? parsed.facts : [];
  });
}

/** How an order ended: what must not depend on which messages of it came, or in which order, as long as the last one did. */
function endOf({ view, conflicts }: OrderState): unknown {
  const { terms, ordStatus, brokerOrderId, openedAt, discrepancies } = view;
  return {
    terms,
    ordStatus,
    brokerOrderId,
    openedAt,
    discrepancies,
    conflicts,
    figures: [view.orderQty, view.cumQty, view.leavesQty].map((value) => formatQuantity(value)).join('/'),
    avgPx: formatPrice(view.avgPx),
    // How many versions a trade had is how often it was heard of; what it was before a bust is what was heard of it.
    executions: view.executions.map(({ execution: { execId: _version, ...values }, occurredAt, tradingDay, status }) => (status === 'busted' ? status : { values, occurredAt, tradingDay })),
  };
}

/** A text for each command: what the ledger tells facts apart by. */
export const keysOf = (facts: readonly OrderFact[]): ReadonlySet<string> => new Set(facts.map(({ context }) => `${context.commandKey} ${context.commandDigest}`));

export const endsOf = (facts: readonly OrderFact[]): ReadonlyMap<string, unknown> => new Map([...foldFacts(facts)].map(([id, state]) => [id, endOf(state)]));

/** `status ordered/executed/left @ average` of each order, by its id. */
export const figuresOf = (facts: readonly OrderFact[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...foldFacts(facts)].map(([id, { view }]) => {
      const quantities = [view.orderQty, view.cumQty, view.leavesQty].map((value) => formatQuantity(value)).join('/');
      const open = view.discrepancies.map(({ kind }) => ` ${kind}`).join('');
      return [id, `${view.ordStatus} ${quantities} @ ${formatPrice(view.avgPx)}${open}`];
    }),
  );
