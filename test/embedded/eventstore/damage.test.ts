import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { launchEventStore } from '../../../src/embedded/eventstore/launch.js';
import { verifyStore } from '../../../src/embedded/eventstore/verify-store.js';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';

const MARK = 'a-mark-that-is-nowhere-else';

async function readAll(client: EventStoreDBClient): Promise<number> {
  let count = 0;
  for await (const { event } of client.readAll()) if (event !== undefined) count += 1;
  return count;
}

describe('a store whose file is damaged', () => {
  let store: TestEventStore;
  let file: string;

  /** Three appends of about 100 kB; the second one carries the mark. */
  beforeEach(async () => {
    store = await startTestEventStore();
    file = path.join(store.dir, 'events.mdb');
    const client = EventStoreDBClient.connectionString(store.url);
    for (const mark of ['before', MARK, 'after']) {
      await client.appendToStream(mark, [jsonEvent({ type: 'large', data: { filler: mark.padEnd(100_000, 'x') } })]);
    }
    await client.dispose();
    await store.halt();
  });

  afterEach(async () => store.stop());

  async function overwrite(at: number, bytes: Buffer): Promise<void> {
    const handle = await open(file, 'r+');
    await handle.write(bytes, 0, bytes.length, at);
    await handle.close();
  }

  it('given bytes of an event that changed on disk, when it is read, then the error says where, and what is whole is still served', async () => {
    const at = (await readFile(file)).indexOf(MARK);
    await overwrite(at + 5_000, Buffer.from('changed'));
    const report = await verifyStore(store.dir);
    expect(report.problems.join('\n')).toContain('position 2');
    expect(report.problems.join('\n')).toContain('its checksum does not fit');
    await store.restart();
    const client = EventStoreDBClient.connectionString(store.url);
    await expect(readAll(client)).rejects.toThrow(/the store is damaged: block at position 2: its checksum does not fit/u);
    const whole: unknown[] = [];
    for await (const { event } of client.readStream('after')) whole.push(event?.type);
    expect(whole).toEqual(['large']);
    expect(await client.appendToStream('more', [jsonEvent({ type: 'fine', data: {} })])).toMatchObject({ success: true });
    await client.dispose();
  });

  it('given a file that was cut short, when it is opened, then the error names the file and says so', async () => {
    const { size } = await stat(file);
    // More than LMDB may leave unwritten at the end.
    const handle = await open(file, 'r+');
    const head = Buffer.alloc(160);
    await handle.read(head, 0, head.length, 0);
    await handle.close();
    const pages = BigInt(Math.ceil(size / 4_096)) + 1_000n;
    head.writeBigUInt64LE(pages, 144);
    await overwrite(0, head);
    await overwrite(4_096 + 144, head.subarray(144, 152));
    await expect(launchEventStore({ dir: store.dir })).rejects.toThrow(/events\.mdb is damaged.*cut short/su);
    await truncate(file, 100);
    await expect(launchEventStore({ dir: store.dir })).rejects.toThrow(/events\.mdb is damaged/u);
  });

  it('given a file that is something else, when it is opened or walked, then the error names the file', async () => {
    await overwrite(0, Buffer.alloc(8_192, 'not a store'));
    await expect(launchEventStore({ dir: store.dir })).rejects.toThrow(/events\.mdb is damaged: it is not an LMDB file/u);
    expect((await verifyStore(store.dir)).problems).toEqual([expect.stringContaining('events.mdb is damaged: it is not an LMDB file')]);
  });

  it('given a store in use, when a second server is started on its folder, then the error names the folder and the process', async () => {
    await store.restart();
    await expect(launchEventStore({ dir: store.dir })).rejects.toThrow(`the folder ${store.dir} is in use by process ${store.pid}`);
    await expect(verifyStore(store.dir)).rejects.toThrow(/is in use by process/u);
  });

  it('given a store that was killed, when it is started again, then the lock of the dead process does not hold', async () => {
    await store.restart();
    await store.kill();
    await store.restart();
    const client = EventStoreDBClient.connectionString(store.url);
    expect(await readAll(client)).toBe(3);
    await client.dispose();
  });
});

const large = (): ReturnType<typeof jsonEvent> => jsonEvent({ type: 'large', data: { filler: 'x'.repeat(50_000) } });

/** Appends until an append fails. */
async function fill(client: EventStoreDBClient): Promise<{ acknowledged: number; failure: string }> {
  for (let acknowledged = 0; acknowledged < 200; acknowledged += 1) {
    try {
      await client.appendToStream('filled', [large()], { credentials: { username: 'any', password: 'any' } });
    } catch (error) {
      return { acknowledged, failure: String(error) };
    }
  }
  return { acknowledged: 200, failure: 'none' };
}

const listening = z.object({ port: z.number() });
const entry = path.resolve(import.meta.dirname, '../../../dist/embedded/eventstore/server-process.js');

describe.runIf(process.platform !== 'win32')('a store on a disk that is full', () => {
  it('given a limit on its file, when it is reached, then appends fail with a clear error, and all that was acknowledged stays', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'fillbook-full-'));
    // The shell's limit on the size of files, in blocks of 512 or 1,024 bytes: what a full disk does, without filling one.
    const limited = spawn('sh', ['-c', `ulimit -f 3000; exec "$0" "$@"`, process.execPath, entry, '--data', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: limited.stdout }), 'line');
    const { port } = listening.parse(JSON.parse(String(line)));
    const client = EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`);
    const { acknowledged, failure } = await fill(client);
    const refused = await client.appendToStream('filled', [large()]).catch(String);
    const stored = await readAll(client);
    limited.kill('SIGTERM');
    await once(limited, 'exit');
    await client.dispose();
    expect(failure).toMatch(/could not write.*disk full/u);
    expect(refused).toContain('could not write');
    expect(acknowledged).toBeGreaterThan(5);
    expect(stored).toBe(acknowledged);
    expect(await verifyStore(dir)).toMatchObject({ events: acknowledged, problems: [] });
    await rm(dir, { recursive: true });
  });
});
