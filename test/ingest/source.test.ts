import { Buffer } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSource } from '../../src/ingest/source.js';
import { collected } from '../support/ledger.js';

const TEXT = 'one\ntwo\n'.repeat(50_000);
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-source-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function fileOf(name: string, bytes: Buffer | string): Promise<string> {
  const file = path.join(dir, name);
  await writeFile(file, bytes);
  return file;
}

const textOf = async (file: string, stdin?: Readable): Promise<string> => Buffer.concat(await collected((await openSource(file, stdin)).chunks)).toString();

describe('the source of an import', () => {
  it('is a file, unpacked where its bytes are gzip, whatever its name is', async () => {
    expect(await textOf(await fileOf('plain.gz', TEXT))).toBe(TEXT);
    expect(await textOf(await fileOf('packed.csv', gzipSync(TEXT)))).toBe(TEXT);
    expect(await textOf(await fileOf('parts.gz', Buffer.concat([gzipSync('one\n'), gzipSync('two\n')])))).toBe('one\ntwo\n');
    expect(await textOf(await fileOf('empty', ''))).toBe('');
    expect(await textOf(await fileOf('short', 'x'))).toBe('x');
  });

  it('is standard input, also packed and in single bytes', async () => {
    const packed = gzipSync('one\n');
    expect(await textOf('-', Readable.from([...packed].map((byte) => Buffer.from([byte]))))).toBe('one\n');
  });

  it('knows its size, its name and how far it was read', async () => {
    const source = await openSource(await fileOf('orders.log', TEXT));
    expect([source.name, source.bytesTotal, source.bytesRead()]).toEqual(['orders.log', TEXT.length, 0]);
    await collected(source.chunks);
    expect(source.bytesRead()).toBe(TEXT.length);
  });

  it('that is not there, a folder or damaged is named with its reason', async () => {
    await expect(openSource(path.join(dir, 'none.log'))).rejects.toMatchObject({ name: 'ImportError', code: 'not_found', message: 'none.log: there is no such file' });
    await expect(openSource(dir)).rejects.toMatchObject({ code: 'unreadable', reason: 'is a folder, not a file' });
    const packed = gzipSync(TEXT);
    await expect(textOf(await fileOf('cut.gz', packed.subarray(0, packed.length / 2)))).rejects.toMatchObject({ code: 'unreadable', file: 'cut.gz' });
  });

  it('can be closed under a read', async () => {
    const source = await openSource('-', new Readable({ read: () => undefined }));
    const read = collected(source.chunks);
    source.close();
    await expect(read).rejects.toMatchObject({ code: 'unreadable' });
  });
});
