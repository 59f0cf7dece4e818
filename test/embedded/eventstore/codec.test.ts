import streams from '@eventstore/db-client/generated/streams_pb.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEventFrame, frameSize, readEventData, readEventHead } from '../../../src/embedded/eventstore/event-frame.js';
import { type EventId, halvesOfEventId, parseEventId } from '../../../src/embedded/eventstore/event-id.js';
import { ProtobufError, ProtobufReader, varint64Size, writeVarint64 } from '../../../src/embedded/eventstore/protobuf.js';
import { parseStreamMetadata, withTruncateBefore } from '../../../src/embedded/eventstore/stream-metadata.js';
import { decodeStreamRecord, encodeStreamRecord, streamKey } from '../../../src/embedded/eventstore/stream-record.js';

const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const int64 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array));
const wellFormed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 });
const eventId = fc.uuid().map((text): EventId => {
  const id = parseEventId(text);
  if (id === undefined) throw new Error(`${text} is no event id`);
  return id;
});

const placedEvent = fc.record({
  stream: wellFormed.map((name) => Buffer.from(name, 'utf8')),
  revision: int64,
  position: int64,
  createdMs: fc.integer({ min: 1_000_000_000_000, max: 9_000_000_000_000 }),
  event: fc.record({ id: eventId, type: wellFormed, isJson: fc.boolean(), data: bytes, customMetadata: bytes }),
});

describe('the event as it is stored and sent', () => {
  it('given any event, when it is framed, then the stubs of the real protocol read back all of it', () => {
    fc.assert(
      fc.property(placedEvent, (placed) => {
        const frame = encodeEventFrame(placed);
        expect(frameSize(frame, 0)).toBe(frame.length);
        const readEvent = streams.ReadResp.deserializeBinary(frame.subarray(5)).getEvent();
        const recorded = readEvent?.getEvent();
        expect(readEvent?.getCommitPosition()).toBe(String(placed.position));
        expect(recorded?.getId()?.getString()).toBe(placed.event.id);
        expect(Buffer.from(recorded?.getStreamIdentifier()?.getStreamName_asU8() ?? [])).toEqual(placed.stream);
        expect(recorded?.getStreamRevision()).toBe(String(placed.revision));
        expect([recorded?.getCommitPosition(), recorded?.getPreparePosition()]).toEqual([String(placed.position), String(placed.position)]);
        expect(Object.fromEntries(recorded?.getMetadataMap().toObject() ?? [])).toEqual({
          type: placed.event.type,
          created: `${placed.createdMs}0000`,
          'content-type': placed.event.isJson ? 'application/json' : 'application/octet-stream',
        });
        expect(Buffer.from(recorded?.getData_asU8() ?? [])).toEqual(placed.event.data);
        expect(Buffer.from(recorded?.getCustomMetadata_asU8() ?? [])).toEqual(placed.event.customMetadata);
      }),
    );
  });

  it('given any event, when its head is read without decoding the rest, then it is what was framed', () => {
    fc.assert(
      fc.property(placedEvent, bytes, (placed, before) => {
        const block = Buffer.concat([before, encodeEventFrame(placed)]);
        const head = readEventHead(block, before.length);
        const { id, type, data, isJson } = placed.event;
        expect({ ...head, type: head.type.toString('utf8') }).toEqual({ ...placed, event: undefined, id, type });
        expect(readEventData(block, before.length)).toEqual({ data, isJson });
      }),
    );
  });
});

describe('protobuf', () => {
  it('given any number of 64 bits, when it is written, then it is read back', () => {
    fc.assert(
      fc.property(uint64, (value) => {
        const target = Buffer.alloc(12);
        const end = writeVarint64(target, value, 1);
        expect(end).toBe(1 + varint64Size(value));
        expect(new ProtobufReader(target, 1, end).uint64()).toBe(value);
      }),
    );
  });

  it('given any bytes, when they are read as a message, then they are read to the end or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(bytes, (message) => {
        const reader = new ProtobufReader(message);
        let refused = false;
        try {
          while (reader.next() !== 0) reader.skip();
        } catch (error) {
          refused = error instanceof ProtobufError;
          if (!refused) throw error;
        }
        expect(refused || reader.next() === 0).toBe(true);
      }),
    );
  });
});

