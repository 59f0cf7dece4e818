import type { ClientBase } from 'pg';
import type { OrderId } from '../domain/ids.js';
import { decodeIngestEvent } from '../eventstore/codec.js';
import type { IngestEvent } from '../eventstore/codec.js';
import type { RecordedEvent } from '../eventstore/event-store.js';
import { orderIdOf, orderIdOfStream } from '../eventstore/identity.js';
import { forgetParked, parkedUnder, rememberParked } from './parked-tables.js';
import type { ParkedRow } from './parked-tables.js';
import type { Policy, PolicyBatch, PolicyTools, ReactionLog, Reactor } from './policy.js';

/** The name of the policy and of its checkpoint. */
const PARKED_FACTS = 'policy:parked-facts';
const PARKED_PREFIX = 'parked-';

/**
 * Takes up facts that were parked because their order was not known. A fact is remembered under the id that an order opened
 * under each of its names would have; an order that opens under one of them, or is given that name, has a first event in the
 * stream of that id (ADR 3). A fact whose order appeared while it was being parked is taken up when its own event comes.
 */
export const parkedFacts: Policy = {
  name: PARKED_FACTS,
  version: 1,
  streamPrefixes: ['order-', PARKED_PREFIX],
  open(tools): Reactor {
    return { openBatch: (client, events, log) => ParkedFactsBatch.open(client, events, log, tools) };
  },
};

/** The facts of a batch that were parked, each with the orders that would be its own. What cannot be decoded has none yet. */
function parkedRows(recorded: RecordedEvent): readonly ParkedRow[] {
  const event = tryDecode(recorded);
  if (event?.type !== 'FactParked') return [];
  const orders = new Set(event.data.aliases.map(orderIdOf));
  return [...orders].map((orderId) => ({ orderId, stream: recorded.stream, revision: recorded.revision }));
}

function tryDecode(recorded: RecordedEvent): IngestEvent | undefined {
  try {
    return decodeIngestEvent(recorded);
  } catch {
    // An error when its turn comes.
    return undefined;
  }
}

const isParked = ({ stream }: RecordedEvent): boolean => stream.startsWith(PARKED_PREFIX);
/** An order's stream begins with its opening, or with the claim that makes it a name of another one. */
const appearing = ({ stream, revision }: RecordedEvent): OrderId | undefined => (revision === 0n ? orderIdOfStream(stream) : undefined);

class ParkedFactsBatch implements PolicyBatch {
  private constructor(
    private readonly client: ClientBase,
    private readonly log: ReactionLog,
    private readonly tools: PolicyTools,
    /** Parked streams by the orders of the batch whose facts wait in them. */
    private readonly waiting: ReadonlyMap<string, readonly string[]>,
  ) {}

  static async open(client: ClientBase, events: readonly RecordedEvent[], log: ReactionLog, tools: PolicyTools): Promise<ParkedFactsBatch> {
    await rememberParked(client, events.filter(isParked).flatMap(parkedRows));
    const waiting = await parkedUnder(client, events.flatMap((event) => appearing(event) ?? []));
    return new ParkedFactsBatch(client, log, tools, waiting);
  }

  async react(recorded: RecordedEvent): Promise<void> {
    if (isParked(recorded)) return await this.#parked(recorded);
    for (const stream of this.waiting.get(appearing(recorded) ?? '') ?? []) await this.#takeUp(stream);
  }

  async #parked(recorded: RecordedEvent): Promise<void> {
    const event = decodeIngestEvent(recorded);
    if (event.type !== 'FactParked') return;
    for (const alias of event.data.aliases) {
      const order = await this.tools.handler.resolveAlias(alias);
      if (order !== undefined) return await this.#takeUp(recorded.stream);
    }
  }

  /** Each fact is recorded before it is noted as taken up: whatever crashes, it is in its order once. */
  async #takeUp(stream: string): Promise<void> {
    const { left, position } = await this.tools.handler.takeUpParked(stream);
    if (position !== undefined) this.log.appended(position);
    if (left === 0) await forgetParked(this.client, stream);
  }
}
