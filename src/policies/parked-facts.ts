import type { OrderId } from '../domain/ids.js';
import { decodeIngestEvent } from '../eventstore/codec.js';
import type { IngestEvent } from '../eventstore/codec.js';
import type { RecordedEvent } from '../eventstore/event-store.js';
import { aliasKey, orderIdOf, orderIdOfStream } from '../eventstore/identity.js';
import type { Alias } from '../eventstore/commands.js';
import type { FactParked } from '../eventstore/side-events.js';
import type { Queryable } from '../projections/checkpoint.js';
import { forgetParked, parkedUnder, rememberParked } from './parked-tables.js';
import type { ParkedRow, ParkedStream } from './parked-tables.js';
import type { Policy, PolicyBatch, PolicyTools, ReactionLog, Reactor } from './policy.js';

/** The name of the policy and of its checkpoint. */
const PARKED_FACTS = 'policy:parked-facts';
const PARKED_PREFIX = 'parked-';

/**
 * Takes up facts that were parked because their order was not known. A fact is remembered under the id that an order opened
 * under each of its names would have; an order that opens under one of them, or is given that name, has a first event in the
 * stream of that id (ADR 3). A fact whose order appeared while it was being parked is taken up when its own event comes.
 *
 * No transaction: taking up a busy order's facts takes long, and what is remembered here is right without one. A fact is
 * remembered before its batch is behind the checkpoint, and forgotten after it was taken up.
 */
export const parkedFacts: Policy = {
  name: PARKED_FACTS,
  version: 1,
  tables: ['policy_parked_fact'],
  isTransactional: false,
  streamPrefixes: ['order-', PARKED_PREFIX],
  open(tools): Reactor {
    return { openBatch: (client, events, log, signal) => ParkedFactsBatch.open(client, events, { log, tools, signal }) };
  },
};

/** The facts of a batch that were parked, each with the orders that would be its own. What cannot be decoded has none yet. */
function parkedRows(recorded: RecordedEvent): readonly ParkedRow[] {
  const event = tryDecode(recorded);
  if (event?.type !== 'FactParked') return [];
  const orders = new Set(namesOf(event).map((alias) => orderIdOf(alias)));
  return [...orders].map((orderId) => ({ orderId, stream: recorded.stream, revision: recorded.revision }));
}

/** All names that its order may turn up under. */
const namesOf = ({ data }: FactParked): readonly Alias[] => [...data.aliases, ...(data.lookUp ?? []), ...(data.fallback ?? [])];

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

interface Surroundings {
  readonly log: ReactionLog;
  readonly tools: PolicyTools;
  readonly signal: AbortSignal;
}

class ParkedFactsBatch implements PolicyBatch {
  /** What was done for one event of the batch covers the others: when it was done, all of them were in the store. */
  readonly #takenUp = new Set<string>();
  readonly #unknown = new Set<string>();

  private constructor(
    private readonly client: Queryable,
    private readonly surroundings: Surroundings,
    /** Parked streams by the orders of the batch whose facts wait in them. */
    private readonly waiting: ReadonlyMap<string, readonly ParkedStream[]>,
    /** The last parked fact of the batch in each stream. */
    private readonly lastRevisions: ReadonlyMap<string, bigint>,
  ) {}

  static async open(client: Queryable, events: readonly RecordedEvent[], surroundings: Surroundings): Promise<ParkedFactsBatch> {
    const parked = events.filter(isParked);
    await rememberParked(client, parked.flatMap(parkedRows));
    const waiting = await parkedUnder(client, events.flatMap((event) => appearing(event) ?? []));
    return new ParkedFactsBatch(client, surroundings, waiting, new Map(parked.map(({ stream, revision }) => [stream, revision])));
  }

  async react(recorded: RecordedEvent): Promise<void> {
    if (isParked(recorded)) return await this.#parked(recorded);
    for (const parked of this.waiting.get(appearing(recorded) ?? '') ?? []) await this.#takeUp(parked);
  }

  async #parked(recorded: RecordedEvent): Promise<void> {
    const event = decodeIngestEvent(recorded);
    const { stream, revision } = recorded;
    if (event.type !== 'FactParked' || this.#takenUp.has(stream)) return;
    for (const alias of namesOf(event)) {
      if (await this.#isKnown(alias)) return await this.#takeUp({ stream, lastRevision: this.lastRevisions.get(stream) ?? revision });
    }
  }

  async #isKnown(alias: Alias): Promise<boolean> {
    const key = aliasKey(alias);
    if (this.#unknown.has(key)) return false;
    const order = await this.surroundings.tools.handler.resolveAlias(alias);
    if (order === undefined) this.#unknown.add(key);
    return order !== undefined;
  }

  /** Each fact is recorded before it is noted as taken up: whatever crashes, it is in its order once. */
  async #takeUp(parked: ParkedStream): Promise<void> {
    if (this.#takenUp.has(parked.stream)) return;
    const { log, tools, signal } = this.surroundings;
    const { left, position } = await tools.handler.takeUpParked(parked.stream, signal);
    if (position !== undefined) log.appended(position);
    if (left === 0) await forgetParked(this.client, parked);
    this.#takenUp.add(parked.stream);
  }
}
