import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataFolder, runCli } from '../support/cli.js';

const PLACED = {
  type: 'OrderPlaced',
  occurredAt: '2026-11-20T14:30:00.120Z',
  refs: { brokerOrderId: 'A-1' },
  terms: { instrument: { symbol: 'ACME' }, side: 'buy', orderQty: '100', ordType: 'limit', price: '42' },
};

let folder: { dir: string; remove(): Promise<void> };
let data: string;
const text = (...args: string[]) => runCli([...args, '--data', data, '--log-level', 'warn']);

beforeEach(async () => {
  folder = await createDataFolder();
  data = path.join(folder.dir, 'data');
});
afterEach(() => folder.remove());

describe('a folder without a store', () => {
  it.each([{ args: ['report', 'orders'] }, { args: ['replay', 'A-1'] }, { args: ['rebuild'] }, { args: ['quarantine', 'replay'] }])('given to $args.0, is named, and nothing is made', async ({ args }) => {
    const { code, stderr } = await text(...args);
    expect(stderr).toContain(`there is no store in the folder ${data}`);
    expect(stderr).toContain('--data');
    expect(code).toBe(4);
    expect(existsSync(data)).toBe(false);
  });

  it('given an event store without read models, report builds them', async () => {
    const file = path.join(folder.dir, 'orders.jsonl');
    await writeFile(file, JSON.stringify(PLACED));
    await text('import', file, '--format', 'jsonl');
    // The stores stop a moment after their last command.
    await expect.poll(() => readFile(path.join(data, 'keeper.log'), 'utf8'), { timeout: 30_000 }).toMatch(/keeper \d+ ended/u);
    await rm(path.join(data, 'postgres'), { recursive: true });
    const { code, stdout } = await text('report', 'orders');
    expect(stdout).toContain('A-1');
    expect(code).toBe(0);
  });
});
