import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataFolder, runCli } from '../support/cli.js';

/** One order whose trade comes in two versions, is corrected and busted; two versions of a trade of an unknown order; two bad lines. */
const at = (second: number): string => `2026-11-20T14:30:0${second}.000Z`;
const trade = (brokerOrderId: string, execId: string, lastQty: string, lastPx: string) => ({
  type: 'ExecutionRecorded',
  occurredAt: at(2),
  refs: { brokerOrderId },
  execution: { execId, side: 'buy', lastQty, lastPx, instrument: { symbol: 'ACME' } },
});
const LINES: readonly object[] = [
  { type: 'OrderPlaced', occurredAt: at(0), refs: { brokerOrderId: 'A-1' }, terms: { instrument: { symbol: 'ACME' }, side: 'buy', orderQty: '100', ordType: 'limit', price: '42' } },
  trade('A-1', 'E1', '40', '41.5'),
  trade('A-1', 'E1', '41', '41.4'),
  { ...trade('A-1', 'E2', '30', '41.5'), type: 'ExecutionCorrected', execRefId: 'E1', occurredAt: at(3) },
  { type: 'ExecutionBusted', occurredAt: at(4), refs: { brokerOrderId: 'A-1' }, execId: 'E3', execRefId: 'E1' },
  trade('Z-9', 'X1', '5', '7.5'),
  { ...trade('Z-9', 'X1', '6', '7.6'), session: 'ACME>BOT', sequence: '17' },
  { type: 'Nothing' },
  { type: 'Nothing else' },
];

let folder: { dir: string; remove(): Promise<void> };
let data: string;
const text = (...args: string[]) => runCli([...args, '--data', data, '--log-level', 'warn']);
const fileOf = async (name: string, content: string): Promise<string> => {
  const file = path.join(folder.dir, name);
  await writeFile(file, content);
  return file;
};
const sessionFile = () => fileOf('session.jsonl', LINES.map((line) => `${JSON.stringify(line)}\n`).join(''));

beforeEach(async () => {
  folder = await createDataFolder();
  data = path.join(folder.dir, 'data');
});
afterEach(() => folder.remove());

describe('what was known when, as text', () => {
  it('given trades in several versions, replay, the reports and the import say which is which, and where to look', async () => {
    const imported = await text('import', await sessionFile(), '--format', 'jsonl');
    expect(imported.stdout).toContain(`fillbook report quarantine --data ${data}\n`);
    expect(imported.stdout).toContain(`fillbook report parked --data ${data}\n`);

    const { stdout } = await text('replay', 'A-1');
    const table = stdout.slice(0, stdout.indexOf('\n\n')).split('\n');
    expect(table[0]).toMatch(/^# +occurredAt +recordedAt +event +details /u);
    for (const said of ['E1 buy 40 @ 41.5', 'other version: E1 buy 41 @ 41.4', 'E2 corrects E1: buy 30 @ 41.5', 'E3 busts E1']) expect(table.filter((line) => line.includes(said))).toHaveLength(1);
    // Only the cause may reach beyond what a wide terminal shows.
    expect(table[0]?.indexOf('cause')).toBeLessThanOrEqual(160);
    expect(stdout).toMatch(/^chain +intact$/mu);

    const parked = await runCli(['report', 'parked', '--data', data, '--json', '--log-level', 'warn']);
    expect(parked.rows()).toMatchObject([
      { details: 'X1 buy 5 @ 7.5', sequence: null, data: { execution: { lastQty: '5', lastPx: '7.5' } } },
      { details: 'X1 buy 6 @ 7.6', sequence: '17', data: { execution: { lastQty: '6', lastPx: '7.6' } } },
    ]);
    expect((await text('report', 'parked')).stdout).toMatch(/X1 buy 5 @ 7\.5.*\n.*X1 buy 6 @ 7\.6/u);
    expect((await text('report', 'quarantine')).stdout).toMatch(/session\.jsonl +8 .*\nsession\.jsonl +9 /u);
  });

  it.each([
    { name: 'empty', content: '', format: 'jsonl' },
    { name: 'blank', content: '\n \n', format: 'jsonl' },
    { name: 'without a record', content: 'occurredAt,orderId,execId,symbol,side,quantity,price\n', format: 'csv' },
  ])('given a file that is $name, import says so, and is done', async ({ content, format }) => {
    const { code, stdout } = await text('import', await fileOf('session.txt', content), '--format', format);
    expect(stdout).toContain('\nsession.txt holds no message: nothing was imported\n');
    expect(code).toBe(0);
  });
});
