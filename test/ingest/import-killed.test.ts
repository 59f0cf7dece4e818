import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connectEventStore } from '../../src/eventstore/client.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { importFile } from '../../src/ingest/import-file.js';
import { ChildProgram } from '../embedded/child-program.js';
import { startTestEventStore } from '../support/event-store.js';
import { ImportLedger } from './import-ledger.js';
import { LOBSTER_NAME, lobsterSession } from './lobster-fixture.js';

const moduleOf = (name: string): string => JSON.stringify(new URL(`../../dist/${name}.js`, import.meta.url).href);

/** Imports a file and prints how far it is, until it is killed. */
const program = `
  import { connectEventStore } from ${moduleOf('eventstore/client')};
  import { createCommandHandler } from ${moduleOf('eventstore/handle-command')};
  import { importFile } from ${moduleOf('ingest/import-file')};
  const [url, path, tenant] = process.argv.slice(1);
  const store = connectEventStore({ url });
  const handler = createCommandHandler({ store, producer: 'fillbook/test' });
  await importFile({ path, format: 'lobster', options: { tenant }, handler, store, onProgress: ({ events }) => console.log(JSON.stringify({ events })) });
  console.log(JSON.stringify({ ended: true }));
`;
const progressLine = z.object({ events: z.number().optional(), ended: z.boolean().optional() });

let ledger: ImportLedger;
let dir: string;

beforeAll(async () => {
  ledger = await ImportLedger.open();
});
afterAll(async () => {
  await ledger.close();
});
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-killed-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const session = lobsterSession(2_000, 7);

async function sessionFile(): Promise<string> {
  const file = path.join(dir, LOBSTER_NAME);
  await writeFile(file, session.lines.join('\n'));
  return file;
}

/** Runs the import in a process of its own and kills it once it has recorded so many events. */
async function importAndKill(file: string, tenant: string, atEvents: number): Promise<number> {
  const child = new ChildProgram(program, { args: [ledger.server.url, file, tenant] });
  try {
    for (;;) {
      const { events = 0, ended = false } = progressLine.parse(JSON.parse(await child.line()));
      if (ended || events >= atEvents) return events;
    }
  } finally {
    await child.kill();
  }
}

describe('an import that is killed with -9', () => {
  it('loses and doubles nothing when it is run again, however often it is killed', async () => {
    const tenant = ledger.newTenant();
    const file = await sessionFile();
    const facts = session.facts + session.unknown;
    for (const atEvents of [300, 1_000]) {
      const killedAt = await importAndKill(file, tenant, atEvents);
      expect(killedAt).toBeLessThan(facts);
    }
    const before = await ledger.events(tenant, ['order-', 'parked-']);
    const summary = await importFile({ path: file, format: 'lobster', options: { tenant }, handler: ledger.handler, store: ledger.store });

    expect(before.length).toBeGreaterThanOrEqual(1_000);
    expect(summary).toMatchObject({ duplicates: before.length, events: facts - before.length });
    expect(await ledger.events(tenant, ['order-', 'parked-'])).toHaveLength(facts);
    expect(await ledger.outcome(tenant)).toEqual(session.outcome);
  });
});

describe('an import whose event store goes away', () => {
  it('ends with the file, the line and the reason, and goes on when it is run again', async () => {
    const server = await startTestEventStore();
    const store = connectEventStore({ url: server.url, appendDeadlineMs: 500, giveUpAfterMs: 500, readDeadlineMs: 500 });
    const handler = createCommandHandler({ store, producer: 'fillbook/test', factGiveUpAfterMs: 500 });
    try {
      const file = await sessionFile();
      let killed: Promise<void> | undefined;
      const importing = importFile({
        path: file,
        format: 'lobster',
        options: {},
        handler,
        store,
        onProgress: ({ events }) => {
          if (events > 0) killed ??= server.kill();
        },
      });
      await expect(importing).rejects.toMatchObject({ name: 'ImportError', code: 'store', file: LOBSTER_NAME, line: expect.any(Number) });
      await killed;
      await server.restart();
      // As a new process would, with its usual patience.
      const patient = connectEventStore({ url: server.url });
      const next = createCommandHandler({ store: patient, producer: 'fillbook/test' });
      const again = await importFile({ path: file, format: 'lobster', options: {}, handler: next, store: patient });
      await next.close();
      await patient.close();
      expect(again.duplicates).toBeGreaterThan(0);
      expect(again.duplicates + again.events).toBe(session.facts + session.unknown);
    } finally {
      await handler.close();
      await store.close();
      await server.stop();
    }
  });
});
