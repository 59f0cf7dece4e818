import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderEvent, OrderEventBody } from '../../src/domain/order/events.js';
import { Aggregate } from '../../src/eventstore/aggregate.js';
import { connectEventStore } from '../../src/eventstore/client.js';
import { decodeOrderEvent } from '../../src/eventstore/codec.js';
import type { EventStore } from '../../src/eventstore/event-store.js';
import { metadataOf } from '../support/events.js';
import { endpoint } from '../support/ledger.js';
import type { Endpoint } from '../support/ledger.js';

let server: Endpoint;
let store: EventStore;
beforeAll(async () => {
  server = await endpoint();
  store = connectEventStore({ url: server.url });
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

/** Folds the types of events, and cannot fold a cancel. */
const typesOnly = {
  initialState: new Array<string>(),
  evolve(types: readonly string[], { type }: OrderEventBody): readonly string[] {
    if (type === 'OrderCanceled') throw new TypeError('cannot fold a cancel');
    return [...types, type];
  },
};

const event = (type: 'OrderAccepted' | 'OrderSuspended' | 'OrderCanceled'): OrderEvent => ({ type, data: { refs: {} }, metadata: metadataOf() });

describe('a command whose second event cannot be folded', () => {
  it('fails alone, and leaves nothing of its first event in the state', async () => {
    const aggregate = new Aggregate<readonly string[], OrderEventBody>({ store, decider: typesOnly, decode: decodeOrderEvent, cacheSize: 10, factGiveUpAfterMs: 1_000 });
    const submit = (...types: readonly Parameters<typeof event>[0][]) =>
      aggregate.submit<never>('order-half', { isFact: true, startsNew: true, decide: () => ({ kind: 'append', events: types.map(event) }) });
    // The first one is worked off alone, the other two together.
    const [, bad, good] = await Promise.allSettled([submit('OrderAccepted'), submit('OrderAccepted', 'OrderCanceled'), submit('OrderSuspended')]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { message: 'cannot fold a cancel' } });
    expect(good).toMatchObject({ status: 'fulfilled', value: { kind: 'appended', state: ['OrderAccepted', 'OrderSuspended'], revision: 1n } });
    expect(aggregate.peek('order-half')).toEqual(['OrderAccepted', 'OrderSuspended']);
  });
});
