import { spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EventStoreDBClient, type ResolvedEvent, type StreamingRead, StreamNotFoundError, jsonEvent } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { type LaunchedEventStore, launchEventStore } from '../../../src/embedded/eventstore/launch.js';
import { startTestEventStore } from '../../support/event-store.js';

/*
 * One byte of the file changed at random, then all of the store read from outside: each answer is either what was written, or an error.
 * The server may also refuse to start, or end (LMDB does not check its own pages); it may not answer anything else.
 */

const rounds = Number(process.env['DAMAGE_ROUNDS'] ?? 20);
const STREAMS = 150;

const streamName = (index: number): string => `stream-${index}-${createHash('sha256').update(String(index)).digest('hex').slice(0, index % 60)}`;

/** Small events in small commits, so that most of the file is tree pages, and a few large ones. */
async function fillStore(client: EventStoreDBClient): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(
      Array.from({ length: STREAMS }, async (_, index) => {
        const events = Array.from({ length: 1 + (index % 3) }, () => jsonEvent({ type: 'small', data: { round, index } }));
        await client.appendToStream(streamName(index), events);
      }),
    );
    await client.appendToStream(streamName(round), [jsonEvent({ type: 'large', data: { filler: 'x'.repeat(30_000) } })]);
  }
  for (let index = 0; index < 300; index += 1) await client.appendToStream(streamName(index % STREAMS), [jsonEvent({ type: 'single', data: { index } })]);
  await client.setStreamMetadata(streamName(1), { maxCount: 3 });
  await client.deleteStream(streamName(2));
  await client.tombstoneStream(streamName(3));
}

async function digestOf(read: StreamingRead<ResolvedEvent>): Promise<string> {
  const digest = createHash('sha256');
  for await (const { event } of read) {
    if (event === undefined) continue;
    const { id, streamId, revision, type, data, metadata, created } = event;
    digest.update(JSON.stringify([id, streamId, String(revision), type, data, metadata, String(created)]));
  }
  return digest.digest('hex');
}

const answerOf = async (read: StreamingRead<ResolvedEvent>): Promise<string> =>
  digestOf(read).catch((error: unknown) => (error instanceof StreamNotFoundError ? 'not found' : `error: ${error instanceof Error ? error.message : String(error)}`));

/** All that a client can read: `$all` both ways and each stream. */
async function readStore(client: EventStoreDBClient): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  answers.set('$all', await answerOf(client.readAll()));
  answers.set('$all backwards', await answerOf(client.readAll({ direction: 'backwards', fromPosition: 'end' })));
  const names = [...Array.from({ length: STREAMS }, (_, index) => streamName(index)), `$$${streamName(1)}`, 'never-written'];
  await Promise.all(names.map(async (name) => answers.set(name, await answerOf(client.readStream(name)))));
  return answers;
}

const PAGE_BYTES = 4_096;

/** Anywhere, or where little is: in one of the two heads of the file, or at the head of a page. */
function placeOf(round: number, sizeBytes: number): number {
  if (round % 4 === 1) return randomInt(2) * PAGE_BYTES + randomInt(160);
  if (round % 4 === 3) return randomInt(Math.floor(sizeBytes / PAGE_BYTES)) * PAGE_BYTES + randomInt(24);
  return randomInt(sizeBytes);
}

type Finding = 'harmless' | 'refused at start' | 'error' | 'ended' | 'undetected';

/** What is wrong with the answers; undefined where each is what was written. */
function compare(written: Map<string, string>, answers: Map<string, string>): { finding: Finding; detail: string } {
  const wrong = [...answers].filter(([what, answer]) => answer !== written.get(what));
  const silent = wrong.filter(([, answer]) => !answer.startsWith('error: '));
  const unclear = wrong.filter(([, answer]) => answer.startsWith('error: ') && !answer.includes('damaged') && !answer.includes('UNAVAILABLE') && !answer.includes('MDB_'));
  const detail = [...silent, ...unclear, ...wrong].slice(0, 3).map(([what, answer]) => `${what}: ${answer}`).join('; ');
  if (silent.length > 0) return { finding: 'undetected', detail };
  if (wrong.length === 0) return { finding: 'harmless', detail };
  return { finding: wrong.every(([, answer]) => answer.includes('UNAVAILABLE')) ? 'ended' : 'error', detail: unclear.length > 0 ? `unclear: ${detail}` : detail };
}

async function look(dir: string, written: Map<string, string>): Promise<{ finding: Finding; detail: string }> {
  let store: LaunchedEventStore;
  try {
    store = await launchEventStore({ dir });
  } catch (error) {
    return { finding: 'refused at start', detail: error instanceof Error ? error.message : String(error) };
  }
  const client = EventStoreDBClient.connectionString(`${store.url}&defaultDeadline=5000`);
  const answers = await readStore(client);
  await client.dispose();
  await store.stop();
  return compare(written, answers);
}

/** `fillbook eventstore verify`, as a user runs it: exit code and what it printed. */
async function verify(dataDir: string): Promise<{ code: number | null; output: string }> {
  const main = path.resolve(import.meta.dirname, '../../../dist/main.js');
  const child = spawn(process.execPath, [main, 'eventstore', 'verify', '--data', dataDir], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, output };
}

describe('a store of which one byte is changed', () => {
  it(
    `given a random place, ${rounds} times, when all is read, then each answer is what was written or a clear error, and verify finds what the server finds`,
    async () => {
      const store = await startTestEventStore({ folder: 'eventstore' });
      try {
        const client = EventStoreDBClient.connectionString(store.url);
        await fillStore(client);
        const written = await readStore(client);
        await client.dispose();
        await store.halt();
        const file = path.join(store.dir, 'events.mdb');
        const whole = await readFile(file);
        const found: Array<{ finding: Finding; detail: string; at: number; flip: number }> = [];
        for (let round = 0; round < rounds; round += 1) {
          const at = placeOf(round, whole.length);
          const flip = randomInt(3) === 0 ? randomInt(1, 256) : 1 << randomInt(8);
          const changed = Buffer.from(whole);
          changed.writeUInt8(whole.readUInt8(at) ^ flip, at);
          await writeFile(file, changed);
          const looked = await look(store.dir, written);
          const verdict = looked.finding === 'harmless' ? undefined : await verify(path.dirname(store.dir));
          if (verdict?.code === 0) looked.detail = `verify found nothing; ${looked.detail}`;
          found.push({ ...looked, at, flip });
        }
        const counts = Object.fromEntries(['harmless', 'refused at start', 'error', 'ended', 'undetected'].map((kind) => [kind, found.filter(({ finding }) => finding === kind).length]));
        if (rounds > 20) console.log(JSON.stringify(counts), found.filter(({ finding, detail }) => finding === 'ended' || detail.startsWith('unclear')));
        expect(found.filter(({ finding }) => finding === 'undetected')).toEqual([]);
        expect(found.filter(({ detail }) => detail.startsWith('verify found nothing'))).toEqual([]);
        expect((counts['error'] ?? 0) + (counts['refused at start'] ?? 0)).toBeGreaterThan(0);
      } finally {
        await store.stop();
      }
    },
    60_000 + rounds * 5_000,
  );
});
