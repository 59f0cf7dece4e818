import type { DomainEvent } from '../domain/decider.js';
import { commandKey } from '../domain/ids.js';
import type { AccountId, TenantId } from '../domain/ids.js';
import type { CommandContext } from '../domain/metadata.js';
import { digestOf } from '../eventstore/digest.js';
import type { RecordedEvent } from '../eventstore/event-store.js';

/** An event that a policy reacts to: as it was read, and what it says. */
export interface Cause<Event extends DomainEvent = DomainEvent> {
  readonly recorded: RecordedEvent;
  readonly event: Event;
}

export interface ReactionKey {
  readonly policy: string;
  /** The stream that the reaction goes to. */
  readonly stream: string;
  /** What caused it within that stream: an execution's version, or an event's id and what is done. */
  readonly what: string;
  /** Of the reaction: two with one digest are the same. */
  readonly economic: unknown;
}

/** When what the reaction records happened in the market; the cause's own time where it is not given. */
export interface MarketTime {
  readonly occurredAt: string;
  readonly tradingDay: string;
}

/** The owner of the stream that a reaction goes to. */
export interface Owner {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
}

/**
 * The context of a reaction: it belongs to the workflow of its cause, and its key follows from the cause alone, so that it is
 * the same whoever sends it, and however often.
 */
export function reactionContext({ recorded, event }: Cause, owner: Owner, key: ReactionKey, receivedAt: string, time: MarketTime = event.metadata): CommandContext {
  return {
    tenantId: owner.tenantId,
    accountId: owner.accountId,
    actor: key.policy,
    source: { name: 'fillbook' },
    commandKey: commandKey(`${key.policy}/${key.stream}/${key.what}`),
    commandDigest: digestOf(key.economic),
    correlationId: event.metadata.$correlationId,
    causationId: recorded.id,
    occurredAt: time.occurredAt,
    receivedAt,
    tradingDay: time.tradingDay,
  };
}
