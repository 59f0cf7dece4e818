import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatQuantity } from '../../src/domain/amounts.js';
import { fixAdapter } from '../../src/ingest/fix.js';
import { importFile } from '../../src/ingest/import-file.js';
import { SCENARIOS } from '../domain/order/scenarios/all.js';
import { permutations } from '../support/permutations.js';
import { fixLine, fromBroker, toBroker } from './fix-fixture.js';
import { renderMatrices } from './fix-matrices.js';
import { factsOf, foldFacts } from './fold-facts.js';
import { ImportLedger } from './import-ledger.js';
import { openAdapter } from './parse.js';

/* What sessions put between an order's messages: repetitions, status reports, messages that are about no order. None of it changes an order. */

type Fields = readonly (readonly [tag: number, value: string])[];

let ledger: ImportLedger;
let expected: readonly string[];

beforeAll(async () => {
  ledger = await ImportLedger.open();
  expected = (await imported(LINES)).figures;
});
afterAll(async () => {
  await ledger.close();
});

const LINES = renderMatrices(SCENARIOS).flatMap(({ lines }) => lines);

async function imported(lines: readonly string[], into: ImportLedger = ledger) {
  const tenant = into.newTenant();
  const summary = await importFile({ path: '-', format: 'fix', handler: into.handler, store: into.store, options: { tenant }, stdin: Readable.from([lines.join('\n')], { objectMode: false }) });
  return { summary, figures: await into.figures(tenant) };
}

/** Without BodyLength, CheckSum and version, which are made anew. */
const fieldsOf = (line: string): Fields =>
  line.split('|').flatMap((field): Fields => {
    const [tag, value] = [Number(field.split('=', 1)[0]), field.slice(field.indexOf('=') + 1)];
    return field === '' || tag === 8 || tag === 9 || tag === 10 ? [] : [[tag, value]];
  });

const valueOf = (fields: Fields, tag: number): string | undefined => fields.find(([own]) => own === tag)?.[1];
const withFields = (fields: Fields, changes: Readonly<Record<number, string>>): string => {
  const kept = fields.filter(([tag]) => changes[tag] === undefined);
  const [msgType, ...others] = kept;
  const added = Object.entries(changes).map(([tag, value]): readonly [number, string] => [Number(tag), value]);
  return fixLine([...(msgType ? [msgType] : []), ...added, ...others], { separator: '|' });
};
const isReport = (fields: Fields): boolean => valueOf(fields, 35) === '8';

describe('an order’s life with what sessions put in between', () => {
  it('is the same where every message is sent again as PossDup, hours later', async () => {
    const again = LINES.map((line) => {
      const fields = fieldsOf(line);
      return withFields(fields, { 43: 'Y', 52: '20120621-15:00:00.000', 122: valueOf(fields, 52) ?? '' });
    });
    const { summary, figures } = await imported([...LINES, ...again]);
    expect(figures).toEqual(expected);
    expect(summary).toMatchObject({ duplicates: LINES.length, quarantined: 0 });
  });

  it('is the same where every message is sent again as PossResend under a number of its own, first or last', async () => {
    const again = LINES.map((line, index) => withFields(fieldsOf(line), { 34: String(100_000 + index), 52: '20120621-15:00:00.000', 97: 'Y' }));
    for (const lines of [[...LINES, ...again], [...again, ...LINES].toReversed()]) {
      const { summary, figures } = await imported(lines);
      expect(figures).toEqual(expected);
      expect(summary.quarantined).toBe(0);
    }
  });

  it('is the same where trades are sent again as PossResend under another ExecID, and no message says that they were', async () => {
    const again = LINES.map((line) => fieldsOf(line))
      .filter((fields) => isReport(fields) && valueOf(fields, 150) === 'F')
      .map((fields, index) => withFields(fields, { 17: `${valueOf(fields, 17) ?? ''}-again`, 34: String(200_000 + index), 97: 'Y' }));
    expect((await imported([...LINES, ...again])).figures).toEqual(expected);
  });

  it('is the same where every report is followed by a request for the order’s status and its answer', async () => {
    const lines = LINES.flatMap((line, index) => {
      const fields = fieldsOf(line);
      if (!isReport(fields)) return [line];
      const at = (valueOf(fields, 60) ?? '').replace(/00$/u, '50');
      const asked = toBroker('H', { 11: valueOf(fields, 11), 34: String(300_000 + index), 37: valueOf(fields, 37), 54: '1', 55: 'TEST', 790: `R${index}` }, { separator: '|' });
      const answer = fieldsOf(line).filter(([tag]) => ![19, 31, 32, 103, 378].includes(tag));
      return [line, asked, withFields(answer, { 17: `S${index}`, 34: String(300_000 + index), 60: at, 150: 'I', 790: `R${index}` })];
    });
    const { summary, figures } = await imported(lines);
    expect(figures).toEqual(expected);
    expect(summary.skipped).toEqual({ 'MsgType H': LINES.filter((line) => isReport(fieldsOf(line))).length });
  });

  it('is the same where heartbeats, rejects, refused trades and allocations stand in between, each skipped by its type', async () => {
    const others = ['0', '1', '2', '3', '4', '5', 'A', 'Q', 'j', 'J', 'P', 'AE', 'AS', 'BF'].map((type, index) =>
      fromBroker(type, { 11: 'A.1.a-main-7-X', 17: 'E1', 34: String(400_000 + index), 37: 'O-A.1.a-main-7-X', 38: '1', 54: '2', 55: 'TEST', 58: 'no' }, { separator: '|' }),
    );
    const hundreds = Array.from({ length: Math.ceil(LINES.length / 100) }, (_, index) => [LINES.slice(index * 100, index * 100 + 100), others]);
    const { summary, figures } = await imported(hundreds.flat(2));
    expect(figures).toEqual(expected);
    expect(Object.keys(summary.skipped)).toHaveLength(others.length);
    expect(summary.quarantined).toBe(0);
  });
});

