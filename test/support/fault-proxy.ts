import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** What the proxy does with bytes. `lose_answers`: requests arrive, answers do not. `half_open`: neither does, and nobody hears of it. */
export type ProxyMode = 'forward' | 'lose_answers' | 'half_open';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Bytes of that direction were lost: TCP never skips any, so nothing more of it arrives either. */
  losesRequests: boolean;
  losesAnswers: boolean;
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
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    const proxy = new FaultProxy(server, address.port);
    server.on('connection', (client) => proxy.#accept(client, targetPort));
    return proxy;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Closes every connection that is open now. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    this.#pairs.clear();
  }

  /** Resets every connection that is open now (TCP RST). */
  reset(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
    this.#pairs.clear();
  }

  /** Makes every connection that is open now half-open, for good: new ones are not touched. */
  freeze(): void {
    for (const pair of this.#pairs) {
      pair.losesRequests = true;
      pair.losesAnswers = true;
    }
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    this.cut();
    await closed;
  }

  #accept(client: Socket, targetPort: number): void {
    this.connections += 1;
    const server = connect(targetPort, '127.0.0.1');
    const pair: Pair = { client, server, losesRequests: false, losesAnswers: false };
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
    client.on('data', (bytes) => this.#forwardRequest(pair, bytes));
    server.on('data', (bytes) => this.#forwardAnswer(pair, bytes));
  }

  #forwardRequest(pair: Pair, bytes: Buffer): void {
    pair.losesRequests ||= this.mode === 'half_open';
    if (!pair.losesRequests) pair.server.write(bytes);
  }

  #forwardAnswer(pair: Pair, bytes: Buffer): void {
    pair.losesAnswers ||= this.mode !== 'forward';
    if (pair.losesAnswers) return;
    if (this.delayMs === 0) pair.client.write(bytes);
    else setTimeout(() => pair.client.write(bytes), this.delayMs);
  }
}
