import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderId } from '../../src/domain/ids.js';
import { orderIdOf, orderStream } from '../../src/eventstore/identity.js';
import { accountBrokerAlias } from '../../src/ingest/aliases.js';
import { importFile } from '../../src/ingest/import-file.js';
import { ApiStack, at, textAt, tokenOf } from './api.js';
import type { ApiServer } from './api.js';
import { fact, orderTerms, PLACE, RECORD, trade } from './inputs.js';

/*
 * One order that several channels speak of: a file that is imported, and the API. And two accounts that use one broker's id.
 */

const TERMS = { environment: 'paper', instrument: { symbol: 'ACME' }, side: 'buy', orderQty: '100', ordType: 'limit', price: '10.50' };
const AT = '2026-11-20T14:30:00.000001Z';
const ORDERS = 'query ($waitFor: LogPosition) { orders(waitFor: $waitFor, settled: true, first: 100) { edges { node { id accountId cumQty } } } }';
const PARKED = 'query ($waitFor: LogPosition) { parkedFacts(waitFor: $waitFor, settled: true, first: 100) { edges { node { aliasId accountId status orderId } } } }';

let stack: ApiStack;
let api: ApiServer;
let tokens: Readonly<Record<'all' | 'main' | 'alice' | 'bob', string>>;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'fillbook-imported-'));
  stack = await ApiStack.open();
  api = await stack.serveWithTokens();
  const [all, main, alice, bob] = await Promise.all([tokenOf({}), tokenOf({ sub: 'main', accounts: ['main'] }), tokenOf({ sub: 'alice', accounts: ['alice'] }), tokenOf({ sub: 'bob', accounts: ['bob'] })]);
  tokens = { all, main, alice, bob };
});
afterAll(async () => {
  await stack?.close();
  await rm(dir, { recursive: true, force: true });
});

/** A file with one line: an order with terms, as an adapter imports it. */
async function importOrder(brokerOrderId: string, account: string): Promise<void> {
  const file = path.join(dir, `${brokerOrderId}-${account}.jsonl`);
  await writeFile(file, `${JSON.stringify({ type: 'OrderPlaced', occurredAt: AT, source: 'acme', account, refs: { brokerOrderId }, terms: TERMS })}\n`);
  const { handler, store } = stack;
  expect(await importFile({ path: file, format: 'jsonl', options: {}, handler, store })).toMatchObject({ read: 1, duplicates: 0, quarantined: 0 });
}

/** Where an import whose line says its account, and one who may write to that account alone, find the order of a broker's id. */
const imported = (brokerOrderId: string, account = 'main'): string => orderIdOf(accountBrokerAlias({ tenant: 'default', source: 'acme', account }, brokerOrderId));
const ofBob = (brokerOrderId: string): string => imported(brokerOrderId, 'bob');
const said = (brokerOrderId: string, execId: string, changes: object = {}): object => trade('', execId, { source: { name: 'acme' }, refs: { brokerOrderId }, ...changes });
const accepted = (brokerOrderId: string): object => fact('ORDER_ACCEPTED', '', { source: { name: 'acme' }, refs: { brokerOrderId } });
const record = async (input: object, token: string): Promise<unknown> => at(await api.ask(RECORD, { fact: input }, token), 'recordBrokerFact');

/** The rows of a query that are about this id, as a viewer sees them. */
async function seen(query: string, rows: string, token: string): Promise<readonly unknown[]> {
  const edges = at(await api.ask(query, { waitFor: String(await stack.store.head()) }, token), rows);
  return Array.isArray(edges) ? edges.map((edge: unknown) => at(edge, 'node')) : [];
}
const orderOf = async (id: string, token: string): Promise<unknown> => (await seen(ORDERS, 'orders.edges', token)).find((order) => at(order, 'id') === id);
const parkedOf = async (aliasId: string, token: string): Promise<readonly unknown[]> => (await seen(PARKED, 'parkedFacts.edges', token)).filter((row) => at(row, 'aliasId') === aliasId);

