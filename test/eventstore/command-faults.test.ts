import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantityText } from '../../src/domain/amounts.js';
import { accountId, commandKey, execId, orderId } from '../../src/domain/ids.js';
import { seal, storedHash, verifyChain } from '../../src/eventstore/chain.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import type { Alias, CommandHandler, OrderFact } from '../../src/eventstore/commands.js';
import { sha256Hex } from '../../src/eventstore/digest.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { orderIdOf, orderStream } from '../../src/eventstore/identity.js';
import { contextOf, executionOf, metadataOf, termsOf } from '../support/events.js';
import { startTestEventStore } from '../support/event-store.js';
import type { TestEventStore } from '../support/event-store.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { collected } from '../support/ledger.js';

let server: TestEventStore;
let store: EventStore;

beforeAll(async () => {
  server = await startTestEventStore();
  store = connectEventStore({ url: server.url });
});

afterAll(async () => {
  await store?.close();
  await server?.stop();
});

const handlerOn = (target: EventStore): CommandHandler => createCommandHandler({ store: target, producer: 'fillbook/test', factGiveUpAfterMs: 20_000 });

/** An order of its own, seen under one broker id. */
function anOrder() {
  const alias: Alias = { kind: 'broker', scope: [randomUUID()], id: 'B-1' };
  const id = orderIdOf(alias);
  const context = (key: string) => contextOf({ commandKey: commandKey(`${id}/${key}`), commandDigest: sha256Hex(key) });
  const fact = (key: string, body: OrderFact['fact']): OrderFact => ({ aliases: [alias], fact: body, context: context(key) });
  const refs = { brokerOrderId: 'B-1' };
  return {
    id,
    stream: orderStream(id),
    context,
    placed: fact('placed', { type: 'OrderPlaced', data: { refs, origin: 'fact', terms: termsOf() } }),
    accepted: fact('accepted', { type: 'OrderAccepted', data: { refs } }),
    traded: (key: string, lastQty = '10') => fact(key, { type: 'ExecutionRecorded', data: { refs, execution: executionOf(key, { lastQty: quantityText(lastQty) }) } }),
    busted: (key: string) => fact(`bust-${key}`, { type: 'ExecutionBusted', data: { refs, execId: execId(`bust-${key}`), execRefId: execId(key) } }),
  };
}

async function keysIn(stream: string): Promise<string[]> {
  const events = await collected(store.readStream(stream));
  return events.map(({ metadata }) => (/"commandKey":"([^"]*)"/.exec(JSON.stringify(metadata)) ?? [])[1]?.split('/').at(-1) ?? '');
}

async function expectIntact(stream: string): Promise<void> {
  expect(await verifyChain(stream, store.readStream(stream))).toMatchObject({ kind: 'intact' });
}

/** The store with a competitor: before each of the first `times` appends to `stream`, somebody else appends to it. */
function contested(stream: string, times: number): { readonly target: EventStore; readonly lost: () => number } {
  let lost = 0;
  const competitor = async (): Promise<void> => {
    const last = await store.readLast(stream);
    const head = last && storedHash(last);
    if (!last || !head) return;
    lost += 1;
    const refs = { brokerOrderId: 'B-1' };
    const key = `rival-${last.revision}`;
    const event = { type: 'OrderStatusReported', data: { refs }, metadata: metadataOf({ commandKey: commandKey(key), commandDigest: sha256Hex(key) }) };
    await store.append(stream, last.revision, seal(stream, last.revision + 1n, head, [event]).events);
  };
  const target: EventStore = {
    append: async (to, expected, events) => {
      if (to === stream && lost < times) await competitor();
      return store.append(to, expected, events);
    },
    readStream: (...args) => store.readStream(...args),
    readLast: (...args) => store.readLast(...args),
    readAll: (...args) => store.readAll(...args),
    readAt: (...args) => store.readAt(...args),
    head: () => store.head(),
    subscribeAll: (options) => store.subscribeAll(options),
    close: () => store.close(),
  };
  return { target, lost: () => lost };
}

const cancel = (order: ReturnType<typeof anOrder>, key: string) =>
  ({ kind: 'RequestCancel', clOrdId: `X-${key}-${order.id}`, commandKey: order.context(key).commandKey, commandDigest: sha256Hex(key) }) as const;

