import type { NewEvent } from '../domain/decider.js';
import type { AccountId } from '../domain/ids.js';
import type { CommandContext, EventMetadata } from '../domain/metadata.js';
import { EVENT_VERSIONS } from './upcasters.js';

/**
 * Gives an event that a decider made the metadata of its command. `accountId` is that of the stream where it has one: account
 * and tenant never change on a stream.
 */
export function withMetadata<Event extends NewEvent>(
  event: Event,
  { correlationId, causationId, ...context }: CommandContext,
  producer: string,
  accountId: AccountId = context.accountId,
): Event & { readonly metadata: EventMetadata } {
  const metadata: EventMetadata = {
    schemaVersion: EVENT_VERSIONS.currentVersion(event.type),
    $correlationId: correlationId,
    $causationId: causationId,
    ...context,
    accountId,
    producer,
  };
  return { ...event, metadata };
}

/** The command's context again from the metadata of an event that it made. */
export function contextFrom(metadata: EventMetadata): CommandContext {
  return {
    tenantId: metadata.tenantId,
    accountId: metadata.accountId,
    actor: metadata.actor,
    source: metadata.source,
    ...(metadata.sourceEventId === undefined ? {} : { sourceEventId: metadata.sourceEventId }),
    ...(metadata.sourceDigest === undefined ? {} : { sourceDigest: metadata.sourceDigest }),
    commandKey: metadata.commandKey,
    commandDigest: metadata.commandDigest,
    correlationId: metadata.$correlationId,
    causationId: metadata.$causationId,
    occurredAt: metadata.occurredAt,
    receivedAt: metadata.receivedAt,
    tradingDay: metadata.tradingDay,
  };
}
