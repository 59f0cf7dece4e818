import { formatPrice, formatQuantity } from '../domain/amounts.js';
import { orderDecider } from '../domain/order/decider.js';
import type { OrderEvent } from '../domain/order/events.js';
import type { OrderState } from '../domain/order/state.js';
import { ORD_STATUS_LABELS } from '../domain/order/status.js';
import { verifyChain } from '../eventstore/chain.js';
import type { ChainVerdict } from '../eventstore/chain.js';
import { decodeOrderEvent } from '../eventstore/codec.js';
import { UndecodableEventError } from '../eventstore/errors.js';
import type { EventStore, RecordedEvent } from '../eventstore/event-store.js';
import { eventDetails } from './fact-details.js';
import type { Row } from './output.js';

/** What a replay needs of the event store. */
type StreamReader = Pick<EventStore, 'readStream'>;

/** What a walk over an order's stream shows: a row an event, then the verdict over all of it. */
export interface Replay {
  readonly intact: boolean;
  readonly verdict: Row;
  /** Everything that is known of each event, for machines. */
  readonly steps: AsyncIterable<ReplayStep>;
}

export interface ReplayStep {
  /** Everything that is known of the event, for machines. */
  readonly whole: Row;
  /** What fits a line, for people. */
  readonly short: Row;
}

function stateAfter({ view }: OrderState) {
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

function wholeRow(recorded: RecordedEvent, event: OrderEvent, state: OrderState, chain: string): Row {
  const { metadata } = event;
  return {
    revision: recorded.revision,
    type: event.type,
    occurredAt: metadata.occurredAt,
    receivedAt: metadata.receivedAt,
    recordedAt: recorded.recordedAt,
    state: stateAfter(state),
    cause: { causationId: metadata.$causationId, correlationId: metadata.$correlationId, actor: metadata.actor, source: metadata.source, sourceEventId: metadata.sourceEventId ?? null, commandKey: metadata.commandKey },
    chain,
    position: recorded.position,
    eventId: recorded.id,
    data: event.data,
  };
}

/** A line for people. What the chain says of each event is a column only where there is a break: else the verdict says it of all. */
function shortRow({ revision, recordedAt }: RecordedEvent, event: OrderEvent, state: OrderState, chain: Row): Row {
  const { ordStatus, orderQty, cumQty, leavesQty, avgPx } = stateAfter(state);
  const { occurredAt, actor, source } = event.metadata;
  const cause = [actor, source.name, source.session, source.sequence].filter((part) => part !== undefined).join(' ');
  return { '#': revision, occurredAt, recordedAt, event: event.type, details: eventDetails(event), ordStatus, filled: `${cumQty} of ${orderQty}`, leavesQty, avgPx, ...chain, cause };
}

/** What was tampered with may not even be an event any more: it is shown as such, in the columns of the others. */
function undecodableRow({ revision, recordedAt, type }: RecordedEvent, { message }: UndecodableEventError, chain: Row): Row {
  return { '#': revision, occurredAt: null, recordedAt, event: type, details: message, ordStatus: null, filled: null, leavesQty: null, avgPx: null, ...chain, cause: null };
}

function decoded(recorded: RecordedEvent): OrderEvent | UndecodableEventError {
  try {
    return decodeOrderEvent(recorded);
  } catch (error) {
    if (error instanceof UndecodableEventError) return error;
    throw error;
  }
}

async function* stepsOf(store: StreamReader, stream: string, verdict: ChainVerdict): AsyncGenerator<ReplayStep> {
  let state = orderDecider.initialState;
  for await (const recorded of store.readStream(stream)) {
    const chain = chainAt(verdict, recorded.revision);
    const chainColumn = verdict.kind === 'intact' ? {} : { chain };
    const event = decoded(recorded);
    if (event instanceof UndecodableEventError) {
      const whole = { revision: recorded.revision, type: recorded.type, recordedAt: recorded.recordedAt, problem: event.message, chain, position: recorded.position, eventId: recorded.id };
      yield { whole, short: undecodableRow(recorded, event, chainColumn) };
      continue;
    }
    state = orderDecider.evolve(state, event);
    yield { whole: wholeRow(recorded, event, state, chain), short: shortRow(recorded, event, state, chainColumn) };
  }
}

/**
 * Replays an order from its stream's first event: each event with the state after it, its cause and whether the chain proves it.
 * The chain is walked first, over the stored JSON, so that a break is known when its event is shown.
 */
export async function replayOrder(store: StreamReader, stream: string): Promise<Replay> {
  const verdict = await verifyChain(stream, store.readStream(stream));
  const intact = verdict.kind === 'intact';
  const found = intact ? { chain: 'intact', events: Number(verdict.events), head: verdict.head } : { chain: 'broken', revision: verdict.revision, reason: verdict.reason };
  return { intact, verdict: { stream, ...found }, steps: stepsOf(store, stream, verdict) };
}
