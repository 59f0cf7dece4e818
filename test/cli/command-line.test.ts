import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataFolder, runCli, startCli } from '../support/cli.js';

/** Two filled or cancelled orders, one that rests, one execution of an order from before, one hidden one, one bad line. */
const LOBSTER = [
  '34200.004241176,1,101,18,5853300,1',
  '34200.104241176,4,101,10,5853300,1',
  '34200.204241176,4,101,8,5853300,1',
  '34200.304241176,1,102,100,5859100,-1',
  '34200.404241176,2,102,30,5859100,-1',
  '34200.504241176,3,102,70,5859100,-1',
  '34200.604241176,1,103,5,5850000,1',
  '34200.704241176,4,99,7,5850000,1',
  '34200.804241176,5,0,1,5850000,1',
  '34200.904241176,1,104,many,5850000,1',
  '',
].join('\n');

let dir: string;
let folder: { dir: string; remove(): Promise<void> };
let file: string;
const cli = (...args: string[]) => runCli([...args, '--data', dir, '--json', '--log-level', 'warn']);

beforeEach(async () => {
  folder = await createDataFolder();
  dir = folder.dir;
  file = path.join(dir, 'TEST_2012-06-21_34200000_37800000_message_1.csv');
  await writeFile(file, LOBSTER);
});
afterEach(() => folder.remove());

describe('the command line', () => {
  it('given --help, names every command; given a command, its options', async () => {
    const [all, one, version] = await Promise.all([runCli(['--help']), runCli(['import', '--help']), runCli(['--version'])]);
    for (const command of ['serve', 'demo', 'import', 'report', 'replay', 'quarantine', 'rebuild', 'eventstore']) expect(all.stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'mu'));
    for (const option of ['--format', '--data', '--json', '--symbol', '--strict']) expect(one.stdout).toContain(option);
    expect(version.stdout.trim()).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
    expect([all.code, one.code, version.code]).toEqual([0, 0, 0]);
  });

  it.each([
    { name: 'no command', args: [] },
    { name: 'an unknown command', args: ['imprt'] },
    { name: 'no format', args: ['import', 'x.csv'] },
    { name: 'an unknown format', args: ['import', 'x.csv', '--format', 'xls'] },
    { name: 'an unknown report', args: ['report', 'trades'] },
    { name: 'a port that is none', args: ['serve', '--port', 'http'] },
  ])('given $name, says so, starts nothing and exits with 2', async ({ args }) => {
    const { code, stdout, stderr } = await runCli(args);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    expect(code).toBe(2);
  });

  it('given a file that is not there, exits with 4 and names it', async () => {
    const { code, stderr } = await cli('import', path.join(dir, 'nowhere.csv'), '--format', 'lobster', '--symbol', 'T', '--date', '2012-06-21');
    expect(stderr).toContain('nowhere.csv');
    expect(code).toBe(4);
  });
});

