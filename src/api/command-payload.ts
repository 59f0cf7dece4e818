import type { CommandResult } from '../eventstore/commands.js';
import { builder } from './builder.js';
import type { InputNames, UserError } from './errors.js';
import { rejectionError } from './errors.js';

/** What became of a command, as a mutation answers it. */
export interface CommandOutcome {
  readonly outcome: 'applied' | 'duplicate' | 'parked' | 'rejected';
  readonly id: string | undefined;
  readonly position: bigint | undefined;
  readonly revision: bigint | undefined;
  readonly eventCount: number;
  readonly errors: readonly UserError[];
}

export const refused = (errors: readonly UserError[]): CommandOutcome => ({
  outcome: 'rejected',
  id: undefined,
  position: undefined,
  revision: undefined,
  eventCount: 0,
  errors,
});

/** What a mutation answers; a rejection by the names that the input has for it. */
export function outcomeOf(result: CommandResult, names: InputNames = {}): CommandOutcome {
  switch (result.kind) {
    case 'applied':
      return { outcome: 'applied', id: result.id, position: result.position, revision: result.revision, eventCount: result.eventCount, errors: [] };
    case 'duplicate':
      return { outcome: 'duplicate', id: result.id, position: result.position, revision: result.revision, eventCount: 0, errors: [] };
    case 'parked':
      return { outcome: 'parked', id: undefined, position: result.position, revision: undefined, eventCount: 1, errors: [] };
    case 'rejected':
      return refused([rejectionError(result.rejection, names)]);
  }
}

const userErrorRef = builder.objectRef<UserError>('UserError').implement({
  description: 'Why an input was refused.',
  fields: (t) => ({
    code: t.exposeString('code', { description: 'Stable: BAD_USER_INPUT, FORBIDDEN, UNAVAILABLE, or the domain\'s own, such as IDEMPOTENCY_KEY_REUSED.' }),
    message: t.exposeString('message'),
    field: t.string({ nullable: true, description: 'The input at fault, as a path: `terms.price`.', resolve: (error) => error.field ?? null }),
  }),
});

const outcomeEnum = builder.enumType('Outcome', {
  values: {
    APPLIED: { value: 'applied', description: 'Events were recorded; `position` is that of the last one.' },
    DUPLICATE: { value: 'duplicate', description: 'It had been applied before: nothing new was recorded.' },
    PARKED: { value: 'parked', description: 'A fact whose order is not known: it is kept, and taken up when the order appears.' },
    REJECTED: { value: 'rejected', description: 'Nothing was recorded: see `errors`.' },
  } as const,
});

const commandPayload = builder.interfaceRef<CommandOutcome>('CommandPayload').implement({
  description: 'What became of a command.',
  fields: (t) => ({
    outcome: t.expose('outcome', { type: outcomeEnum }),
    duplicate: t.boolean({ description: 'It had been applied before.', resolve: ({ outcome }) => outcome === 'duplicate' }),
    position: t.field({
      type: 'LogPosition',
      nullable: true,
      description: 'Of the last event that it made, or of its stream\'s newest one for a duplicate: give it to a query as `waitFor`.',
      resolve: ({ position }) => position ?? null,
    }),
    revision: t.field({ type: 'Revision', nullable: true, resolve: ({ revision }) => revision ?? null }),
    eventCount: t.exposeInt('eventCount', { description: 'How many events it made.' }),
    errors: t.field({ type: [userErrorRef], complexity: { field: 1, multiplier: 1 }, resolve: ({ errors }) => [...errors] }),
  }),
});

export const orderPayload = builder.objectRef<CommandOutcome>('OrderCommandPayload').implement({
  interfaces: [commandPayload],
  isTypeOf: () => true,
  fields: (t) => ({ orderId: t.id({ nullable: true, resolve: ({ id }) => id ?? null }) }),
});

export const positionPayload = builder.objectRef<CommandOutcome>('PositionCommandPayload').implement({
  interfaces: [commandPayload],
  isTypeOf: () => true,
  fields: (t) => ({ positionId: t.id({ nullable: true, resolve: ({ id }) => id ?? null }) }),
});
