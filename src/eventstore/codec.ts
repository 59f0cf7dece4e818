import type { z } from 'zod';
import type { DomainEvent, NewEvent } from '../domain/decider.js';
import type { ChainMetadata, EventMetadata } from '../domain/metadata.js';
import { isOrderEventType } from '../domain/order/events.js';
import type { OrderEvent } from '../domain/order/events.js';
import { isPositionEventType } from '../domain/position/events.js';
import type { PositionEvent } from '../domain/position/events.js';
import { InvalidEventError, UndecodableEventError } from './errors.js';
import type { RecordedEvent } from './event-store.js';
import { INGEST_SCHEMAS } from './schemas/ingest-schemas.js';
import type { IngestEventBody } from './schemas/ingest-schemas.js';
import { eventMetadata, storedMetadata } from './schemas/metadata-schema.js';
import { ORDER_SCHEMAS } from './schemas/order-schemas.js';
import { POSITION_SCHEMAS } from './schemas/position-schemas.js';
import { EVENT_VERSIONS } from './upcasters.js';
import type { UpcasterRegistry } from './upcasters.js';

/** The schema of every event type's data, in its current version. */
const SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>(
  Object.entries({ ...ORDER_SCHEMAS, ...POSITION_SCHEMAS, ...INGEST_SCHEMAS }),
);

/** The types of all events that the ledger writes. */
export const EVENT_TYPES: readonly string[] = [...SCHEMAS.keys()];

/** An event of the streams beside the ledger proper, with its metadata. */
export type IngestEvent = IngestEventBody & DomainEvent;
/** A decoded event: validated, in the current version of its type. */
export interface DecodedEvent extends DomainEvent {
  readonly metadata: EventMetadata & ChainMetadata;
}

/** The first thing that is wrong with a value, and where. */
interface Flaw {
  readonly field: string;
  readonly reason: string;
}

function flawOf(schema: z.ZodType, value: unknown, root: string): Flaw | undefined {
  const result = schema.safeParse(value);
  if (result.success) return undefined;
  const [issue] = result.error.issues;
  if (!issue) return { field: root, reason: 'is not valid' };
  return { field: [root, ...issue.path.map(String)].join('.'), reason: issue.message };
}

/**
 * Checks a new event before it is written. Throws an `InvalidEventError` that names the field and what is wrong with it.
 */
export function assertValidEvent({ type, data }: NewEvent, metadata: EventMetadata): void {
  const schema = SCHEMAS.get(type);
  if (!schema) throw new InvalidEventError(type, 'type', 'is not a type of event that the ledger knows');
  const flaw = flawOf(schema, data, 'data') ?? flawOf(eventMetadata, metadata, 'metadata');
  if (flaw) throw new InvalidEventError(type, flaw.field, flaw.reason);
}

/**
 * A stored event in the current version of its type, validated. Throws an `UndecodableEventError` that names event, field and
 * reason. `versions` is the program's registry of upcasters unless a test brings its own.
 */
export function decodeEvent(recorded: RecordedEvent, versions: UpcasterRegistry = EVENT_VERSIONS): DecodedEvent {
  const fail = ({ field, reason }: Flaw): never => {
    throw new UndecodableEventError(recorded.stream, recorded.revision, recorded.type, field, reason);
  };
  const schema = SCHEMAS.get(recorded.type) ?? fail({ field: 'type', reason: 'is not a type of event that this program knows' });
  const metadata = storedMetadata.safeParse(recorded.metadata);
  if (!metadata.success) return fail(flawOf(storedMetadata, recorded.metadata, 'metadata') ?? { field: 'metadata', reason: 'is not valid' });
  const version = metadata.data.schemaVersion;
  const current =
    versions.upcast(recorded.type, version, recorded.data) ??
    fail({ field: 'metadata.schemaVersion', reason: `is ${version}, newer than this program knows (${versions.currentVersion(recorded.type)})` });
  const flaw = flawOf(schema, current.data, 'data');
  if (flaw) fail(flaw);
  return { type: recorded.type, data: current.data, metadata: metadata.data };
}

// What `decodeEvent` returns has the data that its type's schema describes: these narrow it to the domain's types.
const isOrderEvent = (event: DomainEvent): event is OrderEvent => isOrderEventType(event.type);
const isPositionEvent = (event: DomainEvent): event is PositionEvent => isPositionEventType(event.type);
const isIngestEvent = (event: DomainEvent): event is IngestEvent => Object.hasOwn(INGEST_SCHEMAS, event.type);

function decodeAs<Event extends DomainEvent>(recorded: RecordedEvent, is: (event: DomainEvent) => event is Event, kind: string): Event {
  const event: DomainEvent = decodeEvent(recorded);
  if (is(event)) return event;
  throw new UndecodableEventError(recorded.stream, recorded.revision, recorded.type, 'type', `is not an event of ${kind}`);
}

/** As `decodeEvent`, for an event of an order's stream. */
export const decodeOrderEvent = (recorded: RecordedEvent): OrderEvent => decodeAs(recorded, isOrderEvent, 'an order');
/** As `decodeEvent`, for an event of a position's stream. */
export const decodePositionEvent = (recorded: RecordedEvent): PositionEvent => decodeAs(recorded, isPositionEvent, 'a position');
/** As `decodeEvent`, for an event of a parked, quarantine or genesis stream. */
export const decodeIngestEvent = (recorded: RecordedEvent): IngestEvent => decodeAs(recorded, isIngestEvent, 'a parked, quarantine or genesis stream');