describe('import, report and replay on one data folder', () => {
  it('given a file, imports it once, whatever often it is run', async () => {
    const first = await cli('import', file, '--format', 'lobster');
    expect(first.code).toBe(0);
    expect(first.rows().at(-1)).toMatchObject({ read: 10, commands: 8, events: 8, duplicates: 0, parked: 1, quarantined: 1 });

    const again = await cli('import', file, '--format', 'lobster', '--strict');
    expect(again.rows().at(-1)).toMatchObject({ read: 10, commands: 8, events: 0, quarantined: 1 });
    expect(again.code).toBe(3);

    const orders = new Map((await cli('report', 'orders')).rows().map((row) => [row['orderId'], row]));
    expect(orders.size).toBe(3);
    expect(orders.get('101')).toMatchObject({ ordStatus: 'Filled', orderQty: '18', cumQty: '18', leavesQty: '0', avgPx: '585.33', side: 'buy', symbol: 'TEST' });
    expect(orders.get('102')).toMatchObject({ ordStatus: 'Canceled', cumQty: '0', leavesQty: '0', side: 'sell' });
    expect(orders.get('103')).toMatchObject({ ordStatus: 'New', leavesQty: '5' });

    expect((await cli('report', 'parked')).rows()).toMatchObject([{ orderId: '99', fact: 'ExecutionRecorded' }]);
    expect((await cli('report', 'quarantine')).rows()).toMatchObject([{ line: '10', field: 'size', content: '34200.904241176,1,104,many,5850000,1' }]);
    expect((await cli('report', 'unfilled')).rows()).toEqual([]);
  });

  it('given trades in it, reports the ledger: balances, as of any place, lots and what was realised', async () => {
    await cli('import', file, '--format', 'lobster');
    const balances = (await cli('report', 'trial-balance', '--cost-method', 'average')).rows();
    expect(balances.map(({ ledgerAccount, unit, amount }) => [ledgerAccount, unit, amount])).toEqual([
      ['instrument', 'TEST', '18'],
      ['instrument_trading', 'TEST', '-18'],
      ['cash', 'USD', '-10535.94'],
      ['trading', 'USD', '10535.94'],
    ]);
    expect((await cli('report', 'trial-balance', '--as-of', '1')).rows()).toEqual([]);
    expect((await cli('report', 'trial-balance', '--as-of', 'yesterday')).code).toBe(2);
    const lots = (await cli('report', 'lots')).rows();
    expect(lots.map(({ symbol, quantity }) => [symbol, quantity])).toEqual([['TEST', '10'], ['TEST', '8']]);
    expect((await cli('report', 'pnl')).rows()).toEqual([]);
  });

  it('replays an order event by event, with the state after each and the verdict of its chain', async () => {
    await cli('import', file, '--format', 'lobster');
    const replay = await cli('replay', '101');
    const steps = replay.rows();
    expect(steps.map(({ revision, type }) => [revision, type])).toEqual([
      ['0', 'OrderPlaced'],
      ['1', 'ExecutionRecorded'],
      ['2', 'ExecutionRecorded'],
      [undefined, undefined],
    ]);
    expect(steps.map(({ state }) => state)).toMatchObject([{ ordStatus: 'New', leavesQty: '18' }, { ordStatus: 'Partially Filled', cumQty: '10' }, { ordStatus: 'Filled', avgPx: '585.33' }, undefined]);
    expect(steps[0]).toMatchObject({ occurredAt: '2012-06-21T13:30:00.004241176Z', chain: 'ok', cause: { actor: 'import' } });
    expect(steps.at(-1)).toMatchObject({ chain: 'intact', events: 3 });
    expect(replay.code).toBe(0);
    expect((await cli('replay', 'no-such-order')).code).toBe(4);
  });

  it('given rebuilt read models, reports the same as before', async () => {
    await cli('import', file, '--format', 'lobster');
    const before = await cli('report', 'orders');
    const postings = await cli('report', 'postings');
    expect(postings.rows().length).toBeGreaterThan(0);
    const rebuilt = await cli('rebuild');
    expect(rebuilt.rows().map(({ projection }) => projection)).toEqual(['orders', 'positions', 'event-index', 'ledger', 'parked', 'quarantine']);
    expect((await cli('report', 'orders')).stdout).toBe(before.stdout);
    expect((await cli('report', 'postings')).stdout).toBe(postings.stdout);
  });
});

