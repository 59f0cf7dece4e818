import { Buffer } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ImportOptionError } from '../../src/ingest/adapter.js';
import type { ImportFormat } from '../../src/ingest/adapter.js';
import { readCsvRecords } from '../../src/ingest/csv-records.js';
import { decoded } from '../../src/ingest/decoded.js';
import { readFlexElements } from '../../src/ingest/flex-xml.js';
import { importFile } from '../../src/ingest/import-file.js';
import { readJsonMessages } from '../../src/ingest/json-messages.js';
import { readLines } from '../../src/ingest/lines.js';
import type { Line } from '../../src/ingest/lines.js';
import { replayQuarantined } from '../../src/ingest/replay-quarantined.js';
import { collected } from '../support/ledger.js';
import { PARTIAL_FILL, fromBroker } from './fix-fixture.js';
import { chunksOf, statement, trade } from './ibkr-fixture.js';
import { ImportLedger } from './import-ledger.js';
import { LOBSTER_NAME, lobsterSession } from './lobster-fixture.js';

let ledger: ImportLedger;
let dir: string;
let tenant: string;

beforeAll(async () => {
  ledger = await ImportLedger.open();
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-encoding-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await ledger.close();
});
beforeEach(() => {
  tenant = ledger.newTenant();
});

async function imported(name: string, bytes: Buffer, format: ImportFormat) {
  const file = path.join(dir, name);
  await writeFile(file, bytes);
  return importFile({ path: file, format, handler: ledger.handler, store: ledger.store, options: { tenant } });
}
async function quarantined(): Promise<readonly unknown[]> {
  return (await ledger.ingestEvents(tenant, 'quarantine-')).map(({ data }) => data);
}
async function replay() {
  const streams = new Set((await ledger.events(tenant, ['quarantine-'])).map(({ stream }) => stream));
  return replayQuarantined({ store: ledger.store, handler: ledger.handler, streams });
}

const HEADER = 'occurredAt,orderId,execId,symbol,side,quantity,price\n';
const record = (orderId: string, execId: string): string => `2026-11-20T14:30:00Z,${orderId},${execId},ACME,buy,40,187.49\n`;
const jsonLine = (orderId: string): string =>
  `${JSON.stringify({ type: 'OrderPlaced', occurredAt: '2026-11-20T14:30:00Z', refs: { brokerOrderId: orderId }, terms: { instrument: { symbol: 'ACME' }, side: 'buy', orderQty: '1', ordType: 'market' } })}\n`;
const alpacaOrder = (id: string): string => `${JSON.stringify({ id, client_order_id: `c ${id}`, symbol: 'ACME', side: 'buy', type: 'market', qty: '1', filled_qty: '0', status: 'new', created_at: '2026-11-20T14:30:00Z', updated_at: '2026-11-20T14:30:00Z' })}\n`;
const flexTrades = statement(trade({ ibOrderID: 'ORD-Ä', tradeID: '1', transactionID: '11', ibExecID: 'x1' }), trade({ ibOrderID: 'ORD-Ö', tradeID: '2', transactionID: '12', ibExecID: 'x2' }), trade());

describe('a file that is not UTF-8', () => {
  it.each([
    ['csv', HEADER + record('ORD-Ä', 'x-1') + record('ORD-Ö', 'x-2') + record('ORD-1', 'x-3')],
    ['jsonl', jsonLine('ORD-Ä') + jsonLine('ORD-Ö') + jsonLine('ORD-1')],
    ['alpaca', alpacaOrder('ORD-Ä') + alpacaOrder('ORD-Ö') + alpacaOrder('ORD-1')],
    ['ibkr', flexTrades],
  ] as const)('of the format %s makes no order of what cannot be read, and loses no byte of it', async (format, text) => {
    const summary = await imported(`latin1.${format}`, Buffer.from(text, 'latin1'), format);

    expect(summary).toMatchObject({ commands: 1, events: 1, quarantined: 2 });
    expect(await ledger.orders(tenant)).toHaveLength(1);
    const kept = JSON.stringify(await quarantined());
    for (const id of ['ORD-Ä', 'ORD-Ö']) expect(kept).toContain(id);
    expect(kept).toContain('not UTF-8');
    expect(await replay()).toMatchObject({ read: 2, replayed: 0, remaining: 2 });
    expect(await imported(`utf8.${format}`, Buffer.from(text), format)).toMatchObject({ commands: 3, events: 2, quarantined: 0 });
    expect(await ledger.orders(tenant)).toHaveLength(3);
  });

  it('says so by its field and its reason, and which bytes it holds', async () => {
    await imported('latin1.csv', Buffer.from(HEADER + record('"ORD\nÄ"', 'x-1'), 'latin1'), 'csv');
    expect(await quarantined()).toMatchObject([{ field: 'encoding', reason: 'the line is not UTF-8: save the file as UTF-8 and import it again', content: HEADER + record('"ORD\nÄ"', 'x-1').trim() }]);
  });

  it('within a page of messages is that whole page', async () => {
    const page = `[[${alpacaOrder('ORD-Ä')},${alpacaOrder('ORD-2')}]]`;
    expect(await imported('page.json', Buffer.from(page, 'latin1'), 'alpaca')).toMatchObject({ read: 2, commands: 0, quarantined: 2 });
  });

  it.each(['occurredAt,Preis in €', 'occurredAt,Größe'])('whose CSV header is %j is refused before its first record', async (header) => {
    const bytes = Buffer.from(header.replace('€', '\u0080') + HEADER + record('1', '1'), 'latin1');
    await expect(imported('header.csv', bytes, 'csv')).rejects.toThrow(/header cannot be read: the line is not UTF-8/u);
    expect(await quarantined()).toEqual([]);
  });

  it('is what it is of FIX, whose bytes are characters', async () => {
    const line = fromBroker('8', { ...PARTIAL_FILL, 58: 'Größe' });
    expect(await imported('latin1.log', Buffer.from(line, 'latin1'), 'fix')).toMatchObject({ events: 1, quarantined: 0 });
  });
});

