import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, ownConnection, startTestEventStore } from '../../support/event-store.js';
import { poll } from '../../support/poll.js';
import { ownMemoryMb } from '../../support/process-memory.js';
import { readRequest } from '../../support/wire.js';

/*
 * Clients that no library lets misbehave so: raw frames on a raw socket. Only so can one read nothing at all, have what it sends come
 * at once, and choose how a message is cut.
 */

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
const CANCEL = 8;
const ACK = 1;
const LARGEST_FRAME = 16_384;
const LARGEST_WINDOW = 2 ** 31 - 1;
const INITIAL_WINDOW = 65_535;

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A literal of HPACK: from 127 bytes on, the rest of its length in sevens of bits. */
function text(value: string): Buffer {
  const length = [Math.min(value.length, 127)];
  if (value.length >= 127) {
    let rest = value.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), Buffer.from(value)]);
}

/** `:method: POST` and `:scheme: http` of HPACK's table, then `:authority`, `:path` and `content-type` by name. */
const head = (method: string): Buffer =>
  Buffer.concat([
    Buffer.from([0x83, 0x86, 0x01]),
    text('localhost'),
    Buffer.from([0x04]),
    text(`/event_store.client.streams.Streams/${method}`),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
  ]);

/** A head with another header of so many bytes, in as many frames as that takes. */
function largeHead(streamId: number, bytes: number): Buffer {
  const block = Buffer.concat([head('Read'), Buffer.from([0]), text('filler'), text('x'.repeat(bytes))]);
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += LARGEST_FRAME) {
    const isLast = at + LARGEST_FRAME >= block.length;
    frames.push(frame(at === 0 ? HEADERS : CONTINUATION, isLast ? END_HEADERS : 0, streamId, block.subarray(at, at + LARGEST_FRAME)));
  }
  return Buffer.concat(frames);
}

function readBody(streamId: number, shape: Parameters<typeof readRequest>[0]): Buffer {
  const message = Buffer.from(readRequest(shape).serializeBinary());
  return frame(DATA, END_STREAM, streamId, Buffer.concat([Buffer.from([0]), uint32(message.length), message]));
}

const readCall = (streamId: number, shape: Parameters<typeof readRequest>[0]): Buffer =>
  Buffer.concat([frame(HEADERS, END_HEADERS, streamId, head('Read')), readBody(streamId, shape)]);

/** Bytes that open a connection and let the server send as much as it likes. */
const opening = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(SETTINGS, 0, 0, Buffer.concat([Buffer.from([0, 4]), uint32(LARGEST_WINDOW)])),
  frame(WINDOW_UPDATE, 0, 0, uint32(LARGEST_WINDOW - INITIAL_WINDOW)),
]);

/** The types of the frames that came for a stream. */
function typesFor(streamId: number, bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes.readUInt32BE(at + 5) === streamId) types.push(bytes.readUInt8(at + 3));
  }
  return types;
}

/**
 * Resolves once nothing has come for a while: what the server sends waits in full buffers. It sets the scene only, and there is no
 * condition to see from outside: a server that was not done by then would have an easier case, not a wrong one.
 */
async function stuck(socket: Socket): Promise<void> {
  let before = -1;
  while (socket.bytesRead !== before) {
    before = socket.bytesRead;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

let store: TestEventStore;

beforeAll(async () => {
  store = await startTestEventStore();
  const client = EventStoreDBClient.connectionString(store.url);
  const batch = Array.from({ length: 50 }, () => jsonEvent({ type: 'large', data: { filler: 'x'.repeat(10_000) } }));
  for (let step = 0; step < 60; step += 1) await client.appendToStream('filled', batch);
  await client.dispose();
});

afterAll(async () => {
  await store.stop();
});

describe('a client that does not read', () => {
  it('given calls that it starts and cancels, when it reads on, then the server has ended them', async () => {
    const socket = connect(store.port, '127.0.0.1');
    const came: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => came.push(chunk));
    socket.write(Buffer.concat([opening, readCall(1, { all: true, subscription: true })]));
    await poll('the first call is answered', () => typesFor(1, Buffer.concat(came)).includes(DATA));
    socket.pause();
    await stuck(socket);
    const cancelled = Array.from({ length: 20 }, (_, index) => 3 + 2 * index);
    for (const id of cancelled) {
      socket.write(Buffer.concat([readCall(id, { all: true, from: 'end', subscription: true }), frame(RST_STREAM, 0, id, uint32(CANCEL))]));
    }
    await stuck(socket);
    socket.resume();
    const last = (): (number | undefined)[] => {
      const bytes = Buffer.concat(came);
      return cancelled.map((id) => typesFor(id, bytes).at(-1));
    };
    await poll('each of them is reset', () => last().every((type) => type === RST_STREAM));
    expect(last()).toEqual(cancelled.map(() => RST_STREAM));
    socket.destroy();
  });
});

describe('a client that sends a message byte by byte', () => {
  it('given two of a million bytes, when they have come but for the rest, then they take no more memory than their bytes', async () => {
    const socket = connect(store.port, '127.0.0.1').resume();
    socket.write(opening);
    const before = ownMemoryMb(store.pid);
    for (const id of [1, 3]) {
      socket.write(Buffer.concat([frame(HEADERS, END_HEADERS, id, head('Append')), frame(DATA, 0, id, Buffer.concat([Buffer.from([0]), uint32(2_000_000)]))]));
      const thousand = Buffer.concat(Array.from({ length: 1_000 }, () => frame(DATA, 0, id, Buffer.from([7]))));
      for (let sent = 0; sent < 1_000; sent += 1) socket.write(thousand);
    }
    const pong = new Promise((resolve) => {
      let last = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        last = Buffer.concat([last, chunk]).subarray(-64);
        if (last.includes('all sent')) resolve(undefined);
      });
    });
    socket.write(frame(PING, 0, 0, Buffer.from('all sent')));
    await pong;
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(100);
    socket.destroy();
  });
});

