import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type { Digest } from '../../src/domain/ids.js';
import type { OrderEventBody, OrderEventType } from '../../src/domain/order/events.js';
import type { ChainMetadata, EventMetadata } from '../../src/domain/metadata.js';
import type { PositionEventBody, PositionEventType } from '../../src/domain/position/events.js';
import { assertValidEvent, decodeEvent, decodeOrderEvent, EVENT_TYPES } from '../../src/eventstore/codec.js';
import { canonicalJson, digestOf } from '../../src/eventstore/digest.js';
import { InvalidEventError, UndecodableEventError } from '../../src/eventstore/errors.js';
import type { RecordedEvent } from '../../src/eventstore/event-store.js';
import type { INGEST_SCHEMAS, IngestEventBody, IngestEventType } from '../../src/eventstore/schemas/ingest-schemas.js';
import type { eventMetadata, storedMetadata } from '../../src/eventstore/schemas/metadata-schema.js';
import type { ORDER_SCHEMAS } from '../../src/eventstore/schemas/order-schemas.js';
import type { POSITION_SCHEMAS } from '../../src/eventstore/schemas/position-schemas.js';
import { EVENT_VERSIONS, upcasterRegistry } from '../../src/eventstore/upcasters.js';
import { executionOf, metadataOf } from '../support/events.js';
import { sampleEvents } from '../support/sample-events.js';

/** A type without `readonly`, all the way down: zod infers none. */
type Mutable<T> = T extends string | number | boolean | undefined ? T : T extends readonly (infer Item)[] ? Mutable<Item>[] : { -readonly [Key in keyof T]: Mutable<T[Key]> };
type Inferred<Schemas, Type extends keyof Schemas> = Schemas[Type] extends z.ZodType ? Mutable<z.infer<Schemas[Type]>> : never;
type InferredAll<Schemas> = { [Type in keyof Schemas]: Inferred<Schemas, Type> };
type DomainAll<Body extends { type: string; data: unknown }, Type extends string> = { [T in Type]: Mutable<Extract<Body, { type: T }>['data']> };

const CHAIN = { hashAlgorithm: 'sha-256', prevHash: '0'.repeat(64), hash: '1'.repeat(64) };

const recordedFrom = (type: string, data: unknown, metadata: object = metadataOf()): RecordedEvent => ({
  stream: 'order-1',
  revision: 7n,
  position: 700n,
  id: '00000000-0000-4000-8000-000000000000',
  type,
  data,
  metadata: { ...metadata, ...CHAIN },
  recordedAt: '2026-11-20T00:00:00.000Z',
});

