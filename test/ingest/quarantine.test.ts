import { Buffer } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/eventstore/chain.js';
import { importFile } from '../../src/ingest/import-file.js';
import { replayQuarantined } from '../../src/ingest/replay-quarantined.js';
import { PARTIAL_FILL, fromBroker } from './fix-fixture.js';
import { ImportLedger } from './import-ledger.js';

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
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-quarantine-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const sound = fromBroker('8', PARTIAL_FILL);
/** What a log looks like whose text was redacted: the checksum no longer fits. */
const redacted = fromBroker('8', { ...PARTIAL_FILL, 34: '8', 17: 'E2', 14: '60', 151: '40', 58: 'client 4711' }).replace('4711', '****');
const notFix = 'java.net.SocketException: \0 reset';
const noPrice = fromBroker('8', { ...PARTIAL_FILL, 17: 'E3', 31: undefined });

async function importLines(lines: readonly string[], options: Readonly<Record<string, string>> = {}) {
  const file = path.join(dir, 'broker.log');
  await writeFile(file, lines.join('\n'));
  return importFile({ path: file, format: 'fix', options: { tenant, ...options }, handler: ledger.handler, store: ledger.store, producer: 'fillbook/test' });
}

/** The tenant's quarantine streams alone: other tests have theirs in the same store. */
async function replay(flags: Readonly<Record<string, string>> = {}) {
  const streams = new Set((await ledger.events(tenant, ['quarantine-'])).map(({ stream }) => stream));
  return replayQuarantined({ store: ledger.store, handler: ledger.handler, producer: 'fillbook/test', streams, flags });
}

describe('a malformed line', () => {
  it('goes to the quarantine with its place, field and reason, and the other lines go on', async () => {
    const summary = await importLines([redacted, sound, notFix, noPrice, sound]);
    expect(summary).toMatchObject({ read: 5, commands: 2, events: 1, duplicates: 1, quarantined: 3 });
    const quarantined = await ledger.ingestEvents(tenant, 'quarantine-');
    const seen = quarantined.map(({ data }) => data).sort((a, b) => ('line' in a && 'line' in b ? a.line.localeCompare(b.line) : 0));
    expect(seen).toMatchObject([
      { origin: 'broker.log', line: '1', format: 'fix', field: 'CheckSum (10)', reason: expect.stringContaining('CheckSum (10) says'), content: redacted, options: { tenant } },
      { line: '3', reason: 'no message that begins with 8=FIX and a version', content: 'java.net.SocketException: \u2400 reset' },
      { line: '4', field: 'LastPx (31)', reason: 'LastPx (31) is required and missing' },
    ]);
    const positions = (await ledger.events(tenant, ['quarantine-'])).map(({ position }) => position);
    expect(summary.position).toBeGreaterThanOrEqual(positions.at(-1) ?? 0n);
  });

  it('is kept once, however often the file is imported', async () => {
    await importLines([notFix, sound]);
    const head = await ledger.store.head();
    expect(await importLines([notFix, sound])).toMatchObject({ events: 0, quarantined: 1, position: expect.anything() });
    expect(await ledger.store.head()).toBe(head);
  });

  it('that is too long is kept in part', async () => {
    expect(await importLines(['x'.repeat(1_100_000), sound])).toMatchObject({ read: 2, events: 1, quarantined: 1 });
    const [event] = await ledger.ingestEvents(tenant, 'quarantine-');
    expect(event?.data).toMatchObject({ content: 'x'.repeat(100_000), reason: 'the line is longer than 1048576 bytes' });
    expect(await replay()).toMatchObject({ read: 1, replayed: 0, remaining: 1 });
  });
});

describe('credentials of a malformed line', () => {
  it('are kept neither of a column that is called so, nor of a log in UTF-16', async () => {
    const logon = fromBroker('A', { 554: 'hunter2' });
    const table = 'occurredAt;execId;symbol;quantity;price;API key\n2026-11-20T14:30:00Z;x-1;ACME;forty;1;hunter2\n';
    for (const [name, bytes, format, options] of [['wide.log', Buffer.from(logon, 'utf16le'), 'fix', {}], ['trades.csv', Buffer.from(table), 'csv', { ignore: 'API key' }]] as const) {
      const file = path.join(dir, name);
      await writeFile(file, bytes);
      expect(await importFile({ path: file, format, options: { tenant, ...options }, handler: ledger.handler, store: ledger.store })).toMatchObject({ quarantined: 1 });
    }
    const kept = (await ledger.ingestEvents(tenant, 'quarantine-')).map(({ data }) => ('content' in data ? data.content : ''));
    expect(kept).toEqual([logon.replace('hunter2', '***'), table.replace('hunter2\n', '***')]);
  });
});

describe('the replay of quarantined lines', () => {
  it('records what can be parsed by now, once, and leaves the rest', async () => {
    await importLines([sound, redacted, notFix]);
    expect(await replay()).toMatchObject({ read: 2, replayed: 0, events: 0, remaining: 2 });
    expect(await ledger.figures(tenant)).toEqual(['O1 C1 partially_filled 100 30 70 1 0 0']);

    expect(await replay({ checksum: 'ignore' })).toMatchObject({ read: 2, replayed: 1, events: 1, remaining: 1 });
    expect(await ledger.figures(tenant)).toEqual(['O1 C1 partially_filled 100 60 40 2 0 0']);

    const head = await ledger.store.head();
    expect(await replay({ checksum: 'ignore' })).toMatchObject({ read: 1, replayed: 0, events: 0, remaining: 1 });
    expect(await ledger.store.head()).toBe(head);
  });

  it('notes it in the line’s own stream, in one chain', async () => {
    await importLines([redacted]);
    await replay({ checksum: 'ignore' });
    const events = await ledger.events(tenant, ['quarantine-']);
    expect(events.map(({ type, revision }) => [type, revision])).toEqual([
      ['LineQuarantined', 0n],
      ['QuarantinedLineReplayed', 1n],
    ]);
    expect(await verifyChain(events[0]?.stream ?? '', events)).toMatchObject({ kind: 'intact', events: 2n });
  });

  it('after a kill between the facts and the note counts the facts once', async () => {
    await importLines([redacted]);
    await importLines([redacted], { checksum: 'ignore' });
    expect(await replay({ checksum: 'ignore' })).toMatchObject({ replayed: 1, events: 0, duplicates: 1 });
  });

  it('by two processes at once notes it once', async () => {
    await importLines([redacted]);
    const both = await Promise.all([replay({ checksum: 'ignore' }), replay({ checksum: 'ignore' })]);
    expect(both.reduce((sum, { events }) => sum + events, 0)).toBe(1);
    expect(await ledger.events(tenant, ['quarantine-'])).toHaveLength(2);
  });
});
