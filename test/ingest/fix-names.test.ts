import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ImportFlags } from '../../src/ingest/adapter.js';
import { importFile } from '../../src/ingest/import-file.js';
import type { ImportSummary } from '../../src/ingest/import-file.js';
import { fromBroker, toBroker } from './fix-fixture.js';
import { permutations } from '../support/permutations.js';
import { ImportLedger } from './import-ledger.js';

/* Which order a FIX message is about, through the adapter and a real event store: a line an order, `broker's id, ClOrdID, status, OrderQty, CumQty, LeavesQty, executions, discrepancies, conflicts`. */

let ledger: ImportLedger;
let tenant: string;

beforeAll(async () => {
  ledger = await ImportLedger.open();
});
afterAll(async () => {
  await ledger.close();
});
beforeEach(() => {
  tenant = ledger.newTenant();
  sequence = 0;
});

type Fields = Readonly<Record<number, string | undefined>>;
let sequence = 0;
const at = (): string => `20261120-14:30:${String(sequence).padStart(2, '0')}.000`;
const next = (fields: Fields): Fields => {
  sequence += 1;
  return { 34: String(sequence), 60: at(), ...fields };
};
const ORDER = { 1: 'ACC1', 11: 'C1', 38: '100', 40: '1', 54: '1', 55: 'AAPL' };
const REPORT = { 1: 'ACC1', 6: '0', 11: 'C1', 14: '0', 37: 'O1', 38: '100', 54: '1', 55: 'AAPL', 151: '100' };

const placed = (fields: Fields = {}): string => toBroker('D', next({ ...ORDER, ...fields }));
const accepted = (fields: Fields = {}): string => fromBroker('8', next({ ...REPORT, 17: `N${sequence}`, 39: '0', 150: '0', ...fields }));
const filled = (execId: string, fields: Fields = {}): string =>
  fromBroker('8', next({ ...REPORT, 14: '100', 17: execId, 31: '10', 32: '100', 39: '2', 150: 'F', 151: '0', ...fields }));
const cancel = (fields: Fields = {}): string => toBroker('F', next({ 1: 'ACC1', 11: 'C2', 38: '100', 41: 'C1', 54: '1', 55: 'AAPL', ...fields }));
const replace = (fields: Fields = {}): string => toBroker('G', next({ ...ORDER, 11: 'C2', 41: 'C1', ...fields }));
const refused = (fields: Fields = {}): string => fromBroker('9', next({ 11: 'C2', 37: 'O1', 39: '0', 41: 'C1', 434: '1', ...fields }));

const run = (lines: readonly string[], flags: ImportFlags = {}): Promise<ImportSummary> =>
  importFile({ path: '-', format: 'fix', handler: ledger.handler, store: ledger.store, options: { tenant, ...flags }, stdin: Readable.from([lines.join('\n')], { objectMode: false }) });
const figures = (): Promise<readonly string[]> => ledger.figures(tenant);
const accounts = async (): Promise<readonly string[]> => (await ledger.orders(tenant)).map(({ accountId }) => String(accountId)).sort();

