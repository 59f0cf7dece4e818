import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { createSecureServer, createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect } from 'node:net';
import path from 'node:path';
import { createServer } from 'node:tls';

/** Certificates of the tests; see their README. */
export const tlsFixture = (name: 'ca.pem' | 'other-ca.pem' | 'server.pem' | 'server-key.pem'): string => path.resolve(import.meta.dirname, '../fixtures/tls', name);

const identity = { cert: readFileSync(tlsFixture('server.pem')), key: readFileSync(tlsFixture('server-key.pem')) };

export interface Listening {
  readonly port: number;
  stop(): Promise<void>;
}

const portOf = (address: AddressInfo | string | null): number => {
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
};

async function listening(server: Pick<Server, 'listen' | 'address' | 'close'>, sockets: ReadonlySet<Socket>): Promise<Listening> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server.address()),
    async stop() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Ends TLS in front of a server without it, as a cluster's load balancer does; speaks HTTP/2 by ALPN. */
export async function startTlsFront(targetPort: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ ...identity, ALPNProtocols: ['h2'] }, (client) => {
    const target = connect(targetPort, '127.0.0.1');
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', end).on('close', end);
    }
    client.pipe(target).pipe(client);
  });
  server.on('tlsClientError', () => undefined);
  return listening(server, sockets);
}

/** The trailers of an error, by gRPC. */
type Answer = (headers: IncomingHttpHeaders) => Readonly<Record<string, string>>;

/** A gRPC server that answers every call with an error: a node of a cluster that is not what the client looks for. */
export async function startRefusingServer(answer: Answer, { tls = false } = {}): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = tls ? createSecureServer(identity) : createHttp2Server();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...answer(headers) }, { endStream: true });
    stream.resume();
  });
  return listening(server, sockets);
}