describe('conflicts', () => {
  it('given 15 lost races, then a fact is recorded all the same, once', async () => {
    const order = anOrder();
    await handlerOn(store).recordOrderFact(order.placed);
    const { target, lost } = contested(order.stream, 15);
    expect(await handlerOn(target).recordOrderFact(order.traded('e1'))).toMatchObject({ kind: 'applied', revision: 16n });
    expect(lost()).toBe(15);
    expect((await keysIn(order.stream)).filter((key) => key === 'e1')).toHaveLength(1);
    await expectIntact(order.stream);
  });

  it('given an intent that loses every race, then it is rejected as a conflict and nothing is written', async () => {
    const order = anOrder();
    for (const fact of [order.placed, order.accepted]) await handlerOn(store).recordOrderFact(fact);
    const { target } = contested(order.stream, Number.POSITIVE_INFINITY);
    const result = await handlerOn(target).changeOrder(order.id, cancel(order, 'cancel'), order.context('cancel'));
    expect(result).toMatchObject({ kind: 'rejected', rejection: { code: 'conflict' } });
    expect(await keysIn(order.stream)).not.toContain('cancel');
  });

  it('given 200 facts of one order at once, then they are coalesced, recorded in order, once, with positions to wait for', async () => {
    const order = anOrder();
    const handler = handlerOn(store);
    const keys = Array.from({ length: 200 }, (_, index) => `e${index}`);
    const results = await Promise.all([order.placed, ...keys.map((key) => order.traded(key, '0.5'))].map((fact) => handler.recordOrderFact(fact)));
    expect(results.every(({ kind }) => kind === 'applied')).toBe(true);
    expect(await keysIn(order.stream)).toEqual(['placed', ...keys]);
    await expectIntact(order.stream);
  });
});

describe('a stale cache', () => {
  it('given a fact that another process recorded since, then it is found to be a duplicate', async () => {
    const order = anOrder();
    const [here, there] = [handlerOn(store), handlerOn(store)];
    await here.recordOrderFact(order.placed);
    const fact = order.traded('e1');
    await there.recordOrderFact({ ...fact, context: { ...fact.context, receivedAt: '2026-11-20T14:30:09Z' } });
    expect(await here.recordOrderFact(order.traded('e1'))).toMatchObject({ kind: 'duplicate', revision: 1n });
    expect(await keysIn(order.stream)).toEqual(['placed', 'e1']);
  });

  it('given an intent that the cached state refuses and the true one allows, then it is allowed', async () => {
    const order = anOrder();
    const [here, there] = [handlerOn(store), handlerOn(store)];
    for (const fact of [order.placed, order.accepted, order.traded('e1', '100')]) await here.recordOrderFact(fact);
    expect(await here.changeOrder(order.id, cancel(order, 'c1'), order.context('c1'))).toMatchObject({ kind: 'rejected' });
    await there.recordOrderFact(order.busted('e1'));
    expect(await here.changeOrder(order.id, cancel(order, 'c2'), order.context('c2'))).toMatchObject({ kind: 'applied' });
    await expectIntact(order.stream);
  });

  it('given an intent that the cached state allows and the true one refuses, then it is refused', async () => {
    const order = anOrder();
    const [here, there] = [handlerOn(store), handlerOn(store)];
    for (const fact of [order.placed, order.accepted]) await here.recordOrderFact(fact);
    await there.recordOrderFact(order.traded('e1', '100'));
    expect(await here.changeOrder(order.id, cancel(order, 'c1'), order.context('c1'))).toMatchObject({ kind: 'rejected' });
    expect(await keysIn(order.stream)).toEqual(['placed', 'accepted', 'e1']);
  });

  it('given an intent on an order of another tenant or account, or on none, then it is not found', async () => {
    const order = anOrder();
    const handler = handlerOn(store);
    await handler.recordOrderFact(order.placed);
    const elsewhere = order.context('c1');
    for (const id of [orderId(randomUUID()), order.id]) {
      const context = id === order.id ? { ...elsewhere, accountId: accountId('another') } : elsewhere;
      expect(await handler.changeOrder(id, cancel(order, 'c1'), context)).toMatchObject({ kind: 'rejected', rejection: { code: 'not_found' } });
    }
  });
});

