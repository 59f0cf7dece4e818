import { accountId, commandKey, tenantId } from '../domain/ids.js';
import type { CommandContext, Source } from '../domain/metadata.js';
import { digestOf, sha256Hex } from '../eventstore/digest.js';

/** Longer scoped ids are replaced by their digest: a command key has a limit. */
const MAX_SCOPED_ID_LENGTH = 250;

/** What an adapter knows of where and when one message was said. */
export interface FactOrigin {
  readonly tenant: string;
  readonly account: string;
  readonly actor: string;
  readonly importId: string;
  readonly receivedAt: string;
  readonly source: Source;
  /** The source's id of the message, scoped so far that it is unique within the source. */
  readonly scopedId: readonly string[];
  readonly occurredAt: string;
  readonly tradingDay: string;
  /** The message without what differs between its copies (sequence and time of sending, transport). */
  readonly message: unknown;
  /** What the message says economically: the same id with another digest of this is a conflict. */
  readonly economic: unknown;
}

const escapePart = (part: string): string => part.replaceAll('%', '%25').replaceAll('/', '%2F');

/** One text for several parts, such that different parts never give the same text. */
const scopedText = (parts: readonly string[]): string => parts.map((part) => escapePart(part)).join('/');

/** The context of a fact's command: key `fact:<source>:<scoped id>`, digests over the canonical JSON (RFC 8785). */
export function factContext(origin: FactOrigin): CommandContext {
  const scoped = scopedText(origin.scopedId);
  const sourceEventId = scoped.length > MAX_SCOPED_ID_LENGTH ? sha256Hex(scoped) : scoped;
  return {
    tenantId: tenantId(origin.tenant),
    accountId: accountId(origin.account),
    actor: origin.actor,
    source: origin.source,
    sourceEventId,
    sourceDigest: digestOf(origin.message),
    commandKey: commandKey(`fact:${origin.source.name}:${sourceEventId}`),
    commandDigest: digestOf(origin.economic),
    correlationId: origin.importId,
    causationId: origin.importId,
    occurredAt: origin.occurredAt,
    receivedAt: origin.receivedAt,
    tradingDay: origin.tradingDay,
  };
}
