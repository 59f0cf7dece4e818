import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandKey } from '../../src/domain/ids.js';
import { sha256Hex } from '../../src/eventstore/digest.js';
import { verifyChain } from '../../src/eventstore/chain.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import type { Alias, CommandHandler, OrderFact } from '../../src/eventstore/commands.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { orderIdOf, orderStream, parkedStream } from '../../src/eventstore/identity.js';
import { collected, endpoint } from '../support/ledger.js';
import type { Endpoint } from '../support/ledger.js';
import { contextOf, executionOf, termsOf } from '../support/events.js';

let server: Endpoint;
let store: EventStore;
let handler: CommandHandler;

beforeAll(async () => {
  server = await endpoint();
  store = connectEventStore({ url: server.url });
  handler = createCommandHandler({ store, producer: 'fillbook/test' });
});

afterAll(async () => {
  await handler?.close();
  await store?.close();
  await server?.stop();
});

/** Names and facts of an order that no other test knows. */
function anOrder() {
  const scope = ['default', 'venue', randomUUID()];
  const broker: Alias = { kind: 'broker', scope, id: 'B-1' };
  const client: Alias = { kind: 'client', scope, id: 'C-1' };
  const context = (key: string, content: string = key) =>
    contextOf({ commandKey: commandKey(`fact:${scope.join('/')}/${key}`), commandDigest: sha256Hex(content) });
  const placed = (aliases: readonly Alias[], key = 'placed'): OrderFact => ({
    aliases,
    fact: { type: 'OrderPlaced', data: { refs: { brokerOrderId: 'B-1' }, origin: 'fact', terms: termsOf() } },
    context: context(key),
  });
  const traded = (aliases: readonly Alias[], execId: string, newAliases: readonly Alias[] = []): OrderFact => ({
    aliases,
    newAliases,
    fact: { type: 'ExecutionRecorded', data: { refs: { brokerOrderId: 'B-1' }, execution: executionOf(execId) } },
    context: context(execId),
  });
  return { broker, client, context, placed, traded, alias: (id: string): Alias => ({ kind: 'client', scope, id }) };
}

const typesOf = async (stream: string): Promise<string[]> => (await collected(store.readStream(stream))).map(({ type }) => type);

async function expectIntact(stream: string): Promise<void> {
  expect(await verifyChain(stream, store.readStream(stream))).toMatchObject({ kind: 'intact' });
}