describe('an outage', () => {
  it('given lost answers under the handler, then every fact is recorded once', async () => {
    const proxy = await FaultProxy.start(server.port);
    const target = connectEventStore({ url: proxy.url, appendDeadlineMs: 200, readDeadlineMs: 400, backoff: { firstMs: 2, maxMs: 20 } });
    const handler = handlerOn(target);
    const orders = Array.from({ length: 30 }, () => anOrder());
    const keys = ['e1', 'e2', 'e3', 'e4'];
    let answered = 0;
    const recording = orders.map(async (order) => {
      for (const fact of [order.placed, ...keys.map((key) => order.traded(key))]) {
        await handler.recordOrderFact(fact);
        answered += 1;
        if (answered % 25 === 0) proxy.mode = 'lose_answers';
        if (proxy.mode !== 'forward') setTimeout(() => (proxy.mode = 'forward'), 50);
      }
    });
    await Promise.all(recording);
    for (const order of orders) {
      expect(await keysIn(order.stream)).toEqual(['placed', ...keys]);
      await expectIntact(order.stream);
    }
    await handler.close();
    await target.close();
    await proxy.stop();
  });

  it('given the server is killed with -9 under load and started again, then every fact is recorded once', async () => {
    const own = await startTestEventStore();
    const target = connectEventStore({ url: own.url, appendDeadlineMs: 1_000, backoff: { firstMs: 5, maxMs: 100 } });
    try {
      const handler = handlerOn(target);
      const orders = Array.from({ length: 200 }, () => anOrder());
      const recording = Promise.all(orders.flatMap((order) => [order.placed, order.traded('e1')]).map((fact) => handler.recordOrderFact(fact)));
      for (let round = 0; round < 2; round += 1) {
        await own.kill();
        await own.restart();
      }
      expect(new Set((await recording).map(({ kind }) => kind))).toEqual(new Set(['applied']));
      for (const order of orders) {
        const events = await collected(target.readStream(order.stream));
        expect(events.map(({ type }) => type)).toEqual(['OrderPlaced', 'ExecutionRecorded']);
        expect(await verifyChain(order.stream, events)).toMatchObject({ kind: 'intact' });
      }
      await handler.close();
    } finally {
      await target.close();
      await own.stop();
    }
  });

  it('given a store that stays away, then facts end in a clear error after the stated time', async () => {
    const proxy = await FaultProxy.start(server.port);
    proxy.mode = 'half_open';
    const target = connectEventStore({ url: proxy.url, appendDeadlineMs: 50, readDeadlineMs: 50, giveUpAfterMs: 100, backoff: { firstMs: 2, maxMs: 20 } });
    const handler = createCommandHandler({ store: target, producer: 'fillbook/test', factGiveUpAfterMs: 500 });
    await expect(handler.recordOrderFact(anOrder().placed)).rejects.toMatchObject({ name: 'EventStoreError', isTransient: true });
    await target.close();
    await proxy.stop();
  });
});

interface Recorder {
  readonly ready: Promise<void>;
  readonly start: () => void;
  readonly summary: Promise<{ readonly applied: number; readonly duplicate: number; readonly total: number }>;
}

function recorder(scope: string, orders: number, receivedAt: string, firstName: 'broker' | 'client'): Recorder {
  const script = fileURLToPath(new URL('../support/record-facts.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, server.url, scope, String(orders), receivedAt, firstName], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = (async () => {
    await lines.next();
  })();
  const summary = (async () => {
    await ready;
    return JSON.parse((await lines.next()).value ?? '{}');
  })();
  return { ready, summary, start: () => child.stdin.write('go\n') };
}

/** Two processes that record the same facts of the same orders at once. */
async function recordedByTwo(scope: string, orders: number, firstNames: readonly ('broker' | 'client')[]): Promise<void> {
  const processes = firstNames.map((firstName, index) => recorder(scope, orders, `2026-11-20T14:30:0${index}Z`, firstName));
  await Promise.all(processes.map(({ ready }) => ready));
  for (const { start } of processes) start();
  for (const { applied, duplicate, total } of await Promise.all(processes.map(({ summary }) => summary))) {
    expect({ answered: applied + duplicate, total }).toEqual({ answered: orders * 4, total: orders * 4 });
  }
}

const namesOf = (scope: string, order: number): readonly [Alias, Alias] => [
  { kind: 'broker', scope: [scope], id: `B-${order}` },
  { kind: 'client', scope: [scope], id: `C-${order}` },
];

describe('two processes that record the same facts at once', () => {
  it('then every fact is there once, in order, every alias names one order, and every chain is intact', async () => {
    const [scope, orders] = [randomUUID(), 60];
    await recordedByTwo(scope, orders, ['broker', 'broker']);
    const handler = handlerOn(store);
    for (let order = 1; order <= orders; order += 1) {
      const [broker, client] = namesOf(scope, order);
      expect(await handler.resolveAlias(client)).toBe(orderIdOf(broker));
      const stream = orderStream(orderIdOf(broker));
      expect(await keysIn(stream)).toEqual(['placed', 'e1', 'e2', 'e3']);
      await expectIntact(stream);
    }
  });

  it('given each opens the orders under another name, then the two of each are linked into one that has every fact once', async () => {
    const [scope, orders] = [randomUUID(), 40];
    await recordedByTwo(scope, orders, ['broker', 'client']);
    const handler = handlerOn(store);
    for (let order = 1; order <= orders; order += 1) {
      const names = namesOf(scope, order);
      const ids = await Promise.all(names.map((name) => handler.resolveAlias(name)));
      expect(new Set(ids).size).toBe(1);
      const [survivor] = ids;
      if (survivor === undefined) throw new Error('no order');
      expect((await keysIn(orderStream(survivor))).toSorted()).toEqual(['e1', 'e2', 'e3', 'placed']);
      for (const name of names) await expectIntact(orderStream(orderIdOf(name)));
    }
  });
});
