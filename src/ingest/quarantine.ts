import { accountId, commandKey, tenantId } from '../domain/ids.js';
import type { DomainEvent } from '../domain/decider.js';
import type { EventMetadata } from '../domain/metadata.js';
import { CHAIN_START, seal, storedHash } from '../eventstore/chain.js';
import { assertValidEvent } from '../eventstore/codec.js';
import { digestOf, sha256Hex } from '../eventstore/digest.js';
import type { AppendOutcome, EventStore, Position, RecordedEvent } from '../eventstore/event-store.js';
import { quarantineStream } from '../eventstore/identity.js';
import type { ImportFlags } from './adapter.js';
import type { LineQuarantined, QuarantinedLineReplayed } from '../eventstore/side-events.js';
import { DEFAULT_ACCOUNT } from './flags.js';
import { delimiterOfFlags } from './csv-columns.js';
import { withoutSecrets } from './secrets.js';

/** The longest content that is kept, in UTF-16 units. A line that long was cut, so it cannot be parsed again. */
export const MAX_CONTENT_LENGTH = 100_000;
const MAX_REASON_LENGTH = 500;
const MAX_NAME_LENGTH = 200;
const MAX_ORIGIN_LENGTH = 255;

export interface BadLine {
  /** Name of the file without its folder, or of the feed. */
  readonly origin: string;
  readonly lineNumber: number;
  readonly format: string;
  readonly field: string | undefined;
  readonly reason: string;
  readonly content: string;
  readonly flags: ImportFlags;
}

/** Who writes into the quarantine, and on which occasion. */
export interface QuarantineWriter {
  readonly store: EventStore;
  readonly producer: string;
  readonly importId: string;
  readonly now: () => string;
}

/** Postgres cannot keep a NUL, nor UTF-8 half of a surrogate pair: both are shown instead of stored. */
const storable = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replaceAll('\0', '\u2400').replaceAll(/\p{Surrogate}/gu, '\uFFFD');

function metadataOf(writer: QuarantineWriter, flags: ImportFlags, source: string, key: string, content: unknown, causationId: string): EventMetadata {
  const at = writer.now();
  return {
    schemaVersion: 1,
    $correlationId: writer.importId,
    $causationId: causationId,
    tenantId: tenantId(flags['tenant'] ?? 'default'),
    accountId: accountId(flags['account'] ?? DEFAULT_ACCOUNT),
    actor: flags['actor'] ?? 'import',
    source: { name: source },
    commandKey: commandKey(key),
    commandDigest: digestOf(content),
    occurredAt: at,
    receivedAt: at,
    tradingDay: at.slice(0, 10),
    producer: writer.producer,
  };
}

async function appendOne(
  store: EventStore,
  stream: string,
  after: RecordedEvent | undefined,
  event: (LineQuarantined | QuarantinedLineReplayed) & DomainEvent,
): Promise<AppendOutcome> {
  assertValidEvent(event, event.metadata);
  const head = after === undefined ? CHAIN_START : (storedHash(after) ?? CHAIN_START);
  const revision = after === undefined ? 0n : after.revision + 1n;
  return store.append(stream, after === undefined ? 'no_stream' : after.revision, seal(stream, revision, head, [event]).events);
}

/**
 * Keeps a line that could not be parsed, without credentials. The same line of the same origin has one stream, so quarantining it again changes
 * nothing: then the answer is undefined, else the position of its event.
 */
export async function quarantineLine(writer: QuarantineWriter, line: BadLine): Promise<Position | undefined> {
  const { format, flags } = line;
  const source = flags['source'] ?? format;
  const origin = storable(line.origin, MAX_ORIGIN_LENGTH);
  const csv = format === 'csv' ? { delimiter: delimiterOfFlags(flags) } : undefined;
  const content = storable(withoutSecrets(line.content.slice(0, MAX_CONTENT_LENGTH), csv), MAX_CONTENT_LENGTH);
  const lineNumber = String(line.lineNumber);
  const data: LineQuarantined['data'] = {
    origin,
    line: lineNumber,
    format,
    ...(line.field === undefined || line.field === '' ? {} : { field: storable(line.field, MAX_NAME_LENGTH) }),
    reason: storable(line.reason, MAX_REASON_LENGTH),
    content,
    options: flags,
  };
  const key = `quarantine:${sha256Hex(JSON.stringify([source, origin, lineNumber, content]))}`;
  const metadata = metadataOf(writer, flags, source, key, { origin, line: lineNumber, content }, writer.importId);
  const stream = quarantineStream({ tenantId: metadata.tenantId, source, origin, line: lineNumber, content });
  const outcome = await appendOne(writer.store, stream, undefined, { type: 'LineQuarantined', data, metadata });
  return outcome.kind === 'appended' ? outcome.position : undefined;
}

/** Notes that a quarantined line was recorded after all; undefined where another process was first. */
export async function noteReplayed(writer: QuarantineWriter, quarantined: RecordedEvent, line: LineQuarantined['data'], facts: number): Promise<Position | undefined> {
  const { stream, id } = quarantined;
  const metadata = metadataOf(writer, line.options, line.options['source'] ?? line.format, `replayed:${stream}`, { facts }, id);
  const outcome = await appendOne(writer.store, stream, quarantined, { type: 'QuarantinedLineReplayed', data: { facts }, metadata });
  return outcome.kind === 'appended' ? outcome.position : undefined;
}
