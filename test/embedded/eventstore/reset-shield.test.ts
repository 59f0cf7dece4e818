import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResetShield } from '../../../src/embedded/eventstore/reset-shield.js';
import { poll } from '../../support/poll.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const RST_STREAM = 3;

interface Frame {
  readonly type: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

function encode({ type, streamId, payload }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

const streamId = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const reset = streamId.map((id): Frame => ({ type: RST_STREAM, streamId: id, payload: Buffer.alloc(4, 8) }));
const other = fc
  .record({ type: fc.constantFrom(0, 1, 4, 6, 8), streamId, payload: fc.uint8Array({ maxLength: 60 }) })
  .map(({ type, streamId: id, payload }): Frame => ({ type, streamId: id, payload: Buffer.from(payload) }));

/** Cuts bytes at any places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % bytes.length))].toSorted((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

describe('a connection that takes any number of resets', () => {
  it('given any frames in any pieces, when they pass, then resets are told of in order, and all else comes through as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(reset, other), { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 40 }), async (frames, places) => {
        const socket = new PassThrough();
        const told: number[] = [];
        // What a PassThrough is given it gives back: here it plays the client's side of the socket.
        const shield = new ResetShield(socket, (id) => told.push(id));
        const passed: Buffer[] = [];
        shield.on('data', (chunk: Buffer) => passed.push(chunk));
        for (const piece of cut(Buffer.concat([PREFACE, ...frames.map(encode)]), places)) socket.write(piece);
        const resets = frames.filter(({ type }) => type === RST_STREAM);
        const rest = Buffer.concat([PREFACE, ...frames.filter(({ type }) => type !== RST_STREAM).map(encode)]);
        await poll('all has passed', () => told.length >= resets.length && Buffer.concat(passed).length >= rest.length);
        expect(told).toEqual(resets.map((frame) => frame.streamId));
        expect(Buffer.concat(passed).equals(rest)).toBe(true);
        shield.destroy();
      }),
      { numRuns: 60 },
    );
  });
});
