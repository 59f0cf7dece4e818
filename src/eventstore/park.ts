import { accept, reject } from '../domain/decider.js';
import type { Decider, Decision } from '../domain/decider.js';
import { commandKey, digest } from '../domain/ids.js';
import type { OrderId } from '../domain/ids.js';
import type { CommandContext, EventMetadata } from '../domain/metadata.js';
import { InsertOnlyMap } from '../domain/order/insert-only-map.js';
import type { FactParked, ParkedFactTakenUp } from './side-events.js';
import { Aggregate } from './aggregate.js';
import { decodeIngestEvent } from './codec.js';
import type { OrderFact } from './commands.js';
import { digestOf, sha256Hex } from './digest.js';
import { UndecodableEventError } from './errors.js';
import type { EventStore, Position, RecordedEvent } from './event-store.js';
import { parkedStream } from './identity.js';
import { contextFrom, withMetadata } from './new-metadata.js';
import { WaitingFacts } from './waiting-facts.js';
import type { ParkedFact } from './waiting-facts.js';

type ParkedEventBody = FactParked | ParkedFactTakenUp;
type ParkedEvent = ParkedEventBody & { readonly metadata: EventMetadata };

interface ParkedState {
  /** Facts that have not been taken up. */
  readonly waiting: WaitingFacts;
  /** Key and digest of each fact that was ever parked here. */
  readonly known: InsertOnlyMap<string, true>;
}

type ParkCommand =
  | { readonly kind: 'ParkFact'; readonly fact: OrderFact }
  /** `count` facts of this key were recorded; where more wait by now, none is noted: they are taken up together. */
  | { readonly kind: 'TakeUp'; readonly factKey: string; readonly count: number; readonly orderId: OrderId };

const knownAs = (key: string, contentDigest: string): string => `${contentDigest} ${key}`;

function decide(state: ParkedState, command: ParkCommand): Decision<ParkedEventBody> {
  if (command.kind === 'TakeUp') {
    const { factKey, count, orderId } = command;
    return state.waiting.under(factKey).length === count ? accept({ type: 'ParkedFactTakenUp', data: { factKey, orderId } }) : accept();
  }
  const { aliases, newAliases = [], fact, context, lookUp = [], fallback = [], claimsNothing, ownAccountOnly } = command.fact;
  if (aliases.length === 0) return reject('invalid_input', 'a fact needs at least one alias', 'aliases');
  if (state.known.has(knownAs(context.commandKey, context.commandDigest))) return accept();
  const lookedFor = { ...(lookUp.length > 0 ? { lookUp } : {}), ...(fallback.length > 0 ? { fallback } : {}) };
  const marks = { ...(claimsNothing ? { claimsNothing } : {}), ...(ownAccountOnly ? { ownAccountOnly } : {}) };
  return accept({ type: 'FactParked', data: { aliases, newAliases, fact, ...lookedFor, ...marks } });
}

function evolve(state: ParkedState, event: ParkedEvent): ParkedState {
  if (event.type === 'ParkedFactTakenUp') return { ...state, waiting: state.waiting.without(event.data.factKey) };
  const { commandKey: key, commandDigest } = event.metadata;
  return {
    waiting: state.waiting.with({ key, fact: { ...event.data, context: contextFrom(event.metadata) } }),
    known: state.known.with(knownAs(key, commandDigest), true),
  };
}

const parkedDecider: Decider<ParkedState, ParkCommand, ParkedEventBody> = {
  initialState: { waiting: WaitingFacts.empty(), known: InsertOnlyMap.empty() },
  evolve,
  decide,
};

function decodeParkedEvent(recorded: RecordedEvent): ParkedEvent {
  const event = decodeIngestEvent(recorded);
  if (event.type === 'FactParked' || event.type === 'ParkedFactTakenUp') return event;
  throw new UndecodableEventError(recorded.stream, recorded.revision, recorded.type, 'type', 'is not an event of a parked stream');
}

export interface ParkedOutcome {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: Position | undefined;
  /** False where the same fact had been parked before. */
  readonly isNew: boolean;
}

/** The streams of facts whose order is not known yet. */
export class ParkedFacts {
  readonly #streams: Aggregate<ParkedState, ParkedEventBody>;

  constructor(private readonly options: { readonly store: EventStore; readonly producer: string; readonly cacheSize: number; readonly factGiveUpAfterMs: number }) {
    this.#streams = new Aggregate<ParkedState, ParkedEventBody>({ ...options, decider: parkedDecider, decode: decodeParkedEvent });
  }

  /** Keeps a fact in the stream of its first alias, once under its key and digest. */
  async park(fact: OrderFact): Promise<ParkedOutcome> {
    const [first] = fact.aliases;
    if (!first) throw new RangeError('a fact needs at least one alias');
    const stream = parkedStream(first);
    const outcome = await this.#run(stream, { kind: 'ParkFact', fact }, fact.context, true);
    return { stream, ...outcome };
  }

  /** The facts that wait in a stream, as the store has them now, those of one key together; and where its newest event is. */
  async waiting(stream: string): Promise<{ readonly facts: readonly (readonly ParkedFact[])[]; readonly position: Position | undefined }> {
    const { state, folded } = await this.#streams.refresh(stream);
    return { facts: state.waiting.byKey(), position: folded?.position };
  }

  /** Notes that the facts of a key were recorded in their order. Notes that are asked for at the same moment share an append. */
  async noteTakenUp(stream: string, facts: readonly ParkedFact[], orderId: OrderId): Promise<ParkedOutcome> {
    const [first] = facts;
    if (!first) throw new RangeError('no fact was taken up');
    const { key, fact } = first;
    const context: CommandContext = {
      ...fact.context,
      commandKey: commandKey(`taken-up:${sha256Hex(key)}`),
      commandDigest: digest(digestOf({ factKey: key, orderId })),
      causationId: fact.context.commandKey,
    };
    return { stream, ...(await this.#run(stream, { kind: 'TakeUp', factKey: key, count: facts.length, orderId }, context, false)) };
  }

  whenIdle(): Promise<void> {
    return this.#streams.whenIdle();
  }

  async #run(stream: string, command: ParkCommand, context: CommandContext, startsNew: boolean): Promise<Omit<ParkedOutcome, 'stream'>> {
    const outcome = await this.#streams.submit<'known'>(stream, {
      isFact: true,
      startsNew,
      decide: (state) => {
        const decision = decide(state, command);
        if (decision.kind === 'rejected') throw new RangeError(decision.rejection.message);
        if (decision.events.length === 0) return { kind: 'answer', answer: 'known' };
        return { kind: 'append', events: decision.events.map((event) => withMetadata(event, context, this.options.producer)) };
      },
    });
    if (outcome.kind === 'conflict') throw new Error('a fact is never given up');
    return { revision: outcome.revision ?? 0n, position: outcome.position, isNew: outcome.kind === 'appended' };
  }
}