describe('a command beside others', () => {
  it('given a reader that closes the pipe, ends without a complaint', async () => {
    await cli('import', file, '--format', 'lobster');
    const report = startCli(['report', 'orders', '--data', dir, '--json', '--log-level', 'warn']);
    report.child.stdout?.destroy();
    const { code, stderr } = await report.finished;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('given a broker line that would drive a terminal, shows its characters by their code points', async () => {
    await writeFile(file, '34200.1,1,7,\u001B[2Jmany,5853300,1\n');
    await cli('import', file, '--format', 'lobster');
    const { stdout } = await runCli(['report', 'quarantine', '--data', dir, '--log-level', 'warn']);
    expect(stdout).not.toContain('\u001B');
    expect(stdout).toContain('\\u{1b}[2Jmany');
  });
});

describe('a store that somebody has changed on the disk', () => {
  it('is found by verify and by replay, which exit with 5', async () => {
    await cli('import', file, '--format', 'lobster');
    // The keeper lets go of the folder a moment after its last client: only then can the store be walked, or changed.
    const verify = () => cli('eventstore', 'verify');
    await expect.poll(async () => (await verify()).code, { timeout: 30_000, interval: 200 }).toBe(0);
    const storeFile = path.join(dir, 'eventstore', 'events.mdb');
    const stored = await readFile(storeFile);
    // All copies: LMDB leaves a page that it has written anew where it was.
    const [sold, forged] = ['"lastQty":"10"', '"lastQty":"90"'];
    expect(stored.indexOf(sold)).toBeGreaterThan(0);
    for (let at = stored.indexOf(sold); at >= 0; at = stored.indexOf(sold, at)) stored.write(forged, at);
    await writeFile(storeFile, stored);

    const verified = await verify();
    const problems = verified.rows()[0]?.['problems'];
    expect(problems).not.toEqual([]);
    expect(verified.code).toBe(5);
    const asText = await runCli(['eventstore', 'verify', '--data', dir]);
    expect(asText.stdout.split('\n').filter((line) => line.startsWith('  ')).map((line) => line.trim())).toEqual(problems);
    const replayed = await cli('replay', '101');
    expect(replayed.stderr).toContain('damaged');
    expect(replayed.code).toBe(5);
  });
});

describe('eventstore', () => {
  it('given a path without a store, verify says so, makes nothing there, and exits with 4', async () => {
    const nowhere = path.join(dir, 'nowhere');
    const verified = await runCli(['eventstore', 'verify', '--data', nowhere]);
    expect(verified.stderr).toContain(`there is no event store at ${path.join(nowhere, 'eventstore')}`);
    expect(verified.code).toBe(4);
    expect(existsSync(nowhere)).toBe(false);
  });

  it.runIf(process.platform === 'linux')('given a folder that cannot be made, says which and why', async () => {
    const started = await runCli(['eventstore', '--port', '0', '--data', '/proc/nowhere']);
    expect(started.stderr).toContain("no such file or directory, mkdir '/proc/nowhere'");
    expect(started.code).toBe(4);
  });
});

describe('eventstore on an IPv6 address', () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

  it.runIf(hasIpv6)('given --host ::1, says where it listens with the address in brackets', async () => {
    const server = startCli(['eventstore', '--host', '::1', '--port', '0', '--data', dir, '--json']);
    const [, url = ''] = await server.printed(/"url":"([^"]+)"/u);
    expect(url).toMatch(/^esdb:\/\/\[::1\]:\d+\?tls=false$/u);
    server.child.kill('SIGTERM');
    expect((await server.finished).code).toBe(0);
  });
});

describe('serve', () => {
  it('given a port that is taken, says so and exits with 2', async () => {
    const server = startCli(['serve', '--port', '0', '--data', dir, '--json']);
    const [, url = ''] = await server.printed(/"url":"([^"]+)"/u);
    const second = await runCli(['serve', '--port', new URL(url).port, '--data', dir, '--json', '--log-level', 'warn']);
    expect(second.stderr).toContain('the address is in use');
    expect(second.stderr).not.toContain('    at ');
    expect(second.code).toBe(2);
    server.child.kill('SIGINT');
    expect((await server.finished).code).toBe(0);
  });

  it('serves while other commands use its folder, and ends gracefully', async () => {
    const server = startCli(['serve', '--port', '0', '--data', dir, '--json']);
    const [, url = ''] = await server.printed(/"url":"([^"]+)"/u);
    await expect(fetch(new URL('/health/live', url))).resolves.toMatchObject({ status: 200 });
    await expect.poll(async () => (await fetch(new URL('/health/ready', url))).status, { timeout: 10_000 }).toBe(200);

    expect((await cli('import', file, '--format', 'lobster')).code).toBe(0);
    const reply = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ order(brokerOrderId: "101") { ordStatus cumQty } }' }) });
    expect(await reply.json()).toEqual({ data: { order: { ordStatus: 'FILLED', cumQty: '18' } } });

    server.child.kill('SIGTERM');
    expect((await server.finished).code).toBe(0);
    expect((await cli('report', 'orders')).rows()).toHaveLength(3);
  });
});

describe('demo', () => {
  it('plays its session and reports what is unfilled; played again, it plays another one beside it', async () => {
    const args = ['demo', '--once', '--port', '0', '--pause', '1', '--data', dir];
    const first = await runCli([...args, '--json']);
    expect(first.code).toBe(0);
    const unfilled = first.rows();
    expect(unfilled.map(({ target, status, filledQty }) => [target, status, filledQty])).toEqual([
      ['put_spread_1_60', 'partially_filled', '2'],
      ['put_spread_1_80', 'active', '0'],
      ['put_spread_7_35', 'active', '0'],
      ['put_spread_7_70', 'active', '0'],
      ['swing_1_25', 'active', '0'],
    ]);

    const second = await runCli(args);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain('counted once: nothing is new');
    expect(second.stdout).toMatch(/target filled: 100 of 100/u);
    expect(second.stdout).toContain('Unfilled targets (10)');
  });
});
