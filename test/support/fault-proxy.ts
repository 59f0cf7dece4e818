import { createServer, connect } from 'node:net';
import type { Server, Socket } from 'node:net';

/** What the proxy does with bytes. `lose_answers`: requests arrive, answers do not. `half_open`: nothing arrives, nobody hears of it. */
export type ProxyMode = 'forward' | 'lose_answers' | 'half_open';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy that makes the faults of a network happen, between a client and the event store. */
export class FaultProxy {
  mode: ProxyMode = 'forward';
  /** How long every piece of an answer is held back, in milliseconds. */
  delayMs = 0;
  /** Connections that were accepted in all. */
  connections = 0;
  readonly #pairs = new Set<Pair>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(targetPort: number): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    const proxy = new FaultProxy(server, address.port);
    server.on('connection', (client) => proxy.#accept(client, targetPort));
    return proxy;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  /** Ends every connection that is open now, in good order. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Resets every connection that is open now (TCP RST). */
  reset(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
  }

  #accept(client: Socket, targetPort: number): void {
    this.connections += 1;
    const server = connect(targetPort, '127.0.0.1');
    const pair: Pair = { client, server };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (bytes) => {
      if (this.mode !== 'half_open') server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.mode !== 'forward') return;
      if (this.delayMs === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), this.delayMs);
    });
  }
}