const utf16 = (text: string, order: 'LE' | 'BE'): Buffer => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return order === 'LE' ? bytes : bytes.swap16();
};

describe.each(['LE', 'BE'] as const)('a file in UTF-16 (%s)', (order) => {
  it.each([
    ['fix', 'orders.log', [fromBroker('8', PARTIAL_FILL), fromBroker('0', {})].join('\n')],
    ['jsonl', 'facts.jsonl', jsonLine('ORD-1') + jsonLine('ORD-2')],
    ['lobster', LOBSTER_NAME, lobsterSession(3).lines.join('\r\n')],
    ['alpaca', 'orders.json', alpacaOrder('ORD-1') + alpacaOrder('ORD-2')],
  ] as const)('of the format %s is quarantined as that', async (format, name, text) => {
    const summary = await imported(name, utf16(text, order), format);
    expect(summary.commands).toBe(0);
    expect(summary.quarantined).toBe(summary.read);
    const kept = await quarantined();
    expect(kept).not.toEqual([]);
    for (const line of kept) expect(line).toMatchObject({ field: 'encoding', reason: 'the line is UTF-16 by its NULs: save the file as UTF-8 and import it again' });
    expect(await replay()).toMatchObject({ replayed: 0, remaining: kept.length });
  });

  it('is no CSV file', async () => {
    const bytes = utf16(HEADER + record('ORD-1', 'x-1'), order);
    const refused = imported('wide.csv', bytes, 'csv');
    await expect(refused).rejects.toBeInstanceOf(ImportOptionError);
    await expect(refused).rejects.toThrow(/header cannot be read: the line is UTF-16/u);
  });

  it('is no Flex statement, and is read no further', async () => {
    const { commands, read } = await imported('wide.xml', utf16(statement(trade(), trade()), order), 'ibkr');
    // What stands before the first `<` is a piece of its own: the mark of the byte order, or half of it.
    expect([commands, read <= 2]).toEqual([0, true]);
    expect(await quarantined()).toContainEqual(expect.objectContaining({ reason: expect.stringContaining('the file is UTF-16 by its NULs') }));
  });
});

describe('the bytes of a line', () => {
  it('are its text where they are UTF-8, and each a character where they are not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decoded(Buffer.from(text.replaceAll('\0', '')), 'utf8')).toEqual({ text: text.replaceAll('\0', '') });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (given) => {
        const bytes = Buffer.from(given);
        const { text, misencoded } = decoded(bytes, 'utf8');
        expect(Buffer.from(text, misencoded === undefined ? 'utf8' : 'latin1')).toEqual(bytes);
      }),
    );
  });

  it('are no UTF-16 for the NULs that fill a log which was cut off', () => {
    const line = `${'\0'.repeat(4_000)}8=FIX.4.4|35=0|`;
    expect(decoded(Buffer.from(line), 'latin1')).toEqual({ text: line });
    expect(decoded(Buffer.alloc(9), 'utf8')).toEqual({ text: '\0'.repeat(9) });
  });
});

describe('a file of any bytes', () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('Ä', '€', '😀', '{"a":"ü"}', '\n', '"', ',', '<Trade n="é"/>', '<!-- ', '-->', '<T a="', 'a,b\n').map((text) => Buffer.from(text)),
  );
  const readers: readonly (readonly [string, (chunks: AsyncIterable<Buffer>) => AsyncIterable<readonly Line[]>])[] = [
    ['lines', (chunks) => readLines(chunks, 'utf8')],
    ['JSON messages', readJsonMessages],
    ['CSV records', (chunks) => readCsvRecords(chunks, ',', () => undefined)],
    ['Flex elements', readFlexElements],
  ];

  it.each(readers)('gives the same %s wherever it is cut into chunks', async (_what, read) => {
    const linesOf = async (bytes: Buffer, cuts: readonly number[]) => (await collected(read(chunksOf(bytes, cuts)))).flat();
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 25 }), fc.array(fc.nat({ max: 100 }), { maxLength: 12 }), async (parts, cuts) => {
        const bytes = Buffer.concat(parts);
        expect(await linesOf(bytes, cuts)).toEqual(await linesOf(bytes, []));
      }),
      { numRuns: 300 },
    );
  });
});
