import type { Rejection } from '../domain/decider.js';
import type { PositionId } from '../domain/ids.js';
import type { CommandContext } from '../domain/metadata.js';
import type { PositionCommand } from '../domain/position/commands.js';
import { positionDecider } from '../domain/position/decider.js';
import type { PositionEventBody } from '../domain/position/events.js';
import type { PositionState } from '../domain/position/state.js';
import { Aggregate } from './aggregate.js';
import { decodePositionEvent } from './codec.js';
import type { CommandResult } from './commands.js';
import type { EventStore } from './event-store.js';
import { positionStream } from './identity.js';
import { withMetadata } from './new-metadata.js';
import { CONFLICT } from './order-streams.js';

const NOT_FOUND: Rejection = { code: 'not_found', message: 'there is no such position' };

/** Commands of policies: they say what has happened, so they are not refused and retry until they are in. */
const FACTS: ReadonlySet<PositionCommand['kind']> = new Set<PositionCommand['kind']>(['RecordFill', 'EndTarget', 'AttachTargetOrder', 'SizeClosingOrder', 'EndClose']);
const isFact = ({ kind }: PositionCommand): boolean => FACTS.has(kind);

type PositionAnswer = { readonly kind: 'duplicate' } | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** The streams of positions. */
export class Positions {
  readonly #positions: Aggregate<PositionState, PositionEventBody>;

  constructor(private readonly options: { readonly store: EventStore; readonly producer: string; readonly cacheSize: number; readonly factGiveUpAfterMs: number }) {
    this.#positions = new Aggregate<PositionState, PositionEventBody>({ ...options, decider: positionDecider, decode: decodePositionEvent });
  }

  /** Decides a command. Everything but OpenPosition is rejected as not found where the account has no such position. */
  async decide(id: PositionId, command: PositionCommand, context: CommandContext): Promise<CommandResult> {
    const opens = command.kind === 'OpenPosition';
    const stream = positionStream(id);
    const outcome = await this.#positions.submit<PositionAnswer>(stream, {
      isFact: isFact(command),
      startsNew: opens,
      decide: (state) => {
        if (isHidden(state, command, context)) return { kind: 'answer', answer: { kind: 'rejected', rejection: NOT_FOUND } };
        const decision = positionDecider.decide(state, command);
        if (decision.kind === 'rejected') return { kind: 'answer', answer: decision };
        if (decision.events.length === 0) return { kind: 'answer', answer: { kind: 'duplicate' } };
        return { kind: 'append', events: decision.events.map((event) => withMetadata(event, context, this.options.producer, state.accountId)) };
      },
    });
    if (outcome.kind === 'conflict') return { kind: 'rejected', rejection: CONFLICT };
    if (outcome.kind === 'appended') {
      return { kind: 'applied', stream, id, revision: outcome.revision, position: outcome.position, eventCount: outcome.eventCount };
    }
    if (outcome.answer.kind === 'rejected') return outcome.answer;
    return { kind: 'duplicate', stream, id, revision: outcome.revision ?? 0n, position: outcome.position };
  }

  whenIdle(): Promise<void> {
    return this.#positions.whenIdle();
  }
}

/** Nobody learns of another tenant's or account's position; what policies say is held to the tenant alone. */
function isHidden(state: PositionState, command: PositionCommand, context: CommandContext): boolean {
  if (!state.exists) return command.kind !== 'OpenPosition';
  return state.tenantId !== context.tenantId || (!isFact(command) && state.accountId !== context.accountId);
}
