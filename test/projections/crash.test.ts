import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compareRebuilt } from '../../src/projections/compare-rebuilt.js';
import { PROJECTIONS } from '../../src/projections/catalogue.js';
import { readCheckpoints } from '../../src/projections/checkpoint.js';
import { ChildProgram } from '../embedded/child-program.js';
import { filled, orderStreamAt, placed } from './histories.js';
import { startTestLedger } from './ledger.js';
import type { TestLedger } from './ledger.js';

const compiled = (path: string): string => JSON.stringify(new URL(`../../dist/${path}`, import.meta.url).href);

/** A process that projects until it is killed. It counts the rows of the event index a second time, in the same transactions. */
const PROJECTING = `
  import { connectEventStore } from ${compiled('eventstore/client.js')};
  import { PROJECTIONS } from ${compiled('projections/catalogue.js')};
  import { openDatabase } from ${compiled('projections/database.js')};
  import { startProjector } from ${compiled('projections/projector.js')};
  const [eventStoreUrl, databaseUrl, storeId] = process.argv.slice(1);
  const counted = (table) => ({
    ...table,
    settle: (client, schema, rows) => client.query('UPDATE counted SET events = events + $1', [rows.length]),
  });
  const projections = PROJECTIONS.map((projection) => projection.name === 'event-index' ? { ...projection, tables: projection.tables.map(counted), open: openCounted(projection) } : projection);
  function openCounted(projection) {
    return (options) => {
      const fold = projection.open(options);
      const table = counted(projection.tables[0]);
      return {
        reset: () => fold.reset(),
        changes: async (events) => {
          const { changed, failed } = await fold.changes(events);
          return { failed, changed: changed.map((stream) => ({ ...stream, changes: stream.changes.map((change) => ({ ...change, table })) })) };
        },
      };
    };
  }
  await startProjector({ store: connectEventStore({ url: eventStoreUrl }), storeId, database: openDatabase(databaseUrl), projections });
  console.log('started');
`;

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await startTestLedger();
});
afterEach(async () => {
  await ledger.close();
});

it('given two projecting processes, when they are killed with -9 again and again while events come, then every event counts exactly once', { timeout: 120_000 }, async () => {
  await ledger.rows('CREATE TABLE counted (events bigint NOT NULL); INSERT INTO counted VALUES (0)');
  const start = async (): Promise<ChildProgram> => {
    const child = new ChildProgram(PROJECTING, { args: [ledger.server.url, ledger.databaseUrl, ledger.storeId] });
    await child.line();
    return child;
  };
  const children = [await start(), await start()];
  try {
    let position = 0n;
    let events = 0;
    for (let round = 0; round < 8; round += 1) {
      const batches = 5 + randomInt(40);
      for (let n = 0; n < batches; n += 1) {
        const order = randomInt(30);
        const facts = [placed(order), ...Array.from({ length: 10 }, (_, m) => filled(order, `E${events}-${m}`, '1'))];
        position = await ledger.append(orderStreamAt(order), facts);
        events += facts.length;
      }
      const victim = children.splice(round % children.length, 1)[0];
      await victim?.kill();
      children.push(await start());
    }
    await expect.poll(() => reached(position), { timeout: 30_000 }).toBe(true);
    // The genesis is one more.
    expect(await ledger.rows('SELECT events, (SELECT count(*) FROM event_index) AS rows FROM counted')).toEqual([{ events: `${events + 1}`, rows: `${events + 1}` }]);
    for (const projection of PROJECTIONS) expect((await compareRebuilt({ ...ledger, projection })).differences).toEqual([]);
  } finally {
    await Promise.all(children.map((child) => child.kill()));
  }
});

async function reached(position: bigint): Promise<boolean> {
  const checkpoints = await readCheckpoints(ledger.database.pool);
  return checkpoints.length === PROJECTIONS.length && checkpoints.every((checkpoint) => (checkpoint.position ?? -1n) >= position);
}
