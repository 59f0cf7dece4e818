import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { type Socket, connect } from 'node:net';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, ownConnection, startTestEventStore } from '../../support/event-store.js';

/*
 * A client may go away at any moment of a call. Here it goes before its request is whole, by each way to go, in raw HTTP/2: the
 * usual clients end their requests as they begin them.
 */

let store: TestEventStore;
let client: EventStoreDBClient;

beforeAll(async () => {
  store = await startTestEventStore();
  client = EventStoreDBClient.connectionString(store.url);
});

afterAll(async () => {
  await client.dispose();
  await store.stop();
});

/** The head of a gRPC message of 200 bytes, and two of them. */
const HALF_A_MESSAGE = Buffer.from([0, 0, 0, 0, 200, 1, 2]);

interface Connection {
  readonly socket: Socket;
  readonly session: ClientHttp2Session;
}

async function connected(): Promise<Connection> {
  const socket = connect(store.port, '127.0.0.1');
  socket.on('error', () => undefined);
  const session = connectHttp2(`http://127.0.0.1:${store.port}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  return { socket, session };
}

/** Resolves once the server has seen all that was sent before. */
const answered = async ({ session }: Connection): Promise<void> => {
  await new Promise<void>((resolve, reject) => session.ping((error) => (error ? reject(error) : resolve())));
};

describe.each(['Append', 'BatchAppend', 'Read', 'Delete', 'Tombstone'])('a %s whose client goes away', (method) => {
  describe.each([
    ['the head', undefined],
    ['half a message', HALF_A_MESSAGE],
  ])('after %s', (_part, bytes) => {
    it.each(['closing its connection', 'resetting its connection', 'cancelling the call'])('by %s, is dropped, and others go on', async (way) => {
      const connection = await connected();
      const { socket, session } = connection;
      const call = session.request({ ':method': 'POST', ':path': `/event_store.client.streams.Streams/${method}`, 'content-type': 'application/grpc', te: 'trailers' });
      call.on('error', () => undefined);
      if (bytes) call.write(bytes);
      await answered(connection);
      const closed = once(socket, 'close');
      if (way === 'closing its connection') socket.end();
      else if (way === 'resetting its connection') socket.resetAndDestroy();
      else {
        call.close(constants.NGHTTP2_CANCEL);
        await answered(connection);
        session.destroy();
      }
      await closed;
      await expect(client.appendToStream('alive', jsonEvent({ type: 'alive', data: {} }))).resolves.toMatchObject({ success: true });
    });
  });
});

describe('connections', () => {
  it('that say nothing give way to those that speak', async () => {
    const silent = Array.from({ length: 4_200 }, () => connect(store.port, '127.0.0.1').on('error', () => undefined));
    try {
      const other = EventStoreDBClient.connectionString(ownConnection(store.url));
      await expect(other.appendToStream('alive', jsonEvent({ type: 'alive', data: {} }))).resolves.toMatchObject({ success: true });
      await other.dispose();
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });
});