describe('recording facts', () => {
  it('given a new order, when its facts are recorded in one go, then its stream holds each once, in order, chained', async () => {
    const order = anOrder();
    const facts = [order.placed([order.broker]), ...['e1', 'e2', 'e3'].map((id) => order.traded([order.broker], id))];
    const results = await Promise.all(facts.map((fact) => handler.recordOrderFact(fact)));
    expect(results.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied', 'applied']);
    const stream = orderStream(orderIdOf(order.broker));
    expect(await typesOf(stream)).toEqual(['OrderPlaced', 'ExecutionRecorded', 'ExecutionRecorded', 'ExecutionRecorded']);
    await expectIntact(stream);
  });

  it('given recorded facts, when they come again here or in another process, then nothing is added', async () => {
    const order = anOrder();
    const facts = [order.placed([order.broker]), order.traded([order.broker], 'e1')];
    for (const fact of facts) await handler.recordOrderFact(fact);
    const other = createCommandHandler({ store, producer: 'fillbook/other' });
    for (const again of [handler, other]) {
      const results = await Promise.all(facts.map((fact) => again.recordOrderFact(fact)));
      expect(results).toMatchObject([{ kind: 'duplicate' }, { kind: 'duplicate' }]);
      expect(results.every((result) => result.kind === 'duplicate' && result.position !== undefined)).toBe(true);
    }
    expect(await typesOf(orderStream(orderIdOf(order.broker)))).toHaveLength(2);
  });

  it('given another payload under a known id, then it is recorded as a conflicting version, once', async () => {
    const order = anOrder();
    await handler.recordOrderFact(order.placed([order.broker]));
    await handler.recordOrderFact(order.traded([order.broker], 'e1'));
    const other: OrderFact = { ...order.traded([order.broker], 'e1'), context: order.context('e1', 'another payload') };
    expect(await handler.recordOrderFact(other)).toMatchObject({ kind: 'applied' });
    expect(await handler.recordOrderFact(other)).toMatchObject({ kind: 'duplicate' });
    expect(await typesOf(orderStream(orderIdOf(order.broker)))).toEqual(['OrderPlaced', 'ExecutionRecorded', 'FactConflicted']);
  });

  it('given an order known under two names, then facts under either name, or a later one, are recorded in it', async () => {
    const order = anOrder();
    const replacing = order.alias('C-2');
    await handler.recordOrderFact(order.placed([order.client, order.broker]));
    await handler.recordOrderFact(order.traded([order.broker], 'e1', [replacing]));
    const fresh = createCommandHandler({ store, producer: 'fillbook/fresh' });
    const result = await fresh.recordOrderFact(order.traded([replacing], 'e2'));
    expect(result).toMatchObject({ kind: 'applied', id: orderIdOf(order.client), revision: 2n });
    expect(await typesOf(orderStream(orderIdOf(replacing)))).toEqual(['AliasClaimed']);
    expect(await fresh.resolveAlias(order.broker)).toBe(orderIdOf(order.client));
  });

  it('given two orders that turn out to be one, then they are linked, and the survivor has every fact once', async () => {
    const order = anOrder();
    await handler.recordOrderFact(order.placed([order.client], 'placed'));
    await handler.recordOrderFact({ ...order.traded([order.broker], 'e1'), fact: { ...order.placed([order.broker]).fact } });
    await handler.recordOrderFact(order.traded([order.broker], 'e2'));
    const result = await handler.recordOrderFact(order.traded([order.client, order.broker], 'e3'));
    const [survivor, linked] = [orderIdOf(order.client), orderIdOf(order.broker)].sort();
    if (survivor === undefined || linked === undefined) throw new Error('two ids');
    expect(result).toMatchObject({ kind: 'applied', id: survivor });
    expect((await typesOf(orderStream(linked))).at(-1)).toBe('OrderLinked');
    const keys = (await collected(store.readStream(orderStream(survivor)))).map(({ metadata }) => JSON.stringify(metadata).replace(/.*"commandKey":"[^"]*\/([^/"]*)".*/, '$1'));
    expect(keys.sort()).toEqual(['e1', 'e2', 'e3', 'placed']);
    expect(await handler.resolveAlias(order.broker)).toBe(survivor);
    await expectIntact(orderStream(survivor));
    await expectIntact(orderStream(linked));
  });

  it('given two orders that are cached here and that another process links, then every name is of the survivor at once', async () => {
    const order = anOrder();
    await handler.recordOrderFact(order.placed([order.client], 'placed'));
    await handler.recordOrderFact(order.placed([order.broker], 'reported'));
    const other = createCommandHandler({ store, producer: 'fillbook/other' });
    await other.recordOrderFact(order.traded([order.client, order.broker], 'e1'));
    const [survivor] = [orderIdOf(order.client), orderIdOf(order.broker)].sort();
    expect(await Promise.all([order.client, order.broker].map((alias) => handler.resolveAlias(alias)))).toEqual([survivor, survivor]);
    expect(await handler.resolveAlias(order.alias('nobody'))).toBeUndefined();
  });

  it('given a fact without terms of an unknown order, then it is parked once, and taken up when its order appears', async () => {
    const order = anOrder();
    const early = order.traded([order.broker], 'e1');
    expect(await handler.recordOrderFact(early)).toMatchObject({ kind: 'parked', stream: parkedStream(order.broker) });
    expect(await handler.recordOrderFact(early)).toMatchObject({ kind: 'duplicate', stream: parkedStream(order.broker) });
    expect(await handler.takeUpParked(order.broker)).toMatchObject({ takenUp: 0, left: 1 });
    await handler.recordOrderFact(order.placed([order.client, order.broker]));
    expect(await handler.takeUpParked(parkedStream(order.broker))).toMatchObject({ takenUp: 1, left: 0 });
    expect(await handler.takeUpParked(order.broker)).toMatchObject({ takenUp: 0, left: 0 });
    expect(await typesOf(orderStream(orderIdOf(order.client)))).toEqual(['OrderPlaced', 'ExecutionRecorded']);
    expect(await typesOf(parkedStream(order.broker))).toEqual(['FactParked', 'ParkedFactTakenUp']);
    await expectIntact(parkedStream(order.broker));
  });

  it('given many facts of one key or of several, then they are taken up in few appends, each noted after it was recorded', async () => {
    const order = anOrder();
    const facts = Array.from({ length: 450 }, (_, index) => order.traded([order.broker], `e${index}`));
    const sameKey: OrderFact = { ...order.traded([order.broker], 'e0'), context: order.context('e0', 'another payload') };
    await Promise.all([...facts, sameKey].map((fact) => handler.recordOrderFact(fact)));
    await handler.recordOrderFact(order.placed([order.broker]));
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(handler.takeUpParked(order.broker, aborted)).rejects.toThrow('enough');
    // Two processes at the same moment: together they record and note each once.
    const other = createCommandHandler({ store, producer: 'fillbook/other' });
    const [here, there] = await Promise.all([handler.takeUpParked(order.broker), other.takeUpParked(order.broker)]);
    expect([here.left, there.left]).toEqual([0, 0]);
    const types = await typesOf(orderStream(orderIdOf(order.broker)));
    expect(types.filter((type) => type === 'ExecutionRecorded')).toHaveLength(450);
    expect(types.filter((type) => type === 'FactConflicted')).toHaveLength(1);
    expect((await typesOf(parkedStream(order.broker))).filter((type) => type === 'ParkedFactTakenUp')).toHaveLength(450);
    await expectIntact(parkedStream(order.broker));
  });

  it('given many links at once whose facts were copied before, then all are made: none holds a read while it needs another', { timeout: 60_000 }, async () => {
    const orders = Array.from({ length: 100 }, anOrder);
    for (const { client, broker, placed } of orders) await Promise.all([client, broker].map((alias) => handler.recordOrderFact(placed([alias]))));
    const linked = await Promise.all(orders.map(({ client, broker, traded }) => handler.recordOrderFact(traded([client, broker], 'e1'))));
    expect(linked.every(({ kind }) => kind === 'applied')).toBe(true);
    const named = await Promise.all(orders.flatMap(({ client, broker }) => [client, broker].map((alias) => handler.resolveAlias(alias))));
    expect(new Set(named).size).toBe(100);
  });

  it('given a fact that the contract refuses, then it is rejected with field and reason, and its neighbours are recorded', async () => {
    const order = anOrder();
    const bad = order.traded([order.broker], 'e\u0000');
    const results = await Promise.all([order.placed([order.broker]), bad, order.traded([order.broker], 'e2')].map((fact) => handler.recordOrderFact(fact)));
    expect(results).toMatchObject([{ kind: 'applied' }, { kind: 'rejected', rejection: { code: 'invalid_input' } }, { kind: 'applied' }]);
  });

  it('given an alias that is empty, then the fact is rejected and names the alias', async () => {
    const order = anOrder();
    expect(await handler.recordOrderFact(order.placed([{ ...order.broker, id: '' }]))).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'invalid_input', field: 'aliases.0.id' },
    });
  });
});
