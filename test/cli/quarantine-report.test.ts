import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listQuarantineByLine } from '../../src/projections/quarantine/queries.js';
import type { QuarantineLinePlace } from '../../src/projections/quarantine/queries.js';
import type { LineQuarantined } from '../../src/eventstore/side-events.js';
import { startTestLedger } from '../projections/ledger.js';
import type { TestLedger } from '../projections/ledger.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await startTestLedger();
});
afterAll(() => ledger.close());

const quarantined = (origin: string, line: string): LineQuarantined => ({
  type: 'LineQuarantined',
  data: { origin, line, format: 'csv', reason: 'no number', content: `${origin} ${line}`, options: {} },
});

it('given lines of two files that were set aside in any order, then they are listed by file and line, a page at a time', async () => {
  const places = [['b.csv', '7'], ['a.csv', '11'], ['a.csv', '6'], ['b.csv', '6'], ['a.csv', '100']] as const;
  let last = 0n;
  for (const [origin, line] of places) last = await ledger.append(`quarantine-${randomUUID()}`, [quarantined(origin, line)]);
  await (await ledger.startProjector()).waitFor(last);

  const listed: string[] = [];
  let after: QuarantineLinePlace | undefined;
  for (let hasMore = true; hasMore; ) {
    const page = await listQuarantineByLine(ledger.database, { tenantId: 'default', accountIds: 'all' }, { filter: { status: 'quarantined' }, first: 2, after });
    listed.push(...page.rows.map(({ origin, line }) => `${origin} ${line}`));
    after = page.rows.at(-1);
    ({ hasMore } = page);
  }
  expect(listed).toEqual(['a.csv 6', 'a.csv 11', 'a.csv 100', 'b.csv 6', 'b.csv 7']);
});
