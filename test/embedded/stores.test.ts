import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lockFolder, lockHolder } from '../../src/embedded/folder-lock.js';
import { ownIdentity } from '../../src/embedded/process-identity.js';
import { append, countEvents } from './events.js';
import { endKeeper, keeperRecord } from './keeper-record.js';
import { PreparedFolder } from './prepared-folder.js';
import { query } from './query.js';
import { processesOf, runs, until } from './processes.js';
import { StoresProcess, type StoresRequest } from './stores-process.js';

let prepared: PreparedFolder;
let folder: string;
let dataDir: string;
let commands: StoresProcess[];

beforeAll(async () => {
  prepared = await PreparedFolder.make();
});

afterAll(() => prepared.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fillbook-stores-'));
  dataDir = join(folder, 'data');
  commands = [];
  await mkdir(dataDir);
  await prepared.copyTo(join(dataDir, 'postgres'));
});

afterEach(async () => {
  await Promise.all(commands.map((started) => started.child.kill()));
  await endKeeper(dataDir);
  await until('every process of the folder is gone', async () => (await processesOf(folder)).length === 0);
  await rm(folder, { recursive: true, force: true });
});

function command(request: Partial<StoresRequest> = {}): StoresProcess {
  const started = new StoresProcess({ dataDir, ...request });
  commands.push(started);
  return started;
}

