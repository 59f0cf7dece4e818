import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountId, commandKey, tenantId } from '../../src/domain/ids.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { orderIdOf, orderStream } from '../../src/eventstore/identity.js';
import { importFile } from '../../src/ingest/import-file.js';
import { contextOf, termsOf } from '../support/events.js';
import { permutations } from '../support/permutations.js';
import { fromBroker, toBroker } from './fix-fixture.js';
import { ImportLedger } from './import-ledger.js';

/* Orders that came into the assumed account (`main`) before a message said whose they are: through the adapter and a real event store. */

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
});

type Fields = Readonly<Record<number, string | undefined>>;
const UNSAID = { 1: undefined };
const ORDER = { 1: 'ACC1', 11: 'C1', 38: '100', 40: '1', 54: '1', 55: 'AAPL' };
const REPORT = { 1: 'ACC1', 6: '0', 11: 'C1', 14: '0', 37: 'O1', 38: '100', 39: '0', 54: '1', 55: 'AAPL', 150: '0', 151: '100' };
/** The message, `second` seconds after the others began, and numbered so. */
const at = (second: number): Fields => ({ 34: String(second), 60: `20261120-14:30:${String(second).padStart(2, '0')}.000` });
const placed = (second: number, fields: Fields = {}): string => toBroker('D', { ...ORDER, ...at(second), ...fields });
const replace = (second: number, fields: Fields = {}): string => toBroker('G', { ...ORDER, 11: 'C2', 41: 'C1', ...at(second), ...fields });
const accepted = (second: number, fields: Fields = {}): string => fromBroker('8', { ...REPORT, 17: `N${second}`, ...at(second), ...fields });
const filled = (second: number, quantity: string, cumQty: string, fields: Fields = {}): string =>
  fromBroker('8', { ...REPORT, 14: cumQty, 17: `E${second}`, 31: '10', 32: quantity, 39: cumQty === '100' ? '2' : '1', 150: 'F', 151: String(100 - Number(cumQty)), ...at(second), ...fields });

const cancel = (second: number, fields: Fields = {}): string => toBroker('F', { 1: 'ACC1', 11: 'C2', 38: '100', 41: 'C1', 54: '1', 55: 'AAPL', ...at(second), ...fields });
const refused = (second: number, fields: Fields = {}): string => fromBroker('9', { 1: 'ACC1', 11: 'C2', 37: 'O1', 39: '1', 41: 'C1', 434: '1', ...at(second), ...fields });
/** In another session of the same broker. */
const DROP: Fields = { 56: 'DROP' };

async function run(lines: readonly string[], store: EventStore = ledger.store, flags: Readonly<Record<string, string>> = {}): Promise<void> {
  const handler = createCommandHandler({ store, producer: 'fillbook/test' });
  const stdin = Readable.from([lines.join('\n')], { objectMode: false });
  try {
    await importFile({ path: '-', format: 'fix', handler, store, options: { tenant, ...flags }, stdin });
  } finally {
    await handler.close();
  }
}

/** A line an order: its account, names, status and number of executions. */
const shown = async (): Promise<readonly string[]> =>
  (await ledger.orders(tenant)).map(({ accountId: account, view }) => `${account} ${view.brokerOrderId} ${view.clOrdId} ${view.ordStatus} ${view.executions.length}`).sort();

/** The store of another process: `before` runs before each append to a stream. */
function otherProcess(before: (stream: string) => Promise<void>): EventStore {
  return new Proxy(ledger.store, {
    get(store, name) {
      if (name === 'append') {
        return async (...args: Parameters<EventStore['append']>) => {
          await before(args[0]);
          return await store.append(...args);
        };
      }
      const member: unknown = Reflect.get(store, name);
      return typeof member === 'function' ? member.bind(store) : member;
    },
  });
}

const sessionName = (kind: readonly string[]): string => orderStream(orderIdOf({ kind: 'client', scope: [tenant, 'BROKER', 'session', 'CLIENT', ...kind], id: 'C1' }));

describe.each([{}, { idsRecycle: 'account' }])('two processes (%j), one of which knows no account', (flags) => {
  it.each([['the session’s', []], ['that of orders without one', ['no account said']]])('end in one order where the other writes before it claims %s name', async (_what, kind) => {
    const claimed = sessionName(kind);
    let isWritten = false;
    const store = otherProcess(async (stream) => {
      if (stream !== claimed || isWritten) return;
      isWritten = true;
      await run([accepted(2)], ledger.store, flags);
    });
    await run([placed(1, UNSAID)], store, flags);
    expect(isWritten).toBe(true);
    expect(await shown()).toEqual(['ACC1 O1 C1 new 0']);
  });

  it.each([['the session’s', []], ['that of orders without one', ['no account said']]])('end in one order where the first is killed before it claims %s name, and both files are imported again', async (_what, kind) => {
    const claimed = sessionName(kind);
    const store = otherProcess((stream) => (stream === claimed ? Promise.reject(new Error('killed')) : Promise.resolve()));
    await expect(run([placed(1, UNSAID)], store, flags)).rejects.toThrow('killed');
    await run([accepted(2)], ledger.store, flags);
    await run([placed(1, UNSAID)], ledger.store, flags);
    await run([accepted(2)], ledger.store, flags);
    expect(await shown()).toEqual(['ACC1 O1 C1 new 0']);
  });
});