const REPORT = { 1: 'ACC1', 6: '0', 11: 'C1', 14: '0', 37: 'O1', 38: '100', 54: '1', 55: 'AAPL', 151: '100' };
let sequence = 0;
const report = (fields: Readonly<Record<number, string | undefined>>): string => {
  sequence += 1;
  return fromBroker('8', { ...REPORT, 17: `X${sequence}`, 34: String(sequence), 60: `20261120-14:30:${String(sequence).padStart(2, '0')}`, ...fields });
};
const fill = (quantity: string, cumQty: string, leavesQty: string, fields: Readonly<Record<number, string>> = {}): string =>
  report({ 14: cumQty, 31: '10', 32: quantity, 39: leavesQty === '0' ? '2' : '1', 150: 'F', 151: leavesQty, ...fields });

describe('states that the matrices leave out', () => {
  // A small store of their own: figures read all of it.
  let small: ImportLedger;
  beforeAll(async () => {
    small = await ImportLedger.open();
  });
  afterAll(async () => {
    await small.close();
  });

  it.each([
    ['suspended, then released and filled', () => [report({ 39: '9', 150: '9' }), report({ 39: '0', 150: 'D', 378: '99' }), fill('100', '100', '0')], 'O1 C1 filled 100 100 0 1 0 0'],
    ['suspended for good', () => [fill('40', '40', '60'), report({ 14: '40', 39: '9', 150: '9', 151: '60' })], 'O1 C1 suspended 100 40 60 1 0 0'],
    ['calculated at the end of its day', () => [fill('40', '40', '60'), report({ 14: '40', 39: 'B', 150: 'B', 151: '0' })], 'O1 C1 calculated 100 40 0 1 0 0'],
    ['expired with a rest', () => [fill('40', '40', '60'), report({ 14: '40', 39: 'C', 150: 'C', 151: '0' })], 'O1 C1 expired 100 40 0 1 0 0'],
    ['cancelled, its trade busted, another one made', () => [fill('40', '40', '60', { 17: 'T1' }), report({ 14: '40', 39: '4', 150: '4', 151: '0' }), report({ 19: 'T1', 39: '4', 150: 'H', 151: '0' }), fill('30', '30', '0', { 39: '4' })], 'O1 C1 canceled 100 30 0 2 0 0'],
    ['replaced below what it had traded', () => [fill('80', '80', '20'), report({ 11: 'C2', 14: '80', 38: '80', 39: '2', 41: 'C1', 150: '5', 151: '0' })], 'O1 C2 filled 80 80 0 1 0 0'],
    ['activated by the exchange', () => [report({ 39: 'A', 150: 'A' }), report({ 39: '0', 150: 'L' })], 'O1 C1 new 100 0 100 0 0 0'],
  ])('an order that is %s', async (_name, lines, figures) => {
    const log = [report({ 39: '0', 150: '0' }), ...lines()];
    expect((await imported(log, small)).figures).toEqual([figures]);
    expect((await imported([...log, ...log].toReversed(), small)).figures).toEqual([figures]);
  });
});

const reportOf = (execId: string, number: string, fields: Readonly<Record<number, string>>): string =>
  fromBroker('8', { 1: 'ACC1', 6: '0', 14: '0', 17: execId, 34: number, 37: 'O1', 39: '0', 54: '1', 55: 'AAPL', 60: '20261120-14:30:00', ...fields });

describe('copies of a report that came at one moment with others', () => {
  const first = { 11: 'C2', 38: '80', 41: 'C1', 150: '5', 151: '80' };
  const reports = [reportOf('N', '1', { 11: 'C1', 38: '100', 150: '0', 151: '100' }), reportOf('R1', '2', first), reportOf('R2', '3', { 11: 'C3', 38: '120', 41: 'C2', 150: '5', 151: '120' })];

  it.each([
    ['sent again (PossResend)', reportOf('R1', '9', { ...first, 97: 'Y' })],
    ['sent to another session (drop copy)', reportOf('R1', '1', { ...first, 56: 'DROP' })],
  ])('count where the first of them stands: one that was %s, in any order of arrival', (_how, copy) => {
    for (const lines of permutations([...reports, copy, copy])) {
      const { view, conflicts } = [...foldFacts(factsOf(openAdapter(fixAdapter), lines)).values()][0] ?? {};
      expect([view && formatQuantity(view.orderQty), view?.clOrdId, view?.discrepancies, conflicts]).toEqual(['120', 'C3', [], 0]);
    }
  });

  it('are recorded where they change that, and never twice', async () => {
    const tenant = ledger.newTenant();
    const copy = reportOf('R1', '9', { ...first, 97: 'Y' });
    const run = (lines: readonly string[]) =>
      importFile({ path: '-', format: 'fix', handler: ledger.handler, store: ledger.store, options: { tenant }, stdin: Readable.from([lines.join('\n')], { objectMode: false }) });
    expect(await run([copy, ...reports])).toMatchObject({ events: 4 });
    expect(await run([...reports, copy])).toMatchObject({ events: 0, duplicates: 4 });
    expect((await ledger.events(tenant, ['order-'])).map(({ type }) => type).filter((type) => type === 'FactRepeated')).toHaveLength(1);
    expect(await ledger.figures(tenant)).toEqual(['O1 C3 new 120 0 120 0 0 0']);
  });
});
