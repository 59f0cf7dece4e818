import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { commandKey, digest, orderId } from '../../src/domain/ids.js';
import type { RecordedEvent } from '../../src/eventstore/event-store.js';
import { parkedStream } from '../../src/eventstore/identity.js';
import type { FactParked, ParkedFactTakenUp } from '../../src/eventstore/side-events.js';
import { parkedProjection } from '../../src/projections/parked/projection.js';
import { collected } from '../support/ledger.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await startTestLedger();
});
afterAll(async () => {
  await ledger.close();
});

const ORDER = orderId('11111111-1111-5111-8111-111111111111');
const streamOf = (id: string): string => parkedStream({ kind: 'broker', scope: ['default', 'test'], id });
const parked = (id: string): FactParked => ({
  type: 'FactParked',
  data: { aliases: [{ kind: 'broker', scope: ['default', 'test'], id }], newAliases: [], fact: { type: 'OrderAccepted', data: { refs: { brokerOrderId: id } } } },
});
const takenUp = (factKey: string): ParkedFactTakenUp => ({ type: 'ParkedFactTakenUp', data: { factKey, orderId: ORDER } });

/** Map entries that are written while `facts` facts of one order are parked, then all taken up, in one batch or event by event. */
async function entriesWritten(id: string, facts: number): Promise<{ readonly entries: number; readonly rows: number }> {
  const stream = streamOf(id);
  for (let n = 0; n < facts; n += 1) await ledger.append(stream, [parked(id)], { commandKey: commandKey(`${id} fact ${n}`) });
  await ledger.append(stream, Array.from({ length: facts }, (_, n) => takenUp(`${id} fact ${n}`)));
  const events: RecordedEvent[] = await collected(ledger.store.readStream(stream));
  const fold = parkedProjection.open({ store: ledger.store, rows: { pool: ledger.database.pool, schema: '"public"' } });
  const written = vi.spyOn(Map.prototype, 'set');
  let rows = 0;
  for (const event of events) {
    const { changed } = await fold.changes([event]);
    rows += changed.flatMap(({ changes }) => changes.flatMap(({ upserts }) => upserts)).length;
  }
  const entries = written.mock.calls.length;
  written.mockRestore();
  return { entries, rows };
}

it('given four times as many facts of one unknown order, then four times as much is done for them, not sixteen', async () => {
  const [few, many] = [await entriesWritten('few', 50), await entriesWritten('many', 200)];
  expect([few.rows, many.rows]).toEqual([100, 400]);
  expect(many.entries / few.entries).toBeLessThan(4.5);
});

const context = (content: string) => ({ commandKey: commandKey('twice'), commandDigest: digest(content.repeat(64)) });

it('given two payloads under one key, when they are taken up, then both are; one that comes after waits anew', async () => {
  const stream = streamOf('twice');
  const projector = await ledger.startProjector();
  for (const content of ['a', 'b']) await ledger.append(stream, [parked('twice')], context(content));
  await ledger.append(stream, [takenUp('twice')]);
  await projector.waitFor(await ledger.append(stream, [parked('twice')], context('c')));
  const statuses = () => ledger.rows('SELECT revision::int AS revision, status FROM parked_fact WHERE stream = $1 ORDER BY revision', [stream]);
  expect(await statuses()).toEqual([
    { revision: 0, status: 'taken_up' },
    { revision: 1, status: 'taken_up' },
    { revision: 3, status: 'parked' },
  ]);
  await projector.waitFor(await ledger.append(stream, [takenUp('twice')]));
  expect((await statuses()).map(({ status }) => status)).toEqual(['taken_up', 'taken_up', 'taken_up']);
});
