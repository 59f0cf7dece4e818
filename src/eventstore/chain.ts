import { digest } from '../domain/ids.js';
import type { Digest } from '../domain/ids.js';
import type { DomainEvent } from '../domain/decider.js';
import { canonicalJson, sha256Hex } from './digest.js';
import type { RecordedEvent, SealedEvent } from './event-store.js';
import { eventIdOf } from './identity.js';

/*
 * The hash chain of a stream: an event's hash is SHA-256 over the canonical JSON (RFC 8785) of stream, revision, id, type, data
 * and metadata, in which stands the hash of the event before. It proves order and content within a stream.
 */

/** The `prevHash` of a stream's first event. */
export const CHAIN_START: Digest = digest('0'.repeat(64));
const HASH_ALGORITHM = 'sha-256';

/** What a seal covers besides data and metadata. */
interface SealedPlace {
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
  readonly type: string;
}

/**
 * RFC 8785 text of the sealed object, put together from the canonical texts of its two large parts, so that they are made
 * once: its keys are sorted, as the standard wants them.
 */
const sealedText = ({ stream, revision, id, type }: SealedPlace, data: string, metadata: string): string =>
  `{"data":${data},"id":${JSON.stringify(id)},"metadata":${metadata},"revision":"${revision}","stream":${JSON.stringify(stream)},"type":${JSON.stringify(type)}}`;

/** Events ready to be appended, and the hash that the next event of the stream follows. */
export interface Sealed {
  readonly events: readonly SealedEvent[];
  readonly head: Digest;
}

/**
 * Gives new events their ids (ADR 2) and their places in the chain. `firstRevision` is that of the first of them, `prevHash`
 * the hash of the stream's newest event, `CHAIN_START` where there is none.
 */
export function seal(stream: string, firstRevision: bigint, prevHash: Digest, events: readonly DomainEvent[]): Sealed {
  const sealed: SealedEvent[] = [];
  const eventsOfCommand = new Map<string, number>();
  let head = prevHash;
  let revision = firstRevision;
  for (const { type, data, metadata } of events) {
    const index = eventsOfCommand.get(metadata.commandKey) ?? 0;
    eventsOfCommand.set(metadata.commandKey, index + 1);
    const linked = { ...metadata, hashAlgorithm: HASH_ALGORITHM, prevHash: head } as const;
    const [dataText, metadataText] = [canonicalJson(data), canonicalJson(linked)];
    const content = sha256Hex(`{"data":${dataText},"metadata":${metadataText},"type":${JSON.stringify(type)}}`);
    const id = eventIdOf(stream, metadata.commandKey, index, content);
    head = sha256Hex(sealedText({ stream, revision, id, type }, dataText, metadataText));
    sealed.push({ id, type, data, metadata: { ...linked, hash: head } });
    revision += 1n;
  }
  return { events: sealed, head };
}

/** What a walk over a stream found: where its chain breaks first, and why. */
export type ChainVerdict =
  | { readonly kind: 'intact'; readonly events: bigint; readonly head: Digest }
  | { readonly kind: 'broken'; readonly revision: bigint; readonly eventId: string; readonly reason: string };

/** The chain's part of stored metadata, as it stands there. */
interface StoredChain {
  readonly hashAlgorithm: unknown;
  readonly prevHash: unknown;
  readonly hash: unknown;
  readonly sealed: Readonly<Record<string, unknown>>;
}

function chainOf(metadata: unknown): StoredChain | undefined {
  if (typeof metadata !== 'object' || metadata === null || !('hash' in metadata)) return undefined;
  const { hash, ...sealed } = metadata;
  const { hashAlgorithm, prevHash }: { hashAlgorithm?: unknown; prevHash?: unknown } = sealed;
  return { hash, hashAlgorithm, prevHash, sealed };
}

/** The hash of an event as it was read, from the stored JSON; undefined where it has no chain. */
export function storedHash(event: RecordedEvent): Digest | undefined {
  const hash = chainOf(event.metadata)?.hash;
  return typeof hash === 'string' ? digest(hash) : undefined;
}

function flaw(event: RecordedEvent, stream: string, revision: bigint, head: Digest): string | undefined {
  if (event.stream !== stream) return `it belongs to the stream ${event.stream}`;
  if (event.revision !== revision) return `revision ${revision} is missing`;
  const chain = chainOf(event.metadata);
  if (!chain) return 'its metadata has no hash';
  if (chain.hashAlgorithm !== HASH_ALGORITHM) return `its hash algorithm is ${JSON.stringify(chain.hashAlgorithm)}, not ${HASH_ALGORITHM}`;
  if (chain.prevHash !== head) return 'its prevHash is not the hash of the event before it';
  const computed = sha256Hex(sealedText(event, canonicalJson(event.data), canonicalJson(chain.sealed)));
  return chain.hash === computed ? undefined : 'its content does not match its hash';
}

/**
 * Walks a stream from its first event on, over the stored JSON (before upcasting). Where `expectedHead` is known, a cut-off end
 * is found too; without it, a chain cannot tell that its last events are missing.
 */
export async function verifyChain(
  stream: string,
  events: AsyncIterable<RecordedEvent> | Iterable<RecordedEvent>,
  expectedHead?: Digest,
): Promise<ChainVerdict> {
  let [head, revision, lastId] = [CHAIN_START, 0n, ''];
  for await (const event of events) {
    const reason = flaw(event, stream, revision, head);
    if (reason !== undefined) return { kind: 'broken', revision: event.revision, eventId: event.id, reason };
    head = storedHash(event) ?? head;
    lastId = event.id;
    revision += 1n;
  }
  if (expectedHead !== undefined && head !== expectedHead) {
    return { kind: 'broken', revision, eventId: lastId, reason: 'the stream ends before the event whose hash is known' };
  }
  return { kind: 'intact', events: revision, head };
}
