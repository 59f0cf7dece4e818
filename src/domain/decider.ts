import type { EventMetadata } from './metadata.js';

/** An event as a decider makes it: what happened, without the envelope that the command's context adds. */
export interface NewEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** An event as it is folded: with the metadata that order of facts, keys and accounts are read from. */
export interface DomainEvent<Type extends string = string, Data = unknown> extends NewEvent<Type, Data> {
  readonly metadata: EventMetadata;
}

/** Why an intent was refused: a value, never thrown. `field` names the input at fault where one is. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
}

export type Decision<Event> =
  | { readonly kind: 'accepted'; readonly events: readonly Event[] }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

export const accept = <Event>(...events: readonly Event[]): Decision<Event> => ({ kind: 'accepted', events });
export const reject = (code: string, message: string, field?: string): Decision<never> => ({
  kind: 'rejected',
  rejection: field === undefined ? { code, message } : { code, message, field },
});

/** The three pure parts of an aggregate. No clock, no randomness, no I/O; bugs throw, refusals are values. */
export interface Decider<State, Command, Event extends NewEvent> {
  readonly initialState: State;
  evolve(state: State, event: Event & { readonly metadata: EventMetadata }): State;
  decide(state: State, command: Command): Decision<Event>;
}
