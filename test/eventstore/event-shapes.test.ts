import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commandKey } from '../../src/domain/ids.js';
import { verifyChain } from '../../src/eventstore/chain.js';
import { decodeEvent } from '../../src/eventstore/codec.js';
import { INGEST_SCHEMAS } from '../../src/eventstore/schemas/ingest-schemas.js';
import { eventMetadata, storedMetadata } from '../../src/eventstore/schemas/metadata-schema.js';
import { ORDER_SCHEMAS } from '../../src/eventstore/schemas/order-schemas.js';
import { POSITION_SCHEMAS } from '../../src/eventstore/schemas/position-schemas.js';
import { text } from '../../src/eventstore/schemas/values.js';
import { EVENT_VERSIONS, upcasterRegistry } from '../../src/eventstore/upcasters.js';
import { startTestLedger } from '../projections/ledger.js';
import type { TestLedger } from '../projections/ledger.js';
import { eventShape } from '../support/event-shape.js';
import { collected } from '../support/ledger.js';

/*
 * The shape of every event version is written down, a line a field. A shape that changes is a new version with an upcaster
 * (src/eventstore/upcasters.ts), whose shape is a file of its own; the old file stays as it is. Until the first release a shape
 * may change in place: then `npx vitest run test/eventstore/event-shapes.test.ts -u` writes the files anew, and the golden
 * events in test/fixtures/events are brought up to date by hand.
 */

const FOLDER = fileURLToPath(new URL('../fixtures/event-shapes/', import.meta.url));
const SCHEMAS: readonly (readonly [type: string, schema: z.ZodType])[] = Object.entries({ ...ORDER_SCHEMAS, ...POSITION_SCHEMAS, ...INGEST_SCHEMAS });
const fileOf = (type: string, version: number): string => `${type}.v${version}.txt`;
const isWritten = new Set(existsSync(FOLDER) ? readdirSync(FOLDER) : []);

describe('the shapes of stored events', () => {
  it('have a file for each version of each type, and for the metadata', () => {
    const versions = SCHEMAS.flatMap(([type]) => Array.from({ length: EVENT_VERSIONS.currentVersion(type) }, (_, index) => fileOf(type, index + 1)));
    expect([...isWritten].toSorted()).toEqual([...versions, 'eventMetadata.txt', 'storedMetadata.txt'].toSorted());
  });

  it.each(SCHEMAS)('of %s are what is written down for its version', async (type, schema) => {
    await expect(eventShape(schema)).toMatchFileSnapshot(`${FOLDER}${fileOf(type, EVENT_VERSIONS.currentVersion(type))}`);
  });

  it.each([['eventMetadata', eventMetadata], ['storedMetadata', storedMetadata]] as const)('of %s, which has no versions, never change', async (name, schema) => {
    await expect(eventShape(schema, 'metadata')).toMatchFileSnapshot(`${FOLDER}${name}.txt`);
  });
});

describe('a change of a shape', () => {
  const { AliasClaimed, OrderStopped, FactConflicted } = ORDER_SCHEMAS;
  const { FactParked } = INGEST_SCHEMAS;
  const side = z.strictObject({ side: z.enum(['buy', 'sell']), quantity: text(10), count: z.int().max(5) });

  it.each<[string, z.ZodType, z.ZodType]>([
    ['a field more', AliasClaimed, AliasClaimed.extend({ extra: text() })],
    ['an optional field more', AliasClaimed, AliasClaimed.extend({ extra: text().exactOptional() })],
    ['a field less', AliasClaimed, AliasClaimed.omit({ aliasKey: true })],
    ['a field that became optional', AliasClaimed, AliasClaimed.partial({ aliasKey: true })],
    ['a field deep inside', OrderStopped, OrderStopped.extend({ refs: OrderStopped.shape.refs.extend({ extra: text() }) })],
    ['a value more of an enumeration', side, side.extend({ side: z.enum(['buy', 'sell', 'short']) })],
    ['a value less of an enumeration', side, side.extend({ side: z.enum(['buy']) })],
    ['a longer text', side, side.extend({ quantity: text(11) })],
    ['a wider type', side, side.extend({ quantity: z.string() })],
    ['another limit of a number', side, side.extend({ count: z.int().max(6) })],
    ['fields that nobody knows let through', side, z.looseObject(side.shape)],
    ['a field more in a parked fact', FactParked, FactParked.extend({ fact: z.union([z.strictObject({ type: z.literal('OrderStopped'), data: OrderStopped.extend({ extra: text() }) })]) })],
    ['another type in a conflicting fact', FactConflicted, FactConflicted.extend({ fact: z.union([z.strictObject({ type: z.literal('OrderStopped'), data: OrderStopped })]) })],
    ['a field more in the metadata', eventMetadata, eventMetadata.extend({ extra: text().exactOptional() })],
    ['a field less in the metadata', storedMetadata, storedMetadata.omit({ producer: true })],
    ['another field of the source', eventMetadata, eventMetadata.extend({ source: eventMetadata.shape.source.omit({ session: true }) })],
  ])('is seen: %s', (_name, before, after) => {
    expect(eventShape(after)).not.toBe(eventShape(before));
    expect(eventShape(before)).toBe(eventShape(before));
  });
});

describe('an event of an old version in a real store', () => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await startTestLedger();
  });
  afterAll(async () => {
    await ledger.close();
  });

  it('is read in the current version; what is stored, and its chain, stay as they were written', async () => {
    // As if AliasClaimed had named its order `target` in version 1, and had no key of its alias.
    const versions = upcasterRegistry([
      {
        type: 'AliasClaimed',
        fromVersion: 1,
        upcast: (data) => ({ orderId: typeof data === 'object' && data !== null ? Reflect.get(data, 'target') : undefined, aliasKey: 'unknown before version 2' }),
      },
    ]);
    const target = '11111111-1111-5111-8111-111111111111';
    await ledger.append('order-old', [{ type: 'AliasClaimed', data: { target } }], { commandKey: commandKey('old') });
    const [recorded] = await collected(ledger.store.readStream('order-old'));
    if (!recorded) throw new Error('nothing was stored');
    expect(recorded.data).toEqual({ target });
    expect(decodeEvent(recorded, versions)).toMatchObject({ data: { orderId: target, aliasKey: 'unknown before version 2' }, metadata: { schemaVersion: 1 } });
    expect(() => decodeEvent(recorded)).toThrow(/data/u);
    expect(await verifyChain('order-old', ledger.store.readStream('order-old'))).toMatchObject({ kind: 'intact' });
  });
});