function keeper(): Promise<{ pid: number; port: number }> {
  return keeperRecord(dataDir);
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function answers(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(() => true, () => false);
}

const KEEP = "CREATE TABLE note AS SELECT 'kept' AS body";
const KEPT = [{ body: 'kept' }];

describe('the stores of a data folder', () => {
  test('given a command has closed, when others follow, at once or after the stores have ended, then they find what it left', async () => {
    const first = command({ eventStore: true });
    const made = await first.both();
    await query(made.databaseUrl, KEEP);
    await append(made.eventStoreUrl, 'notes');
    const { pid } = await keeper();
    await first.close();
    const second = command({ eventStore: true });
    expect(await second.both()).toEqual(made);
    expect((await keeper()).pid).toBe(pid);
    await second.close();
    await until('the stores have ended', async () => (await processesOf(folder)).length === 0);
    const third = command({ eventStore: true });
    const found = await third.both();
    expect(await query(found.databaseUrl, 'SELECT body FROM note')).toEqual(KEPT);
    expect(await countEvents(found.eventStoreUrl, 'notes')).toBe(1);
    expect((await keeper()).pid).not.toBe(pid);
  });

  test('given a command that needs one store, when it asks, then only that one is started', async () => {
    const one = command({ eventStore: true, postgres: false });
    const { eventStoreUrl, databaseUrl } = await one.opened();
    expect(eventStoreUrl).toMatch(/^esdb:/);
    expect(databaseUrl).toBeUndefined();
    await expect(postmasterPid()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('given many commands start at once, when one closes and one is killed, then the others go on with the same stores', async () => {
    const all = Array.from({ length: 6 }, () => command());
    const urls = await Promise.all(all.map((one) => one.database()));
    expect(new Set(urls).size).toBe(1);
    await all[0]?.close();
    await all[1]?.child.kill();
    expect(await query(urls[0] ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('given the only command is killed with -9, when a moment has passed, then no process is left', async () => {
    const only = command();
    await only.opened();
    await only.child.kill();
    await until('every process is gone', async () => (await processesOf(folder)).length === 0);
    expect(await stat(join(dataDir, 'keeper.json')).catch(() => 'removed')).toBe('removed');
  });

  test('given the keeper is killed with -9, when its command asks why, then it is told, and the next command starts anew', async () => {
    const first = command({ eventStore: true });
    const made = await first.both();
    await query(made.databaseUrl, KEEP);
    await append(made.eventStoreUrl, 'notes');
    const before = await processesOf(dataDir);
    const { pid } = await keeper();
    process.kill(pid, 'SIGKILL');
    expect(await first.failed()).toContain(`their keeper (process ${pid}) ended unexpectedly`);
    const second = command({ eventStore: true });
    const found = await second.both();
    expect(await query(found.databaseUrl, 'SELECT body FROM note')).toEqual(KEPT);
    expect(await countEvents(found.eventStoreUrl, 'notes')).toBe(1);
    // Of the stores that the killed keeper ran, none is left.
    const stores = before.filter(({ command: line }) => /bin\/postgres|eventstore\/server-process/.test(line));
    expect(stores.length).toBeGreaterThan(2);
    for (const { pid: store } of stores) await until(`process ${store} is gone`, async () => !(await runs(store)));
  });

  test('given the keeper is told to end, when a command arrives meanwhile, then it waits and starts the next one', async () => {
    const first = command();
    await first.opened();
    const { pid } = await keeper();
    process.kill(pid, 'SIGTERM');
    const second = command();
    expect(await first.failed()).toContain('was ended by SIGTERM');
    expect(await answers(await second.database())).toBe(true);
    expect((await keeper()).pid).not.toBe(pid);
  });

  test('given Postgres is killed, when it was for the first time, then it is back at the same address; the second time all are told', async () => {
    const first = command();
    const url = await first.database();
    await query(url, KEEP);
    const pid = await postmasterPid();
    process.kill(pid, 'SIGKILL');
    await until('Postgres answers again', () => answers(url));
    expect(await query(url, 'SELECT body FROM note')).toEqual(KEPT);
    const again = await postmasterPid();
    expect(again).not.toBe(pid);
    process.kill(again, 'SIGKILL');
    expect(await first.failed()).toMatch(/Postgres \(process \d+\) ended unexpectedly, for the second time/);
  });

  test('given the event store is killed, when a command goes on, then it is back at the same address with all its events', async () => {
    const first = command({ eventStore: true, postgres: false });
    const { eventStoreUrl = '' } = await first.opened();
    await append(eventStoreUrl, 'notes');
    process.kill(await lockHolder(join(dataDir, 'eventstore')) ?? 0, 'SIGKILL');
    await until('the event store answers again', () => countEvents(eventStoreUrl, 'notes').then(() => true, () => false));
    expect(await countEvents(eventStoreUrl, 'notes')).toBe(1);
  });

  test('given a terminal sends Ctrl-C to the command, when it still needs the stores, then they answer', async () => {
    const interrupted = new StoresProcess({ dataDir }, { detached: true });
    commands.push(interrupted);
    const url = await interrupted.database();
    process.kill(-interrupted.child.pid, 'SIGINT');
    expect(await interrupted.child.line()).toBe('{"interrupted":true}');
    expect(await answers(url)).toBe(true);
  });

  test('given the folder is deleted and made anew, when the first keeper ends, then the second one stays', async () => {
    const first = command();
    await first.opened();
    const { pid } = await keeper();
    // Retried: a store may still be writing.
    await rm(dataDir, { recursive: true, maxRetries: 10 });
    await mkdir(dataDir);
    await prepared.copyTo(join(dataDir, 'postgres'));
    const second = command();
    const url = await second.database();
    await first.close();
    await until('the first keeper has ended', async () => !(await runs(pid)));
    expect((await keeper()).pid).not.toBe(pid);
    const third = command();
    expect(await third.database()).toBe(url);
  });
});

describe('what a keeper leaves or finds', () => {
  test('given a record of a process that is gone or another program now, when a command comes, then it starts a keeper', async () => {
    const own = await ownIdentity();
    await writeFile(join(dataDir, 'keeper.json'), JSON.stringify({ ...own, startTicks: '1', protocol: 1, port: 9, token: 'x' }));
    const first = command();
    expect(await answers(await first.database())).toBe(true);
  });

  test('given a running keeper, when someone without its token speaks to it, then it hangs up, and its record is private', async () => {
    const first = command();
    await first.opened();
    const { port } = await keeper();
    expect((await stat(join(dataDir, 'keeper.json'))).mode & 0o777).toBe(0o600);
    const stranger = connect({ host: '127.0.0.1', port });
    const heard: string[] = [];
    stranger.setEncoding('utf8').on('data', (text: string) => heard.push(text));
    stranger.on('error', () => undefined);
    const closed = new Promise((resolve) => stranger.once('close', resolve));
    stranger.write(`${JSON.stringify({ protocol: 1, token: 'guess', eventStore: false, postgres: true })}\n`);
    await closed;
    expect(heard).toEqual([]);
  });

  test('given another program holds the folder, when a command has waited its time, then it names that process', async () => {
    const lock = await lockFolder(dataDir);
    const waiting = command({ startTimeoutMs: 300 });
    expect(await waiting.refused()).toMatchObject({
      error: 'EmbeddedStoresError',
      message: expect.stringContaining(`not ready within 300 ms: process ${process.pid} holds the folder`),
    });
    await lock.release();
  });

  test('given a store that cannot start, when a command asks for it, then it is told why, and no process stays', async () => {
    await writeFile(join(dataDir, 'postgres/cluster/PG_VERSION'), '15\n');
    expect((await command().refused()).message).toContain('was made by Postgres 15');
  });

  test('given a path that is a file, when a command names it as its data folder, then the error says so', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'below')]) {
      expect((await command({ dataDir: path }).refused()).message).toBe(`the data folder ${path} is, or lies below, a file`);
    }
  });
});
