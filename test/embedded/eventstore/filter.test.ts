import { EventStoreDBClient, END, START, eventTypeFilter, jsonEvent, streamNameFilter } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEventStore, startTestEventStore } from '../../support/event-store.js';

const TOO_LONG = /RESOURCE_EXHAUSTED.*takes too long/;
/** No state of its automaton comes back on a type of `NASTY_TYPE`'s kind: each character costs hundreds of steps. */
const NASTY = '(.*a){900}$';
const NASTY_TYPE = `${'abaab'.repeat(10_000)}!`;
const event = (): ReturnType<typeof jsonEvent> => jsonEvent({ type: 'noted', data: {} });

let store: TestEventStore;
let nasty: EventStoreDBClient;
let other: EventStoreDBClient;

beforeAll(async () => {
  store = await startTestEventStore();
  nasty = EventStoreDBClient.connectionString(store.url);
  other = EventStoreDBClient.connectionString(store.url);
});

afterAll(async () => {
  await Promise.all([nasty.dispose(), other.dispose()]);
  await store.stop();
});

const subscribeToTypes = (regex: string, fromPosition: typeof START | typeof END): ReturnType<EventStoreDBClient['subscribeToAll']> =>
  nasty.subscribeToAll({ fromPosition, filter: eventTypeFilter({ regex }) });

const subscribe = (regex: string, fromPosition: typeof START | typeof END): ReturnType<EventStoreDBClient['subscribeToAll']> =>
  nasty.subscribeToAll({ fromPosition, filter: streamNameFilter({ regex }) });

/** The first stream that comes, or the error. */
const outcome = (subscription: ReturnType<typeof subscribe>): Promise<string> =>
  new Promise((resolve) => {
    subscription.once('error', (error) => resolve(String(error)));
    subscription.on('data', ({ event: found }) => {
      if (found !== undefined) resolve(found.streamId);
    });
  });

describe('a filter with a nasty regular expression', () => {
  it('given a name that nested quantifiers backtrack over, when a subscription filters by them, then it goes on, and so do others', async () => {
    await other.appendToStream(`${'a'.repeat(34)}!`, event());
    const subscription = subscribe('^(a+)+$', START);
    const found = outcome(subscription);
    await other.appendToStream('aaaa', event());
    expect(await found).toBe('aaaa');
    await subscription.unsubscribe();
  });

  it('given a subscription whose expression takes too long, when such a type is met, live or stored, then it alone ends, with the reason', async () => {
    const plain = subscribeToTypes('^abaab', END);
    const slow = subscribeToTypes(NASTY, END);
    const [found, ended] = [outcome(plain), outcome(slow)];
    await Promise.all([plain, slow].map((subscription) => new Promise((resolve) => subscription.once('confirmation', resolve))));
    await other.appendToStream('nasty', jsonEvent({ type: NASTY_TYPE, data: {} }));
    expect(await ended).toMatch(TOO_LONG);
    expect(await found).toBe('nasty');
    expect(await outcome(subscribeToTypes(NASTY, START))).toMatch(TOO_LONG);
    await plain.unsubscribe();
  });

  it('given an expression that .NET reads otherwise than we can, when it filters, then it is refused with the reason', async () => {
    expect(await outcome(subscribe('(?>a+)b', START))).toMatch(/INVALID_ARGUMENT.*atomic group/);
  });
});
