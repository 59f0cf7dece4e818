import type { Rejection } from '../domain/decider.js';
import type { CommandHandler } from '../eventstore/commands.js';
import type { EventStore, Position, RecordedEvent } from '../eventstore/event-store.js';
import type { Queryable } from '../projections/checkpoint.js';

/*
 * A policy reacts to events with commands. It is data: its name, the streams it reads, and how it reacts to one event. It is
 * given the events in the order of `$all`, each at least once, and its commands are keyed by what caused them, so that each
 * reaction counts once. What it must remember it keeps in tables of its own.
 */

/** What a policy works with. It never sees the stores themselves. */
export interface PolicyTools {
  readonly store: EventStore;
  readonly handler: CommandHandler;
  /** The time as ISO-8601 text in UTC: when a reaction is made. */
  readonly now: () => string;
}

/** What became of a policy's reactions to a batch. */
export interface ReactionLog {
  /** A reaction is in the store, its last event at this position. */
  appended(position: Position): void;
  /** A reaction was refused: it is recorded with its reason, and the policy goes on. */
  setAside(stream: string, position: Position, rejection: Pick<Rejection, 'message'>): void;
}

/** A batch of events that is being reacted to, one event after the other. */
export interface PolicyBatch {
  /** Throws where the reaction could not be appended now: it is then given the event again. */
  react(event: RecordedEvent): Promise<void>;
}

export interface Reactor {
  /**
   * Begins a batch: what can be read and remembered for all of its events at once is. A reaction that may take long ends early
   * where the signal is aborted, by throwing.
   */
  openBatch(client: Queryable, events: readonly RecordedEvent[], log: ReactionLog, signal: AbortSignal): Promise<PolicyBatch>;
}

export interface Policy {
  /** The name of its checkpoint: `policy:` and lower-case words with dashes. */
  readonly name: string;
  /** Of what it remembers: with another one than the checkpoint's, the policy begins anew. */
  readonly version: number;
  /** Its tables: emptied where it begins anew. */
  readonly tables: readonly string[];
  /**
   * Whether a batch is given the transaction that moves the checkpoint. Where it is not, what it remembers must be right
   * whether or not the checkpoint moves, and no transaction is open while the store is waited for.
   */
  readonly isTransactional: boolean;
  /** It is given the events of streams whose names begin with one of these. */
  readonly streamPrefixes: readonly string[];
  open(tools: PolicyTools): Reactor;
}