describe('an order that a report without an account opened', () => {
  it('is of the account that another process says before the first has claimed its names', async () => {
    const claimed = sessionName(['no account said']);
    let isWritten = false;
    const store = otherProcess(async (stream) => {
      if (stream !== claimed || isWritten) return;
      isWritten = true;
      await run([accepted(2)]);
    });
    await run([accepted(1, UNSAID)], store);
    expect(isWritten).toBe(true);
    expect(await shown()).toEqual(['ACC1 O1 C1 new 0']);
  });

  it('is of the account that another process says after the first was killed, and both are imported again', async () => {
    const claimed = sessionName(['no account said']);
    const store = otherProcess((stream) => (stream === claimed ? Promise.reject(new Error('killed')) : Promise.resolve()));
    await expect(run([accepted(1, UNSAID)], store)).rejects.toThrow('killed');
    await run([accepted(2)]);
    await run([accepted(1, UNSAID)]);
    await run([accepted(2)]);
    expect(await shown()).toEqual(['ACC1 O1 C1 new 0']);
  });

  it.each<readonly [string, () => readonly string[]]>([
    ['a cancel reject', () => [placed(1, UNSAID), filled(2, '40', '40', UNSAID), cancel(3, UNSAID), refused(4), filled(5, '60', '100', { 11: 'C1' })]],
    ['a drop copy', () => [placed(1, UNSAID), filled(2, '40', '40', UNSAID), filled(3, '60', '100', DROP)]],
    ['a drop copy and a report', () => [placed(1, UNSAID), filled(3, '60', '100', DROP), filled(2, '40', '40')]],
  ])('is of the account that %s says, in any order', async (_what, log) => {
    for (const lines of permutations(log())) {
      tenant = ledger.newTenant();
      await run(lines);
      expect({ lines, shown: (await shown()).map((order) => order.replace(' C2 ', ' C1 ')) }).toEqual({ lines, shown: ['ACC1 O1 C1 filled 2'] });
    }
  });
});

describe('an order without an account', () => {
  it('whose trades go on with one has them in the log in the order of the lines', async () => {
    await run([placed(1, UNSAID), filled(2, '40', '40', UNSAID), filled(3, '60', '100')]);
    expect(await shown()).toEqual(['ACC1 O1 C1 filled 2']);
    const order = (await ledger.events(tenant, ['order-'])).find(({ type, data }) => type === 'ExecutionRecorded' && JSON.stringify(data).includes('"E3"'));
    const trades = (await ledger.events(tenant, [order?.stream ?? ''])).filter(({ type }) => type === 'ExecutionRecorded').map(({ data }) => JSON.stringify(data).includes('"E2"'));
    expect(trades).toEqual([true, false]);
  });

  it('that only a request says the account of is one order in any order of arrival, whose reports name it by the replacing ClOrdID alone', async () => {
    for (const lines of permutations([placed(1, UNSAID), replace(2), filled(3, '100', '100', { ...UNSAID, 11: 'C2', 37: 'NONE' })])) {
      tenant = ledger.newTenant();
      await run(lines);
      expect({ lines, orders: await ledger.figures(tenant) }).toEqual({ lines, orders: [' C2 filled 100 100 0 1 0 0'] });
    }
  });
});

describe('an order that was placed through the API in the assumed account', () => {
  it('stays there, whatever account a report says', async () => {
    const context = contextOf({ tenantId: tenantId(tenant), accountId: accountId('main'), commandKey: commandKey('place') });
    const { commandKey: key, commandDigest } = context;
    const result = await ledger.handler.placeOrder({ kind: 'PlaceOrder', clOrdId: 'C1', terms: termsOf({ instrument: { ...termsOf().instrument, symbol: 'AAPL' } }), commandKey: key, commandDigest }, context);
    expect(result.kind).toBe('applied');
    await run([accepted(2), accepted(3, UNSAID)]);
    expect((await ledger.orders(tenant)).map(({ accountId: account, view }) => `${account} ${view.clOrdId}`)).toContain('main C1');
  });
});
