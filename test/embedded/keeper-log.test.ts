import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKeeperLog } from '../../src/embedded/keeper-log.js';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fillbook-log-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test('given a log, when more is written than it may hold, also over several openings, then its files stay bounded', async () => {
  const path = join(dir, 'keeper.log');
  for (let opening = 0; opening < 4; opening += 1) {
    const log = openKeeperLog(path);
    for (let line = 0; line < 300; line += 1) log(`${opening} ${line} ${'x'.repeat(10_000)}`);
  }
  const sizes = [(await stat(path)).size, (await stat(`${path}.1`)).size];
  for (const size of sizes) expect(size).toBeLessThan(1_048_576 + 5_000);
  expect(await readFile(path, 'utf8')).toMatch(/T.*Z 3 299 x+\n$/);
});

test('given a log that cannot be written, when a line is written, then nothing is thrown', () => {
  expect(() => openKeeperLog(join(dir, 'missing', 'keeper.log'))('line')).not.toThrow();
});