describe('what is kept of a stream', () => {
  it('given any record, when it is stored, then it is read back', () => {
    const metadata = fc.record({ maxCount: int64, maxAgeSeconds: fc.integer({ min: 1 }), truncateBefore: int64 }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.record({ number: uint64, last: fc.oneof(fc.constant(-1n), int64), metadata }), (record) => {
        const key = streamKey(Buffer.from('a stream'));
        expect(decodeStreamRecord(key, encodeStreamRecord(key, record))).toEqual(record);
      }),
    );
  });

  it('given any two names, also long ones, when they differ, then so do their keys, and both fit', () => {
    const name = fc.tuple(fc.integer({ min: 0, max: 3_000 }), bytes).map(([length, rest]) => Buffer.concat([Buffer.alloc(length, 'n'), rest]));
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(streamKey(one).equals(streamKey(other))).toBe(one.equals(other));
        expect(streamKey(one).length).toBeLessThanOrEqual(1_978);
      }),
    );
  });

  it('given metadata of any kind, when a soft-deleted stream comes back, then only truncateBefore changes', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(object, int64, (metadata, revision) => {
        const merged = withTruncateBefore(Buffer.from(JSON.stringify(metadata)), revision)?.toString('utf8') ?? '';
        const { $tb: _, ...others } = JSON.parse(merged);
        const { $tb: __, ...before } = JSON.parse(JSON.stringify(metadata));
        expect(others).toEqual(before);
        expect(merged).toContain(`"$tb":${revision}}`);
      }),
    );
  });

  it.each([
    ['{"id":9007199254740993}', '{"id":9007199254740993,"$tb":7}'],
    ['{"id":1.0,"huge":1e400,"small":-0}', '{"id":1.0,"huge":1e400,"small":-0,"$tb":7}'],
    ['{"a":{"$tb":1,"b":[{"c":1.50},"},{"]},"$tb":3,"d":"\\""}', '{"a":{"$tb":1,"b":[{"c":1.50},"},{"]},"d":"\\"","$tb":7}'],
    ['{"$tb":1,"a":2,"$tb":3}', '{"a":2,"$tb":7}'],
    ['{"\\u0024tb":1,"a:,}":"\\u00e9"}', '{"a:,}":"\\u00e9","$tb":7}'],
    ['{"a":1,"a":2.0}', '{"a":1,"a":2.0,"$tb":7}'],
    ['{"__proto__":{"x":1}}', '{"__proto__":{"x":1},"$tb":7}'],
    [' {\n "a" : [1, 2] ,\t"$tb" : 1 }\n', '{"a" : [1, 2],"$tb":7}'],
    ['{ }', '{"$tb":7}'],
  ])('given the metadata %s, when a soft-deleted stream comes back, then other members keep their text', (json, merged) => {
    expect(withTruncateBefore(Buffer.from(json), 7n)?.toString('utf8')).toBe(merged);
  });

  it.each(['', '[]', '1', 'null', '{"a":}', '{"a":1}}'])('given %j, when truncateBefore is to be set in it, then it is no metadata', (json) => {
    expect(withTruncateBefore(Buffer.from(json), 7n)).toBeUndefined();
  });

  it.each([
    ['{"$maxCount":3,"$maxAge":60,"$tb":5}', { maxCount: 3n, maxAgeSeconds: 60, truncateBefore: 5n }],
    ['{"$tb":9223372036854775807}', { truncateBefore: (1n << 63n) - 1n }],
    ['{"$maxCount":"3"}', {}],
    ['{"$maxCount":0}', {}],
    // A number that makes no sense is left out alone.
    ['{"$maxCount":0,"$tb":2}', { truncateBefore: 2n }],
    ['{"$maxCount":-1,"$tb":2}', { truncateBefore: 2n }],
    ['{"$maxAge":0,"$tb":2}', { truncateBefore: 2n }],
    ['{"$tb":-1,"$maxCount":2}', { maxCount: 2n }],
    ['{"$tb":-9223372036854775808,"$maxCount":2}', { maxCount: 2n }],
    ['{"$cacheControl":0,"$maxCount":2}', { maxCount: 2n }],
    ['{"$maxAge":922337203685}', { maxAgeSeconds: 922_337_203_685 }],
    // What does not fit, or is of another kind, voids all.
    ['{"$tb":9223372036854775808}', {}],
    ['{"$tb":9223372036854776000,"$maxCount":2}', {}],
    ['{"$tb":-9223372036854775809,"$maxCount":2}', {}],
    ['{"$maxCount":2,"$maxAge":922337203686}', {}],
    ['{"$maxCount":2,"$cacheControl":99999999999999}', {}],
    ['{"$tb":2.0}', {}],
    ['{"$maxCount":1e0}', {}],
    ['{"$maxCount":null,"$tb":2}', {}],
    ['{"$maxCount":2,"$cacheControl":"x"}', {}],
    ['{"$maxCount":2,"$tmp":1}', {}],
    ['{"$maxCount":2,"$tmp":true}', { maxCount: 2n }],
    ['{"$maxCount":2,"$acl":5}', {}],
    ['{"$maxCount":2,"$acl":{"$r":["a",1]}}', {}],
    ['{"$maxCount":2,"$acl":{"$r":"a","other":"b"}}', {}],
    ['{"$acl" : {"$r":["a","b"],"$w":"c","$d":[],"$mr":"d","$mw":"e"}, "$maxCount" : 2}', { maxCount: 2n }],
    // Members of one name: each has to be right, the last one counts.
    ['{"$tb":1,"$tb":3}', { truncateBefore: 3n }],
    ['{"$tb":1.5,"$tb":3}', {}],
    // Others are the users' own.
    ['{"own":{"$tb":1.5,"a":[{}]},"\\u0024tb":3}', { truncateBefore: 3n }],
    ['[]', {}],
    ['not json', {}],
  ])('given the metadata %s, when it is read, then it means what it means to the real server', (json, meaning) => {
    expect(parseStreamMetadata(Buffer.from(json), true)).toEqual(meaning);
    expect(parseStreamMetadata(Buffer.from(json), false)).toEqual({});
  });
});

describe('event ids', () => {
  it('given any id, when it is sent as two halves, then they spell it', () => {
    fc.assert(
      fc.property(eventId, (id) => {
        const hex = halvesOfEventId(id).map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0'));
        expect(parseEventId(hex.join(''))).toBe(id);
        const spelt = [id.toUpperCase(), id.replaceAll('-', ''), `{${id}}`, `(${id})`, ` {${id}} `];
        expect(spelt.map(parseEventId)).toEqual(spelt.map(() => id));
      }),
    );
  });

  it.each(['', 'x', '00000000-0000-0000-0000-000000000000', '0123456789abcdef0123456789abcde', '01234567-89ab-cdef-0123-456789abcdeg', '{01234567-89ab-cdef-0123-456789abcdef)', '{0123456789abcdef0123456789abcdef}'])(
    'given %j, when it is read as an id, then it is none',
    (text) => {
      expect(parseEventId(text)).toBeUndefined();
    },
  );
});
