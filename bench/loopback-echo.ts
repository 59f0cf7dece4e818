import { randomUUID } from 'node:crypto';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';

/*
 * What gRPC over loopback costs by itself: the bytes of an append of one event go to a server in another process, which sends them
 * back at once. No appending client is faster than this.
 */

const asIs = (bytes: Buffer): Buffer => bytes;

/** Answers come in the order of the requests: the call echoes. */
class Echo {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #waiting: Array<() => void> = [];

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    this.#call = this.#client.makeBidiStreamRequest('/bench.Loopback/Echo', asIs, asIs);
    this.#call.on('data', () => this.#waiting.shift()?.());
  }

  async send(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#call.write(bytes);
    });
  }

  close(): void {
    this.#call.on('error', () => undefined);
    this.#call.cancel();
    this.#client.close();
  }
}

/** Round trips of `payload` with the names and ids of an append: sorted milliseconds one after another, and a second with 64 in flight. */
export async function measureEcho(port: number, payload: unknown): Promise<{ latenciesMs: readonly number[]; perSecond: number }> {
  const bytes = Buffer.from(JSON.stringify([randomUUID(), randomUUID(), `bench-${randomUUID()}`, 'happened', payload]));
  const echo = new Echo(port);
  const latenciesMs: number[] = [];
  for (let index = 0; index < 2_000; index += 1) {
    const started = performance.now();
    await echo.send(bytes);
    latenciesMs.push(performance.now() - started);
  }
  const started = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (; performance.now() - started < 1_000; done += 1) await echo.send(bytes);
    }),
  );
  const perSecond = (done / (performance.now() - started)) * 1_000;
  echo.close();
  return { latenciesMs: latenciesMs.toSorted((a, b) => a - b), perSecond };
}
