import type { AccountId, CommandKey, Digest, TenantId } from './ids.js';

/** Where a fact came from: broker or venue, its session, and its number within that session (FIX MsgSeqNum, tag 34). */
export interface Source {
  readonly name: string;
  readonly session?: string;
  /** A whole number as text: it may be larger than 2^53. */
  readonly sequence?: string;
}

/**
 * The metadata of every event, from the first one ever written: none of it can be added later. Times are ISO-8601 text
 * in UTC with the precision that their source gave (`2012-06-21T13:30:00.004241176Z`). The names that begin with `$`
 * are EventStoreDB's own, so that its tools follow them.
 */
export interface EventMetadata {
  readonly schemaVersion: number;
  /** The workflow: the id of what set everything off. */
  readonly $correlationId: string;
  /** The parent: the event or the command that this event follows from. */
  readonly $causationId: string;
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  /** An opaque id of who or what acted; never a name or an address. */
  readonly actor: string;
  readonly source: Source;
  /** The source's own id of the message, for example ExecID or `sender:target:seq`. */
  readonly sourceEventId?: string;
  /** Of the normalised source message. */
  readonly sourceDigest?: Digest;
  readonly commandKey: CommandKey;
  /** Of the command's economic fields: the same key with another digest is a conflict. */
  readonly commandDigest: Digest;
  /** Market time. */
  readonly occurredAt: string;
  /** When this process received the message. The store's own `created` is the recorded time. */
  readonly receivedAt: string;
  /** The venue's trading day, `YYYY-MM-DD`. */
  readonly tradingDay: string;
  /** Program and version that wrote the event, `fillbook/0.1.0`. */
  readonly producer: string;
}

/** The chain, added when events are sealed: see `src/eventstore/chain.ts`. */
export interface ChainMetadata {
  readonly hashAlgorithm: 'sha-256';
  /** The hash of the stream's event before, 64 zeros for its first. */
  readonly prevHash: Digest;
  readonly hash: Digest;
}

/** What the sender of a command knows, from which the metadata of its events is made. */
export interface CommandContext {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  readonly actor: string;
  readonly source: Source;
  readonly sourceEventId?: string;
  readonly sourceDigest?: Digest;
  readonly commandKey: CommandKey;
  readonly commandDigest: Digest;
  readonly correlationId: string;
  readonly causationId: string;
  readonly occurredAt: string;
  readonly receivedAt: string;
  readonly tradingDay: string;
}