describe('the schemas of events', () => {
  it('have exactly the types of the domain', () => {
    expectTypeOf<InferredAll<typeof ORDER_SCHEMAS>>().toEqualTypeOf<DomainAll<OrderEventBody, OrderEventType>>();
    expectTypeOf<InferredAll<typeof POSITION_SCHEMAS>>().toEqualTypeOf<DomainAll<PositionEventBody, PositionEventType>>();
    expectTypeOf<InferredAll<typeof INGEST_SCHEMAS>>().toEqualTypeOf<DomainAll<IngestEventBody, IngestEventType>>();
    expectTypeOf<Mutable<z.infer<typeof eventMetadata>>>().toEqualTypeOf<Mutable<EventMetadata>>();
    expectTypeOf<Mutable<z.infer<typeof storedMetadata>>>().toEqualTypeOf<Mutable<EventMetadata & ChainMetadata>>();
  });

  it('given a sample of every type, with all optional fields and with none, then it is written and read back as it is', () => {
    expect([...new Set(sampleEvents().map(({ type }) => type))].sort()).toEqual([...EVENT_TYPES].sort());
    for (const { type, data } of sampleEvents()) {
      expect(() => assertValidEvent({ type, data }, metadataOf())).not.toThrow();
      const stored: unknown = JSON.parse(JSON.stringify(data));
      expect(decodeEvent(recordedFrom(type, stored)).data).toEqual(data);
    }
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const execution = (changes: object) => ({ refs: {}, execution: { ...executionOf('e1'), ...changes } });

describe('an event that is not what its type says', () => {
  it.each([
    ['a missing field', { refs: {} }, 'data.execution'],
    ['a field that is not in the contract', { ...execution({}), note: 1 }, 'data'],
    ['an optional field that is there and undefined', execution({ venue: undefined }), 'data.execution.venue'],
    ['a decimal that is not canonical', execution({ lastQty: '10.0' }), 'data.execution.lastQty'],
    ['a negative quantity', execution({ lastQty: '-1' }), 'data.execution.lastQty'],
    ['minus zero', execution({ lastPx: '-0' }), 'data.execution.lastPx'],
    ['a number for a decimal', execution({ lastPx: 10.5 }), 'data.execution.lastPx'],
    ['a decimal over the limit', execution({ lastPx: '1'.repeat(100) }), 'data.execution.lastPx'],
    ['a NUL', execution({ venue: 'a\u0000b' }), 'data.execution.venue'],
    ['half of a surrogate pair', execution({ venue: '\ud83d' }), 'data.execution.venue'],
    ['text that is too long', execution({ venue: 'x'.repeat(201) }), 'data.execution.venue'],
    ['an empty id', execution({ execId: '' }), 'data.execution.execId'],
    ['a value that is none of the allowed', execution({ side: 'BUY' }), 'data.execution.side'],
    ['too many fees', execution({ fees: Array.from({ length: 21 }, () => ({ amount: '1', currency: 'USD' })) }), 'data.execution.fees'],
  ])('given %s, then it is refused on write and on read, with the field', (_, data, field) => {
    const onWrite = thrownBy(() => assertValidEvent({ type: 'ExecutionRecorded', data }, metadataOf()));
    const onRead = thrownBy(() => decodeEvent(recordedFrom('ExecutionRecorded', data)));
    expect(onWrite).toBeInstanceOf(InvalidEventError);
    expect(onRead).toBeInstanceOf(UndecodableEventError);
    for (const error of [onWrite, onRead]) expect(error).toMatchObject({ eventType: 'ExecutionRecorded', field });
  });

  it('given a whole emoji, then that is text like any other', () => {
    expect(() => assertValidEvent({ type: 'ExecutionRecorded', data: execution({ venue: '😀' }) }, metadataOf())).not.toThrow();
  });

  it.each([
    ['occurredAt', '2026-11-20 14:30:00'],
    ['occurredAt', '2026-11-20T14:30:00+01:00'],
    ['tradingDay', '20261120'],
    ['commandDigest', 'ABC'],
    ['commandKey', ''],
    ['tenantId', 'a\u0000'],
  ])('given %s %j in the metadata, then it is refused with the field', (field, value) => {
    const metadata: EventMetadata = { ...metadataOf(), [field]: value };
    expect(() => assertValidEvent({ type: 'OrderAccepted', data: { refs: {} } }, metadata)).toThrow(expect.objectContaining({ field: `metadata.${field}` }));
  });

  it('given a type that nobody knows, or one of another stream, then the error says so', () => {
    expect(() => assertValidEvent({ type: 'Unheard', data: {} }, metadataOf())).toThrow(/Unheard: type is not a type/);
    expect(() => decodeOrderEvent(recordedFrom('StoreCreated', { storeId: '00000000-0000-4000-8000-000000000000' }))).toThrow(/not an event of an order/);
  });

  it('given metadata that is not JSON or has no chain, then the error names the field', () => {
    const bare = { ...recordedFrom('OrderAccepted', { refs: {} }), metadata: undefined };
    expect(() => decodeEvent(bare)).toThrow(/at revision 7 of order-1: metadata/);
  });
});

const inVersion = (schemaVersion: number, data: unknown) => recordedFrom('ParkedFactTakenUp', data, { ...metadataOf(), schemaVersion });
const unchanged = (data: unknown): unknown => data;

describe('schema versions', () => {
  const versions = upcasterRegistry([
    { type: 'ParkedFactTakenUp', fromVersion: 1, upcast: (data) => ({ ...(typeof data === 'object' ? data : {}), factKey: 'from v1' }) },
    { type: 'ParkedFactTakenUp', fromVersion: 2, upcast: (data) => ({ ...(typeof data === 'object' ? data : {}), orderId: '11111111-1111-5111-8111-111111111111' }) },
  ]);

  it('given an event of an old version, then it is upcast step by step, and its metadata still says what was stored', () => {
    const decoded = decodeEvent(inVersion(1, {}), versions);
    expect(decoded.data).toEqual({ factKey: 'from v1', orderId: '11111111-1111-5111-8111-111111111111' });
    expect(decoded.metadata.schemaVersion).toBe(1);
    expect(decodeEvent(inVersion(2, { factKey: 'own' }), versions).data).toMatchObject({ factKey: 'own' });
  });

  it('given an event of a newer version than the program knows, then that is the error', () => {
    expect(() => decodeEvent(inVersion(4, {}), versions)).toThrow(/metadata.schemaVersion is 4, newer than this program knows \(3\)/);
    expect(() => decodeEvent(inVersion(2, {}))).toThrow(/newer than this program knows \(1\)/);
  });

  it('given upcasters with a gap or one version twice, then the registry cannot be built', () => {
    expect(() => upcasterRegistry([{ type: 'A', fromVersion: 2, upcast: unchanged }])).toThrow(RangeError);
    expect(() => upcasterRegistry([1, 1].map((fromVersion) => ({ type: 'A', fromVersion, upcast: unchanged })))).toThrow(RangeError);
  });
});

/** The keys and kinds of a value, without its content: what may not change under one version. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => shapeOf(item));
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]));
}

describe('golden files: what was written once is read for ever', () => {
  const folder = new URL('../fixtures/events/', import.meta.url);
  const goldens = readdirSync(folder).map((name) => ({ name, events: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as readonly { data: unknown }[] }));

  it('given every type, then there is a golden file of each of its versions, and of no other', () => {
    const expected = EVENT_TYPES.flatMap((type) => Array.from({ length: EVENT_VERSIONS.currentVersion(type) }, (_, index) => `${type}.v${index + 1}.json`));
    expect(goldens.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it.each(goldens)('given the stored events of $name, then each is still read', ({ name, events }) => {
    const [type = '', version = ''] = name.split('.');
    expect(events.length).toBeGreaterThan(0);
    for (const { data } of events) {
      const metadata = { ...metadataOf(), schemaVersion: Number(version.slice(1)) };
      expect(() => decodeEvent(recordedFrom(type, data, metadata))).not.toThrow();
    }
  });

  it('given what the program writes today, then it has the shape of the golden file of its version: a new shape is a new version', () => {
    const written = new Map<string, unknown[]>();
    for (const { type, data } of sampleEvents()) written.set(type, [...(written.get(type) ?? []), shapeOf(data)]);
    for (const [type, shapes] of written) {
      const name = `${type}.v${EVENT_VERSIONS.currentVersion(type)}.json`;
      const golden = goldens.find((file) => file.name === name);
      expect({ type, shapes: golden?.events.map(({ data }) => shapeOf(data)) }).toEqual({ type, shapes });
    }
  });
});

describe('canonical JSON', () => {
  it('given the examples of RFC 8785, then the text is that of the standard', () => {
    expect(canonicalJson({ numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001], string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] })).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    expect(canonicalJson({ '\u20ac': 'Euro Sign', '\r': 'Carriage Return', '\ufb33': 'Hebrew Letter Dalet With Dagesh', '1': 'One', '\ud83d\ude00': 'Emoji: Grinning Face', '\u0080': 'Control', '\u00f6': 'Latin Small Letter O With Diaeresis' })).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  it('given keys in another order, then the digest is the same; given no JSON, then it is refused', () => {
    expectTypeOf(digestOf({})).toEqualTypeOf<Digest>();
    expect(digestOf({ a: 1, b: [2, { d: 4, c: 3 }] })).toBe(digestOf({ b: [2, { c: 3, d: 4 }], a: 1 }));
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('NaN is not allowed');
  });
});
