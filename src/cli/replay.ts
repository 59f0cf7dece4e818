import { formatPrice, formatQuantity } from '../domain/amounts.js';
import { orderDecider } from '../domain/order/decider.js';
import type { OrderState } from '../domain/order/state.js';
import { ORD_STATUS_LABELS } from '../domain/order/status.js';
import { verifyChain } from '../eventstore/chain.js';
import type { ChainVerdict } from '../eventstore/chain.js';
import { decodeOrderEvent } from '../eventstore/codec.js';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.js';
import type { Row } from './output.js';

/** What a walk over an order's stream showed: a row an event, then the verdict over all of it. */
export type ReplayStep = { readonly kind: 'event'; readonly row: Row } | { readonly kind: 'verdict'; readonly row: Row; readonly intact: boolean };

function stateAfter({ view }: OrderState): Row {
  return {
    ordStatus: ORD_STATUS_LABELS[view.ordStatus],
    orderQty: formatQuantity(view.orderQty),
    cumQty: formatQuantity(view.cumQty),
    leavesQty: formatQuantity(view.leavesQty),
    avgPx: formatPrice(view.avgPx),
    clOrdId: view.clOrdId ?? null,
    orderId: view.brokerOrderId ?? null,
    executions: view.executions.length,
    discrepancies: view.discrepancies,
  };
}

/** Whether this event is proven by the chain: everything before the first break is. */
function chainAt(verdict: ChainVerdict, revision: bigint): string {
  if (verdict.kind === 'intact' || revision < verdict.revision) return 'ok';
  return revision === verdict.revision ? `broken: ${verdict.reason}` : 'unproven: the chain is broken before it';
}

function eventRow(recorded: RecordedEvent, state: OrderState, verdict: ChainVerdict): Row {
  const event = decodeOrderEvent(recorded);
  const { metadata } = event;
  return {
    revision: recorded.revision,
    type: event.type,
    occurredAt: metadata.occurredAt,
    receivedAt: metadata.receivedAt,
    recordedAt: recorded.recordedAt,
    state: stateAfter(state),
    cause: { causationId: metadata.$causationId, correlationId: metadata.$correlationId, actor: metadata.actor, source: metadata.source, sourceEventId: metadata.sourceEventId ?? null, commandKey: metadata.commandKey },
    chain: chainAt(verdict, recorded.revision),
    position: recorded.position,
    eventId: recorded.id,
    data: event.data,
  };
}

/**
 * Replays an order from its stream's first event: each event with the state after it, its cause and whether the chain proves it.
 * The chain is walked first, over the stored JSON, so that a break is known when its event is shown.
 */
export async function* replayOrder(store: EventStore, stream: string): AsyncGenerator<ReplayStep> {
  const verdict = await verifyChain(stream, store.readStream(stream));
  let state = orderDecider.initialState;
  let events = 0;
  for await (const recorded of store.readStream(stream)) {
    state = orderDecider.evolve(state, decodeOrderEvent(recorded));
    events += 1;
    yield { kind: 'event', row: eventRow(recorded, state, verdict) };
  }
  const intact = verdict.kind === 'intact';
  const found = intact ? { chain: 'intact', head: verdict.head } : { chain: 'broken', revision: verdict.revision, reason: verdict.reason };
  yield { kind: 'verdict', intact, row: { stream, events, ...found } };
}