describe('ids that are used again', () => {
  it('on another day are another order’s (idsRecycle=daily), and the same one’s by default', async () => {
    const day2 = { 52: '20261121-14:30:00', 60: '20261121-14:30:00' };
    const log = [placed(), accepted(), filled('E1'), placed(day2), accepted({ ...day2, 17: 'N9' })];
    await run(log, { idsRecycle: 'daily' });
    expect(await figures()).toEqual(['O1 C1 filled 100 100 0 1 0 0', 'O1 C1 new 100 0 100 0 0 0']);
    tenant = ledger.newTenant();
    await run(log);
    expect(await figures()).toHaveLength(1);
  });

  it('in another account are another order’s (idsRecycle=account)', async () => {
    const [first, second] = [[placed(), accepted(), filled('E1')], [placed({ 1: 'ACC2' }), accepted({ 1: 'ACC2', 17: 'M1' })]];
    await run([...first, ...second].toReversed(), { idsRecycle: 'account' });
    expect(await figures()).toEqual(['O1 C1 filled 100 100 0 1 0 0', 'O1 C1 new 100 0 100 0 0 0']);
    expect(await accounts()).toEqual(['ACC1', 'ACC2']);
  });

  it('of ClOrdIDs alone in another account are another order’s without any option', async () => {
    const other = { 1: 'ACC2', 37: 'O2' };
    await run([placed(), placed(other), accepted(), accepted({ ...other, 17: 'M1' }), filled('E1'), refused({ 37: 'O2' })]);
    expect(await figures()).toEqual(['O1 C1 filled 100 100 0 1 0 0', 'O2 C2 new 100 0 100 0 0 0']);
  });

  it('for another instrument are another order’s (idsRecycle=instrument), options by their series', async () => {
    const call = { 167: 'OPT', 541: '20261218', 201: '1', 202: '150' };
    const put = { ...call, 201: '0' };
    const log = [placed(), placed(call), placed(put), accepted(), accepted({ ...call, 17: 'M1' }), accepted({ ...put, 17: 'P1' }), filled('E1', call)];
    await run(log.toReversed(), { idsRecycle: 'instrument' });
    expect(await figures()).toEqual(['O1 C1 filled 100 100 0 1 0 0', 'O1 C1 new 100 0 100 0 0 0', 'O1 C1 new 100 0 100 0 0 0']);
  });

  it('for another instrument are another order’s, also where one of them says no account (idsRecycle=instrument)', async () => {
    const log = [placed({ 1: undefined }), accepted({ 37: 'O2', 55: 'MSFT' })];
    for (const lines of [log, log.toReversed()]) {
      tenant = ledger.newTenant();
      await run(lines, { idsRecycle: 'instrument' });
      expect(await figures()).toEqual([' C1 pending_new 100 0 100 0 0 0', 'O2 C1 new 100 0 100 0 0 0']);
    }
  });

  it('anywhere: daily, account and instrument at once', async () => {
    const day2 = { 52: '20261121-14:30:00', 60: '20261121-14:30:00' };
    const variants: readonly Fields[] = [{}, day2, { 1: 'ACC2' }, { 55: 'MSFT' }, { ...day2, 1: 'ACC2', 55: 'MSFT' }];
    await run(variants.flatMap((variant, index) => [accepted({ ...variant, 17: `A${index}` }), placed(variant)]), { idsRecycle: 'daily,account,instrument' });
    expect(await figures()).toEqual(variants.map(() => 'O1 C1 new 100 0 100 0 0 0'));
  });

  it('of executions are told apart by their order', async () => {
    await run([filled('E1'), filled('E1', { 11: 'C9', 37: 'O9' })]);
    expect(await figures()).toEqual(['O1 C1 filled 100 100 0 1 0 0', 'O9 C9 filled 100 100 0 1 0 0']);
  });
});

describe('a message that names its order by little', () => {
  it.each(['NONE', '0', undefined])('is of the order that its replacing ClOrdID alone names (OrderID %s), in any order', async (orderId) => {
    const log = [placed(), accepted(), replace(), filled('E1', { 11: 'C2', 37: orderId })];
    await run(log);
    expect(await figures()).toEqual(['O1 C2 filled 100 100 0 1 0 0']);
    tenant = ledger.newTenant();
    await run(log.toReversed());
    expect(await figures()).toEqual(['O1 C2 filled 100 100 0 1 0 0']);
  });

  it('is of the order at the beginning of a chain of ClOrdIDs, whichever link comes first', async () => {
    const log = [placed(), replace({ 11: 'C2', 41: 'C1' }), replace({ 11: 'C3', 41: 'C2' }), replace({ 11: 'C4', 41: 'C3' }), filled('E1', { 11: 'C4', 37: 'NONE' })];
    for (const lines of [log, log.toReversed(), [...log.slice(2), ...log.slice(0, 2)]]) {
      tenant = ledger.newTenant();
      await run(lines);
      expect(await figures()).toEqual([' C4 filled 100 100 0 1 0 0']);
    }
  });

  it('waits until its order appears, in this file or in a later one', async () => {
    expect(await run([refused()])).toMatchObject({ parked: 1 });
    expect(await figures()).toEqual([]);
    expect(await run([placed(), cancel(), accepted(), refused({ 60: at() })])).toMatchObject({ parked: 0 });
    expect(await ledger.handler.takeUpParked({ kind: 'broker', scope: [tenant, 'BROKER'], id: 'O1' })).toMatchObject({ takenUp: 1, left: 0 });
    expect(await figures()).toEqual(['O1 C2 new 100 0 100 0 0 0']);
  });
});