async function eventsOf(id: string): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const { type } of stack.store.readStream(orderStream(orderId(id)))) types.push(type);
  return types;
}

describe('an order that was imported', () => {
  it.each(['all', 'main'] as const)('takes what the API says of it, by a viewer of %s', async (viewer) => {
    const id = `I-${viewer}`;
    await importOrder(id, 'main');
    expect(await record(said(id, 'x1', { terms: undefined, execution: { execId: 'x1', lastQty: '10', lastPx: '10.5', side: 'BUY', instrument: { symbol: 'ACME', securityType: 'EQUITY', quoteCurrency: 'USD' } } }), tokens[viewer])).toMatchObject({ outcome: 'APPLIED', orderId: imported(id), errors: [] });
    expect(await orderOf(imported(id), tokens.main)).toMatchObject({ accountId: 'main', cumQty: '10' });
  });

  it('takes up what the API said of it before', async () => {
    const early = await record(fact('ORDER_ACCEPTED', '', { source: { name: 'acme' }, refs: { brokerOrderId: 'I-late' } }), tokens.main);
    expect(early).toMatchObject({ outcome: 'PARKED' });
    await importOrder('I-late', 'main');
    expect(await parkedOf('I-late', tokens.main)).toMatchObject([{ status: 'TAKEN_UP', orderId: imported('I-late') }]);
  });

  it('is the one that was placed, once a fact names both', async () => {
    const placed = await api.ask(PLACE, { input: { clOrdId: 'both', terms: orderTerms() } }, tokens.main);
    await importOrder('I-both', 'main');
    const recorded = await record(said('I-both', 'x1', { refs: { brokerOrderId: 'I-both', clOrdId: 'both' } }), tokens.main);
    expect(recorded).toMatchObject({ outcome: 'APPLIED', errors: [] });
    const ids = new Set([at(placed, 'placeOrder.orderId'), imported('I-both')]);
    expect((await seen(ORDERS, 'orders.edges', tokens.main)).filter((order) => ids.has(at(order, 'id')))).toMatchObject([{ id: at(recorded, 'orderId'), cumQty: '10' }]);
  });

  it('is the one that the API opened before', async () => {
    const opened = await record(said('I-first', 'x1'), tokens.main);
    expect(opened).toMatchObject({ outcome: 'APPLIED' });
    await importOrder('I-first', 'main');
    expect((await seen(ORDERS, 'orders.edges', tokens.main)).filter((order) => [textAt(opened, 'orderId'), imported('I-first')].includes(String(at(order, 'id'))))).toMatchObject([{ id: textAt(opened, 'orderId'), cumQty: '10' }]);
  });
});

describe('an order whose broker counts otherwise', () => {
  const DISCREPANCIES = 'query ($waitFor: LogPosition) { orders(waitFor: $waitFor, settled: true, first: 100) { edges { node { id discrepancyCount discrepancies { kind field brokers ours execId } } } } }';

  it('says what disagrees, and no more once the missing trade is there', async () => {
    await importOrder('D-1', 'main');
    await record(said('D-1', 'd2', { execution: { execId: 'd2', lastQty: '10', lastPx: '10.5' }, report: { cumQty: '30' } }), tokens.main);
    const open = (await seen(DISCREPANCIES, 'orders.edges', tokens.main)).find((order) => at(order, 'id') === imported('D-1'));
    expect(open).toMatchObject({ discrepancyCount: 1, discrepancies: [{ kind: 'cum_qty', field: 'cumQty', brokers: '30', ours: '10', execId: null }] });
    await record(said('D-1', 'd1', { occurredAt: AT, execution: { execId: 'd1', lastQty: '20', lastPx: '10.5' } }), tokens.main);
    const closed = (await seen(DISCREPANCIES, 'orders.edges', tokens.main)).find((order) => at(order, 'id') === imported('D-1'));
    expect(closed).toMatchObject({ discrepancyCount: 0, discrepancies: [] });
  });
});