describe('a call with large headers', () => {
  const few = { all: true, count: 1 } as const;

  it('given 40 kB of them, when it is sent among others, then it alone is reset', async () => {
    const socket = connect(store.port, '127.0.0.1');
    const came: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => came.push(chunk));
    // The limit holds from the acknowledgement on.
    socket.write(Buffer.concat([opening, frame(SETTINGS, ACK, 0, Buffer.alloc(0)), largeHead(1, 40_000)]));
    socket.write(Buffer.concat([largeHead(3, 30_000), readBody(3, few), readCall(5, few)]));
    await poll('all three are answered', () => [1, 3, 5].every((id) => typesFor(id, Buffer.concat(came)).length > 0));
    const bytes = Buffer.concat(came);
    expect(typesFor(1, bytes)).toEqual([RST_STREAM]);
    await poll('the others are read to their end', () => [3, 5].every((id) => typesFor(id, Buffer.concat(came)).join() === [HEADERS, DATA, HEADERS].join()));
    socket.destroy();
  });

  it('given thousands with 40 kB of them, when they have come, then memory is as before, and the connection goes on', async () => {
    const socket = connect(store.port, '127.0.0.1');
    const came: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => came.push(chunk));
    socket.write(Buffer.concat([opening, frame(SETTINGS, ACK, 0, Buffer.alloc(0))]));
    const before = ownMemoryMb(store.pid);
    for (let call = 0; call < 5_000; call += 1) {
      if (!socket.write(largeHead(1 + 2 * call, 40_000))) await once(socket, 'drain');
    }
    const after = 10_001;
    socket.write(readCall(after, few));
    await poll('a call after them is answered', () => typesFor(after, Buffer.concat(came)).includes(DATA));
    expect(typesFor(9_999, Buffer.concat(came))).toEqual([RST_STREAM]);
    expect(ownMemoryMb(store.pid) - before).toBeLessThan(100);
    socket.destroy();
  });
});

describe('clients that open every connection there is, and call nothing', () => {
  it('given others without a call and with one, when more connect, then those without a call give way and connect again, and those with one stay', async () => {
    const idle = EventStoreDBClient.connectionString(ownConnection(store.url));
    await idle.appendToStream('idle', jsonEvent({ type: 'before', data: {} }));
    const busy = EventStoreDBClient.connectionString(ownConnection(store.url));
    const seen: string[] = [];
    let isLive = false;
    const subscription = busy.subscribeToStream('told', { fromRevision: 'end' });
    subscription.on('caughtUp', () => {
      isLive = true;
    });
    subscription.on('data', ({ event }) => seen.push(event?.type ?? ''));
    subscription.on('error', (error) => seen.push(error.message));
    await poll('the subscription is live', () => isLive);
    /** Those that have spoken, or were closed. */
    const settled = new Set<Socket>();
    let closed = 0;
    const sockets = Array.from({ length: 4_200 }, () => {
      const socket = connect(store.port, '127.0.0.1', () => socket.write(opening));
      let came = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        if (settled.has(socket)) return;
        came = Buffer.concat([came, chunk]);
        // Its own settings, and the answer to the client's.
        if (typesFor(0, came).filter((type) => type === SETTINGS).length === 2) settled.add(socket);
      });
      socket.on('error', () => undefined);
      socket.on('close', () => {
        settled.add(socket);
        closed += 1;
      });
      return socket;
    });
    try {
      await poll('no place is left, and all that have one have spoken', () => closed > 0 && settled.size === sockets.length, 30_000);
      const late = EventStoreDBClient.connectionString(ownConnection(store.url));
      await expect(late.appendToStream('told', jsonEvent({ type: 'told', data: {} }))).resolves.toMatchObject({ success: true });
      await expect(idle.appendToStream('idle', jsonEvent({ type: 'after', data: {} }))).resolves.toMatchObject({ success: true });
      await poll('the subscriber is told', () => seen.length > 0);
      expect(seen).toEqual(['told']);
      await late.dispose();
    } finally {
      for (const socket of sockets) socket.destroy();
      await idle.dispose();
      await busy.dispose();
    }
  });
});