describe('a message without its account', () => {
  it.each(['NONE', 'O1'])('that refuses a cancel of an unknown order (OrderID %s) is of the order that the cancel names', async (orderId) => {
    const log = [cancel(), refused({ 37: orderId, 39: '8', 102: '1' })];
    for (const lines of [log, log.toReversed()]) {
      tenant = ledger.newTenant();
      expect(await run(lines)).toMatchObject({ parked: 0 });
      expect(await accounts()).toEqual(['ACC1']);
      expect((await ledger.orders(tenant)).map(({ view }) => view.ordStatus)).toEqual(['rejected']);
    }
  });

  it('that reports on a placed order is of that order and its account', async () => {
    await run([placed(), accepted({ 1: undefined }), replace(), filled('E1', { 1: undefined, 11: 'C2', 41: 'C1' })]);
    expect(await figures()).toEqual(['O1 C2 filled 100 100 0 1 0 0']);
    expect(await accounts()).toEqual(['ACC1']);
  });

  it('never brings the orders of two accounts together, though they use one ClOrdID', async () => {
    await run([placed(), placed({ 1: 'ACC2' }), accepted(), accepted({ 1: 'ACC2', 17: 'M1', 37: 'O2' }), refused({ 37: 'NONE', 11: 'C1', 41: undefined })]);
    expect(await figures()).toEqual(['O1 C1 new 100 0 100 0 0 0', 'O2 C1 new 100 0 100 0 0 0']);
  });

  const unsaid = { 1: undefined };
  const second = { 1: 'ACC2', 37: 'O2' };
  /** Two accounts that use one ClOrdID in one session, each with a trade. */
  const bothAccounts = (): readonly string[] => [placed(), filled('E1', { 14: '10', 32: '10', 39: '1', 151: '90' }), placed(second), filled('M1', { ...second, 14: '20', 32: '20', 39: '1', 151: '80' })];
  const apart = ['O1 C1 partially_filled 100 10 90 1 0 0', 'O2 C2 partially_filled 100 20 80 1 0 0'];

  it.each<readonly [what: string, last: () => readonly string[], figures: readonly string[], flags: ImportFlags]>([
    ['trade by OrderID', () => [filled('M2', { ...unsaid, 37: 'O2', 14: '25', 32: '5', 39: '1', 151: '75' })], [apart[0] ?? '', 'O2 C1 partially_filled 100 25 75 2 0 0'], {}],
    ['pending cancel', () => [cancel(second), accepted({ ...unsaid, 11: 'C2', 14: '20', 37: 'O2', 39: '6', 41: 'C1', 150: '6', 151: '80' })], [apart[0] ?? '', 'O2 C2 pending_cancel 100 20 80 1 0 0'], {}],
    ['reject without an OrderID', () => [cancel(second), refused({ 37: 'NONE', 39: '1' })], apart, {}],
    ['reject where ids are the account’s', () => [cancel(second), refused({ 37: 'O2', 39: '1' })], apart, { idsRecycle: 'account' }],
  ])('is of one account, though another uses its ClOrdID: a %s', async (_what, last, expected, flags) => {
    await run([...bothAccounts(), ...last()], flags);
    expect(await figures()).toEqual(expected);
    expect(await accounts()).toEqual(['ACC1', 'ACC2']);
  });

  it('that refuses a cancel of one of two accounts is of the order of the cancel, in any order', async () => {
    const log = [placed(), placed({ 1: 'ACC2' }), cancel({ 1: 'ACC2' }), refused({ 37: 'NONE', 39: 'A' })];
    for (const lines of permutations(log)) {
      tenant = ledger.newTenant();
      expect({ lines, ...(await run(lines)) }).toMatchObject({ lines, parked: 0 });
      expect({ lines, figures: await figures() }).toEqual({ lines, figures: [' C1 pending_new 100 0 100 0 0 0', ' C2 pending_new 100 0 100 0 0 0'] });
    }
  });

  it('that refuses a cancel is of the order that a later file tells of', async () => {
    expect(await run([refused({ 37: 'NONE', 39: '8' })])).toMatchObject({ parked: 1 });
    await run([placed(), accepted()]);
    const [first] = await ledger.events(tenant, ['parked-']);
    expect(first && (await ledger.handler.takeUpParked(first.stream))).toMatchObject({ takenUp: 1, left: 0 });
    expect(await ledger.orders(tenant)).toHaveLength(1);
  });

  it('that refuses cancels of orders the broker knows nothing of, under one OrderID for all, brings no two orders together', async () => {
    for (const account of [undefined, 'ACC1']) {
      tenant = ledger.newTenant();
      const unknown = { 1: account, 37: 'UNKNOWN', 39: '8', 102: '1' };
      const other = { 11: 'D1', 37: 'O2' };
      await run([placed(), accepted(), cancel(), refused(unknown), placed({ 11: 'D1' }), accepted({ ...other, 17: 'M1' }), cancel({ 11: 'D2', 41: 'D1' }), refused({ ...unknown, 11: 'D2', 41: 'D1' })]);
      expect((await figures()).map((order) => order.slice(0, 5))).toEqual(['O1 C2', 'O2 D2']);
    }
  });

  it('that refuses a cancel which no line tells of is of the order that it names', async () => {
    expect(await run([placed(), accepted(), refused({ 37: 'NONE' })])).toMatchObject({ parked: 0 });
    expect(await figures()).toEqual(['O1 C2 new 100 0 100 0 0 0']);
  });

  it('nor its instrument, but its account (a cancel reject) is never of another account’s order (idsRecycle=instrument)', async () => {
    const log = [placed(), placed({ 1: 'ACC2' }), cancel(), cancel({ 1: 'ACC2' }), refused({ 1: 'ACC2', 37: 'NONE', 39: '8' })];
    await run(log, { idsRecycle: 'instrument' });
    expect((await ledger.events(tenant, ['order-'])).filter(({ type }) => type === 'CancelRejected')).toEqual([]);
    expect(await ledger.events(tenant, ['parked-'])).toHaveLength(1);
  });

  it.each([{}, unsaid])('nor its instrument (a cancel reject) is of the order of the cancel (idsRecycle=instrument, %j)', async (who) => {
    const log = [placed(who), accepted(who), placed({ ...who, 55: 'MSFT' }), accepted({ ...who, 37: 'O2', 55: 'MSFT' }), cancel({ ...who, 55: 'MSFT' }), refused({ 37: 'O2' })];
    expect(await run(log, { idsRecycle: 'instrument' })).toMatchObject({ parked: 0 });
    expect(await figures()).toEqual(['O1 C1 new 100 0 100 0 0 0', 'O2 C2 new 100 0 100 0 0 0']);
  });

  it.each<readonly [who: string, log: () => readonly string[]]>([
    ['reports', () => [placed(unsaid), accepted(), replace(unsaid), filled('E1', { 11: 'C2', 41: 'C1' })]],
    ['fills', () => [placed(unsaid), accepted(unsaid), replace(unsaid), filled('E1', { 11: 'C2', 41: 'C1' })]],
    ['order', () => [placed(), accepted(unsaid), replace(unsaid), filled('E1', { ...unsaid, 11: 'C2', 41: 'C1' })]],
    ['requests', () => [placed(), accepted(unsaid), replace(), filled('E1', { ...unsaid, 11: 'C2' })]],
  ])('is of the account that its %s say, in any order', async (_who, log) => {
    for (const lines of permutations(log())) {
      tenant = ledger.newTenant();
      await run(lines);
      expect({ lines, figures: await figures(), accounts: await accounts() }).toEqual({ lines, figures: ['O1 C2 filled 100 100 0 1 0 0'], accounts: ['ACC1'] });
    }
  });

  it('or with the account of the clearing on a drop copy is one trade, in any order', async () => {
    const clearing = { 1: 'CLR', 56: 'DROP' };
    for (const lines of permutations([placed(), filled('E1', clearing), filled('E1')])) {
      tenant = ledger.newTenant();
      await run(lines);
      expect({ lines, figures: await figures() }).toEqual({ lines, figures: ['O1 C1 filled 100 100 0 1 0 0'] });
    }
  });

  it('that refuses a cancel and says its OrderID gives the order that name', async () => {
    const trade = filled('E1', { 11: undefined });
    for (const lines of permutations([placed(), refused({ 1: 'ACC1' }), trade])) {
      tenant = ledger.newTenant();
      await run(lines);
      expect({ lines, orders: (await ledger.orders(tenant)).map(({ view }) => view.executions.length) }).toEqual({ lines, orders: [1] });
    }
  });

  it('never takes an order from the account that placed it, the assumed one too', async () => {
    await run([placed({ 1: 'main' }), accepted({ 1: 'main' }), placed({ 1: 'ACC2' }), accepted({ 1: 'ACC2', 17: 'M1', 37: 'O2' })]);
    expect(await accounts()).toEqual(['ACC2', 'main']);
  });

  it('is of the account that is given with the import', async () => {
    await run([accepted({ 1: undefined }), placed()].toReversed(), { account: 'ACC1' });
    expect(await figures()).toEqual(['O1 C1 new 100 0 100 0 0 0']);
    expect(await accounts()).toEqual(['ACC1']);
  });
});