describe("another account's order with the same broker's id", () => {
  const CHANNELS: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    import: (id) => importOrder(id, 'alice'),
    API: (id) => record(said(id, 'a1', { execution: { execId: 'a1', lastQty: '3', lastPx: '10.5' } }), tokens.alice),
  };
  it.each(Object.entries(CHANNELS))('is neither written nor seen where it came by the %s', async (channel, open) => {
    const id = `S-${channel}`;
    await open(id);
    const before = (await seen(ORDERS, 'orders.edges', tokens.alice)).map((order) => JSON.stringify(order)).toSorted();
    expect(await record(said(id, 'b1'), tokens.bob)).toMatchObject({ outcome: 'APPLIED', errors: [] });
    expect(await record(said(id, 'b2', { accountId: 'bob' }), tokens.all)).toMatchObject({ outcome: 'APPLIED', errors: [] });
    expect((await seen(ORDERS, 'orders.edges', tokens.alice)).map((order) => JSON.stringify(order)).toSorted()).toEqual(before);
    const bobs = await seen(ORDERS, 'orders.edges', tokens.bob);
    expect(bobs.filter((order) => at(order, 'accountId') !== 'bob')).toEqual([]);
    expect(bobs).toContainEqual(expect.objectContaining({ accountId: 'bob', cumQty: '20' }));
  });

  it('is not told of: the answer is that to an unknown order, to the very id', async () => {
    await importOrder('T-2', 'alice');
    for (const id of ['T-1', 'T-2']) {
      expect(await record(said(id, 'same'), tokens.bob)).toEqual({ outcome: 'APPLIED', duplicate: false, orderId: ofBob(id), position: expect.any(String), errors: [] });
      expect(await record(said(id, 'same'), tokens.bob)).toMatchObject({ outcome: 'DUPLICATE', orderId: ofBob(id), errors: [] });
    }
    await importOrder('T-3', 'alice');
    expect([at(await record(accepted('T-3'), tokens.bob), 'outcome'), at(await record(accepted('T-4'), tokens.bob), 'outcome')]).toEqual(['PARKED', 'PARKED']);
  });

  it('does not take up what waited when it appears', async () => {
    await record(fact('ORDER_CANCELED', '', { source: { name: 'acme' }, refs: { brokerOrderId: 'W-1' } }), tokens.bob);
    await importOrder('W-1', 'alice');
    expect(await parkedOf('W-1', tokens.bob)).toMatchObject([{ status: 'PARKED', orderId: null }]);
    expect(await eventsOf(imported('W-1', 'alice'))).toEqual(['OrderPlaced']);
  });

  it('does not get what its import says, though it was the first of that id', async () => {
    const opened = await record(said('C-1', 'b1'), tokens.bob);
    await importOrder('C-1', 'alice');
    expect(await orderOf(imported('C-1', 'alice'), tokens.alice)).toMatchObject({ accountId: 'alice', cumQty: '0' });
    expect(await eventsOf(textAt(opened, 'orderId'))).toEqual(['ExecutionRecorded']);
    expect(await orderOf(imported('C-1', 'alice'), tokens.bob)).toBeUndefined();
  });

  it('is kept apart also where both appear at the same moment', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `R-${index}`);
    const answers = await Promise.all(ids.flatMap((id) => [record(said(id, 'a', { execution: { execId: 'a', lastQty: '1', lastPx: '10.5' } }), tokens.alice), record(said(id, 'b', { execution: { execId: 'b', lastQty: '2', lastPx: '10.5' } }), tokens.bob), importOrder(id, 'alice')]));
    const orders = answers.flatMap((answer) => at(answer, 'orderId') ?? []);
    expect(new Set(orders).size).toBe(40);
    const bobs = new Set<unknown>(orders.filter((_order, index) => index % 2 === 1));
    const shown = (await seen(ORDERS, 'orders.edges', tokens.all)).filter((order) => bobs.has(at(order, 'id')));
    expect(shown.map((order) => [at(order, 'accountId'), at(order, 'cumQty')])).toEqual(Array.from({ length: 20 }, () => ['bob', '2']));
  });
});

