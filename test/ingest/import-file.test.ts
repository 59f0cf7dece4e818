import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommandHandler } from '../../src/eventstore/commands.js';
import { EventStoreError } from '../../src/eventstore/errors.js';
import { importFile } from '../../src/ingest/import-file.js';
import type { ImportFileOptions, ImportProgress } from '../../src/ingest/import-file.js';
import { PARTIAL_FILL, fromBroker, toBroker } from './fix-fixture.js';
import { lobsterAdapter } from '../../src/ingest/lobster.js';
import { ImportLedger } from './import-ledger.js';
import { LOBSTER_NAME, lobsterSession } from './lobster-fixture.js';
import { openAdapter } from './parse.js';

let ledger: ImportLedger;
let dir: string;
let tenant: string;

beforeAll(async () => {
  ledger = await ImportLedger.open();
});
afterAll(async () => {
  await ledger.close();
});
beforeEach(async () => {
  tenant = ledger.newTenant();
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-import-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const session = lobsterSession(300);

async function fileOf(name: string, lines: readonly string[]): Promise<string> {
  const file = path.join(dir, name);
  const text = lines.map((line) => `${line}\n`).join('');
  await writeFile(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

const run = (file: string, format: ImportFileOptions['format'], more: Partial<ImportFileOptions> = {}) =>
  importFile({ path: file, format, handler: ledger.handler, store: ledger.store, ...more, options: { tenant, ...more.options } });

describe('the import of a LOBSTER hour', () => {
  it('gives each order its end, parks what rested before, and counts what it skips', async () => {
    const summary = await run(await fileOf(`${LOBSTER_NAME}.gz`, session.lines), 'lobster');
    expect(summary).toMatchObject({
      file: `${LOBSTER_NAME}.gz`,
      read: session.lines.length,
      commands: session.facts + session.unknown,
      events: session.facts + session.unknown,
      duplicates: 0,
      parked: session.unknown,
      quarantined: 0,
      skipped: { 'type 5: execution of a hidden order': session.hidden },
      aborted: false,
    });
    expect(await ledger.outcome(tenant)).toEqual(session.outcome);
    expect((await ledger.orders(tenant)).flatMap(({ view }) => view.discrepancies)).toEqual([]);
  });

  it('changes nothing when it is run again, packed or plain', async () => {
    await run(await fileOf(LOBSTER_NAME, session.lines), 'lobster');
    const head = await ledger.store.head();
    const again = await run(await fileOf(`${LOBSTER_NAME}.gz`, session.lines), 'lobster');
    expect(again).toMatchObject({ events: 0, duplicates: session.facts + session.unknown, parked: session.unknown });
    expect(await ledger.store.head()).toBe(head);
  });

  it('is the same from standard input and cut in two', async () => {
    const flags = { symbol: 'ACME', date: '2026-11-20' };
    const middle = Math.floor(session.lines.length / 2);
    for (const part of [session.lines.slice(0, middle), session.lines.slice(middle)]) {
      await run('-', 'lobster', { options: flags, stdin: Readable.from([part.join('\n')], { objectMode: false }) });
    }
    expect(await ledger.outcome(tenant)).toEqual(session.outcome);
    expect(await run(await fileOf(LOBSTER_NAME, session.lines), 'lobster')).toMatchObject({ events: 0 });
  });
});

const at = (second: number): string => `20261120-14:30:${String(second).padStart(2, '0')}.000`;

describe('the import of a FIX log', () => {
  const order = { 1: 'ACC1', 11: 'C1', 38: '100', 40: '2', 44: '10.5', 54: '1', 55: 'AAPL' };
  const reported = { ...PARTIAL_FILL, 31: undefined, 32: undefined, 14: '0', 6: '0', 151: '100', 39: '0' };
  const log = [
    toBroker('D', { ...order, 34: '1', 60: at(0) }),
    fromBroker('8', { ...reported, 34: '1', 17: 'E1', 150: '0', 60: at(1) }),
    fromBroker('8', { ...PARTIAL_FILL, 34: '2', 17: 'E2', 60: at(2) }),
    toBroker('G', { ...order, 34: '2', 11: 'C2', 41: 'C1', 38: '60', 60: at(3) }),
    fromBroker('8', { ...reported, 34: '3', 11: 'C2', 41: 'C1', 17: 'E3', 150: 'E', 39: 'E', 14: '30', 6: '10.5', 151: '70', 60: at(4) }),
    fromBroker('8', { ...reported, 34: '4', 11: 'C2', 41: 'C1', 17: 'E4', 150: '5', 39: '1', 38: '60', 14: '30', 6: '10.5', 151: '30', 60: at(5) }),
    toBroker('F', { ...order, 34: '3', 11: 'C3', 41: 'C2', 60: at(6) }),
    fromBroker('9', { 34: '5', 37: 'O1', 11: 'C3', 41: 'C2', 39: '1', 434: '1', 60: at(7) }),
    fromBroker('8', { ...PARTIAL_FILL, 34: '6', 11: 'C2', 17: 'E5', 38: '60', 39: '2', 14: '60', 151: '0', 60: at(8) }),
    fromBroker('0', { 34: '7' }),
  ];

  it('folds the messages into the order, and skips the session’s own', async () => {
    expect(await run(await fileOf('orders.log', log), 'fix')).toMatchObject({ read: 10, commands: 9, events: 9, parked: 0, skipped: { 'MsgType 0': 1 } });
    expect(await ledger.figures(tenant)).toEqual(['O1 C2 filled 60 60 0 2 0 0']);
  });

  it('ends the same in any order of the lines, and with lines that come twice', async () => {
    const lines = [...log, ...log];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(lines, { minLength: lines.length }), async (shuffled) => {
        tenant = ledger.newTenant();
        const { duplicates, parked } = await run(await fileOf('shuffled.log', shuffled), 'fix');
        expect(duplicates).toBeGreaterThan(0);
        expect(parked).toBe(0);
        expect(await ledger.figures(tenant)).toEqual(['O1 C2 filled 60 60 0 2 0 0']);
      }),
      { numRuns: 8 },
    );
  });
});

/** The ledger's handler, with another way in for facts, or for those that were parked. */
const recordingBy = (recordOrderFact: CommandHandler['recordOrderFact'], takeUpParked?: CommandHandler['takeUpParked']): CommandHandler => ({
  recordOrderFact,
  takeUpParked: takeUpParked ?? ((...given) => ledger.handler.takeUpParked(...given)),
  placeOrder: (...given) => ledger.handler.placeOrder(...given),
  changeOrder: (...given) => ledger.handler.changeOrder(...given),
  openPosition: (...given) => ledger.handler.openPosition(...given),
  changePosition: (...given) => ledger.handler.changePosition(...given),
  resolveAlias: (alias) => ledger.handler.resolveAlias(alias),
  ownerOf: (stream) => ledger.handler.ownerOf(stream),
  close: () => ledger.handler.close(),
});

describe('an import', () => {
  it('sends at most so many lines at a time, each in its turn', async () => {
    const limit = 4;
    let [running, most] = [0, 0];
    const sent: string[] = [];
    const handler = recordingBy(async (fact) => {
      sent.push(fact.context.sourceEventId ?? '');
      running += 1;
      most = Math.max(most, running);
      try {
        return await ledger.handler.recordOrderFact(fact);
      } finally {
        running -= 1;
      }
    });
    const file = await fileOf(LOBSTER_NAME, session.lines.slice(0, 200));
    const parser = openAdapter(lobsterAdapter, {}, LOBSTER_NAME);
    const inFile = session.lines.slice(0, 200).flatMap((line, index) => {
      const parsed = parser.parse(line, index + 1);
      return parsed.kind === 'facts' ? parsed.facts.map(({ context }) => context.sourceEventId ?? '') : [];
    });
    await run(file, 'lobster', { handler, maxLinesInFlight: limit });
    expect(most).toBe(limit);
    expect(sent).toEqual(inFile);
  });

  it('ends behind a line when it is told to, with all that it sent', async () => {
    const controller = new AbortController();
    const onProgress = ({ events }: ImportProgress): void => {
      if (events > 0) controller.abort();
    };
    const long = lobsterSession(8_000, 3);
    const summary = await run(await fileOf(LOBSTER_NAME, long.lines), 'lobster', { signal: controller.signal, onProgress });
    expect(summary.aborted).toBe(true);
    expect(summary.read).toBeLessThan(long.lines.length);
    expect(summary.events).toBe(summary.commands);
    expect(await ledger.events(tenant, ['order-', 'parked-'])).toHaveLength(summary.events);
  });

  it('ends when it is told to while it takes up what was parked, which then stays parked', async () => {
    const controller = new AbortController();
    const streams: string[] = [];
    const handler = recordingBy(
      (fact) => ledger.handler.recordOrderFact(fact),
      async (parked, signal) => {
        if (typeof parked === 'string') streams.push(parked);
        controller.abort();
        return await ledger.handler.takeUpParked(parked, signal);
      },
    );
    const summary = await run(await fileOf(LOBSTER_NAME, session.lines), 'lobster', { signal: controller.signal, handler });
    expect(summary).toMatchObject({ aborted: true, read: session.lines.length, parked: session.unknown });
    expect(streams).toHaveLength(1);
  });

  it('names the file and the reason where the store fails while it takes up what was parked', async () => {
    const handler = recordingBy(
      (fact) => ledger.handler.recordOrderFact(fact),
      () => Promise.reject(new EventStoreError('unavailable', 'the store is away')),
    );
    const file = await fileOf(LOBSTER_NAME, session.lines);
    await expect(run(file, 'lobster', { handler })).rejects.toMatchObject({ name: 'ImportError', code: 'store', file: LOBSTER_NAME, message: `${LOBSTER_NAME}: the store is away` });
  });

  it('ends when it is told to while it waits for more input', async () => {
    const controller = new AbortController();
    const stdin = new Readable({ read: () => undefined });
    stdin.push(`${session.lines[0] ?? ''}\n`);
    const handler = recordingBy((fact) => {
      controller.abort();
      return ledger.handler.recordOrderFact(fact);
    });
    const importing = run('-', 'lobster', { options: { symbol: 'ACME', date: '2026-11-20' }, stdin, signal: controller.signal, handler });
    expect(await importing).toMatchObject({ aborted: true, read: 1, events: 1 });
  });

  it('tells how far it is, up to the end of the file', async () => {
    const seen: ImportProgress[] = [];
    const file = await fileOf(LOBSTER_NAME, session.lines);
    const { read } = await run(file, 'lobster', { onProgress: (progress) => seen.push(progress) });
    const last = seen.at(-1);
    expect(last).toMatchObject({ read, bytesRead: last?.bytesTotal });
    expect(seen.map(({ read: lines }) => lines)).toEqual(seen.map(({ read: lines }) => lines).sort((a, b) => a - b));
  });

  it('names the flag that is wrong before it reads anything', async () => {
    await expect(run(await fileOf('messages.csv', session.lines), 'lobster')).rejects.toThrow('option "symbol"');
  });

  it('ends where most of many lines are malformed, and says that the format may be another', async () => {
    const file = await fileOf('orders.log', Array.from({ length: 100 }, (_, index) => `nonsense ${index}`));
    await expect(run(file, 'fix', { maxMalformedLines: 20 })).rejects.toMatchObject({ name: 'ImportError', code: 'wrong_format', file: 'orders.log' });
  });
});

const csvLine = (account: string | undefined, orderId: string, execId: string, quantity: string) => [
  `2026-11-20T14:30:0${execId.slice(1)}Z,${account ?? ''},${orderId},${execId},ACME,buy,${quantity},5`,
];
const CSV_HEADER = 'occurredAt,account,orderId,execId,symbol,side,quantity,price';
const shown = async () =>
  (await ledger.orders(tenant)).map(({ accountId, view }) => `${accountId} ${view.executions.map(({ execId }) => execId).join('+')}`).toSorted();

describe('the import of several accounts whose brokers use the same ids', () => {
  it('given lines that say their account, then each account has its own order and its own trades', async () => {
    const file = await fileOf('two.csv', [CSV_HEADER, ...csvLine('acc1', '1', 'x1', '10'), ...csvLine('acc2', '1', 'x2', '20'), ...csvLine('acc2', '1', 'x1', '10')]);
    expect(await run(file, 'csv')).toMatchObject({ events: 3, duplicates: 0, parked: 0 });
    expect(await shown()).toEqual(['acc1 x1', 'acc2 x1+x2']);
    expect(await run(file, 'csv')).toMatchObject({ events: 0, duplicates: 3 });
  });

  it('given a file for each account, then the flag keeps them apart as well', async () => {
    const file = await fileOf('one.csv', [CSV_HEADER, ...csvLine(undefined, '1', 'x1', '10')]);
    for (const account of ['acc1', 'acc2']) await run(file, 'csv', { options: { account } });
    expect(await shown()).toEqual(['acc1 x1', 'acc2 x1']);
  });

  it('given a line without an account after one that says it, then it is of that order', async () => {
    await run(await fileOf('some.csv', [CSV_HEADER, ...csvLine('acc1', '1', 'x1', '10'), ...csvLine(undefined, '1', 'x2', '20')]), 'csv');
    expect(await shown()).toEqual(['acc1 x1+x2']);
  });
});
