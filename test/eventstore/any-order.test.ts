import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountId, tenantId } from '../../src/domain/ids.js';
import { orderDecider } from '../../src/domain/order/decider.js';
import type { OrderEvent } from '../../src/domain/order/events.js';
import type { OrderView } from '../../src/domain/order/state.js';
import { decodeOrderEvent } from '../../src/eventstore/codec.js';
import type { CommandHandler, OrderFact } from '../../src/eventstore/commands.js';
import { createCommandHandler } from '../../src/eventstore/handle-command.js';
import { orderStream, parkedStream } from '../../src/eventstore/identity.js';
import { orderAliases } from '../../src/ingest/aliases.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { sha256Hex } from '../../src/eventstore/digest.js';
import { SCENARIOS } from '../domain/order/scenarios/all.js';
import { messagesOf } from '../domain/order/scenarios/messages.js';
import { pathsOf } from '../domain/order/scenarios/table.js';
import { endpoint } from '../support/ledger.js';
import type { Endpoint } from '../support/ledger.js';

/*
 * The matrices through the command handler and a real store, as several processes send them: permuted, doubled, many at a time.
 * A longer run by hand: FIX_PERMUTATIONS=500 npx vitest run test/eventstore/any-order.test.ts
 */
const RUNS = Number(process.env['FIX_PERMUTATIONS'] ?? '60');
const PROCESSES = 2;

let server: Endpoint;
let store: EventStore;
let handlers: readonly CommandHandler[];

beforeAll(async () => {
  server = await endpoint();
  store = connectEventStore({ url: server.url });
  handlers = Array.from({ length: PROCESSES }, (_, process) => createCommandHandler({ store, producer: `fillbook/test-${process}` }));
});
afterAll(async () => {
  await Promise.all(handlers.map((handler) => handler.close()));
  await store.close();
  await server.stop();
});

interface Life {
  readonly name: string;
  readonly events: readonly OrderEvent[];
}

/** The messages of each order of each branch of each matrix. */
const LIVES: readonly Life[] = SCENARIOS.flatMap((scenario) =>
  pathsOf(scenario).flatMap((path, index) => {
    const messages = messagesOf(path);
    return [...new Set(messages.map(({ order }) => order))].map((order): Life => ({
      name: `${scenario.id} path ${index} order ${order}`,
      events: messages.filter((message) => message.order === order).map(({ event }) => event),
    }));
  }),
);

/** A message as an adapter would send it: its names are those that it carries. */
function factOf({ metadata, ...fact }: OrderEvent, tenant: string): OrderFact {
  if (fact.type === 'FactConflicted' || fact.type === 'FactRepeated' || fact.type === 'OrderLinked' || fact.type === 'AliasClaimed') throw new Error('no message');
  const { schemaVersion: _version, $correlationId: correlationId, $causationId: causationId, producer: _producer, ...said } = metadata;
  return {
    ...orderAliases(fact.data.refs, { tenant, source: 'fix', account: 'ACC1' }),
    fact,
    context: { ...said, commandDigest: sha256Hex(said.commandDigest), tenantId: tenantId(tenant), accountId: accountId('ACC1'), correlationId, causationId },
  };
}

/** What every order is that the facts' names lead to, and how many facts wait. */
async function outcomeOf(facts: readonly OrderFact[]): Promise<{ readonly views: readonly OrderView[]; readonly waiting: number }> {
  const [reader] = handlers;
  if (!reader) throw new Error('no handler');
  const names = facts.flatMap(({ aliases, newAliases = [] }) => [...aliases, ...newAliases]);
  let waiting = 0;
  for (const stream of new Set(names.map((name) => parkedStream(name)))) waiting += (await reader.takeUpParked(stream)).left;
  const orders = new Set((await Promise.all(names.map((name) => reader.resolveAlias(name)))).filter((id) => id !== undefined));
  const views: OrderView[] = [];
  for (const order of orders) {
    let state = orderDecider.initialState;
    for await (const recorded of store.readStream(orderStream(order))) state = orderDecider.evolve(state, decodeOrderEvent(recorded));
    const { view } = state;
    views.push({ ...view, executions: view.executions });
  }
  return { views, waiting };
}

/** Records facts of a tenant of their own, one after another: what any other order of arrival has to end in. */
async function inOrder(events: readonly OrderEvent[]): Promise<Awaited<ReturnType<typeof outcomeOf>>> {
  const tenant = `in-order-${randomUUID()}`;
  const facts = events.map((event) => factOf(event, tenant));
  for (const fact of facts) await handlers[0]?.recordOrderFact(fact);
  return outcomeOf(facts);
}

/** Records facts as they arrive, so many at a time, each in one of the processes. */
async function arriving(events: readonly OrderEvent[], lanes: number): Promise<Awaited<ReturnType<typeof outcomeOf>>> {
  const tenant = `arriving-${randomUUID()}`;
  const facts = events.map((event) => factOf(event, tenant));
  const queue = facts.map((fact, index) => ({ fact, handler: handlers[index % PROCESSES] }));
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) expect((await next.handler?.recordOrderFact(next.fact))?.kind).not.toBe('rejected');
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return outcomeOf(facts);
}

describe('the facts of an order through the command handler, in any order', () => {
  const expected = new Map<string, Awaited<ReturnType<typeof outcomeOf>>>();
  beforeAll(async () => {
    for (const { name, events } of LIVES) expected.set(name, await inOrder(events));
  });

  it('given every life of every matrix, then in order it is one order, and none waits but for an unknown order', () => {
    const others = [...expected].filter(([, { views, waiting }]) => views.length !== 1 || waiting > 0).map(([name]) => name);
    expect(others).toEqual(['B.1.f path 0 order X']);
    expect(LIVES.length).toBeGreaterThan(100);
  });

  it('given every life backwards and doubled, with all facts at once, then it ends the same', async () => {
    for (const { name, events } of LIVES) {
      const backwards = [...events, ...events].toReversed();
      expect({ name, ...(await arriving(backwards, backwards.length)) }).toEqual({ name, ...expected.get(name) });
    }
  });

  it('given any life permuted and partly doubled, in any number of lanes and two processes, then it ends the same, and nothing more disagrees', async () => {
    const arrivals = fc.constantFrom(...LIVES).chain(({ name, events }) =>
      fc
        .array(fc.constantFrom(...events), { maxLength: events.length })
        .chain((again) => fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }))
        .map((arrived) => ({ name, arrived })),
    );
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 8 }), async ({ name, arrived }, lanes) => {
        expect({ name, ...(await arriving(arrived, lanes)) }).toEqual({ name, ...expected.get(name) });
      }),
      { numRuns: RUNS },
    );
  });
});
