import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderDecider } from '../../../src/domain/order/decider.js';
import { compareFacts, compareTimes, factEntry } from '../../../src/domain/order/facts.js';
import type { OrderFactEntry } from '../../../src/domain/order/state.js';
import { foldEvents, given, metadata, recordEvents, terms } from './given.js';
import { SCENARIOS } from './scenarios/all.js';
import { messagesOf } from './scenarios/messages.js';
import { pathsOf } from './scenarios/table.js';
import { permutations } from '../../support/permutations.js';

/** The messages of each order of each path: 52 matrices, all of their branches. */
const LIVES = SCENARIOS.flatMap((scenario) =>
  pathsOf(scenario).flatMap((path, index) => {
    const messages = messagesOf(path);
    return [...new Set(messages.map(({ order }) => order))].map(
      (order) => [`${scenario.id} path ${index} order ${order}`, messages.filter((message) => message.order === order).map(({ event }) => event)] as const,
    );
  }),
);

const MOST_PERMUTED = 5;

describe('the facts of an order in any order', () => {
  test.each(LIVES)('%s: shuffled and repeated messages end in the same state', (_name, events) => {
    const inOrder = recordEvents(events);
    expect(inOrder.facts).toHaveLength(events.length);
    // All orders of a short life; of a long one, a sample below.
    const exhaustive = events.length <= MOST_PERMUTED ? permutations(events) : [];
    for (const permuted of exhaustive) expect(recordEvents(permuted).view).toEqual(inOrder.view);
    const repeated = fc.array(fc.constantFrom(...events), { maxLength: events.length });
    const arrivals = repeated.chain((again) => fc.shuffledSubarray([...events, ...again], { minLength: events.length + again.length }));
    fc.assert(
      fc.property(arrivals, (arrived) => {
        const state = recordEvents(arrived);
        expect(state.view).toEqual(inOrder.view);
        expect(state.facts).toEqual(inOrder.facts);
      }),
      { numRuns: 60 },
    );
  });

  test.each(LIVES)('%s: folded event by event, looked at or not, it is the same', (_name, events) => {
    let looked = orderDecider.initialState;
    for (const event of events.toReversed()) {
      looked = orderDecider.evolve(looked, event);
      expect(looked.view).toBeDefined();
    }
    expect(looked.view).toEqual(foldEvents(events).view);
  });

  test('given a state, when it goes on in two ways, then neither sees the other', () => {
    const placed = given({ type: 'OrderPlaced', data: { origin: 'fact', refs: { clOrdId: 'X' }, terms: terms('100') } });
    const accepted = orderDecider.evolve(placed, { type: 'OrderAccepted', data: { refs: {} }, metadata: metadata(2) });
    const rejected = orderDecider.evolve(placed, { type: 'OrderRejected', data: { refs: {} }, metadata: metadata(3) });
    expect([placed.view.ordStatus, accepted.view.ordStatus, rejected.view.ordStatus]).toEqual(['pending_new', 'new', 'rejected']);
    expect(placed.facts).toHaveLength(1);
    expect(placed.applied.has(metadata(2).commandKey)).toBe(false);
    expect(rejected.applied.has(metadata(2).commandKey)).toBe(false);
    expect(rejected.applied.has(metadata(3).commandKey)).toBe(true);
  });
});

type Placed = 'OrderAccepted' | 'OrderCanceled' | 'OrderRejected' | 'OrderExpired' | 'CancelRequested';

function entryOf(type: Placed, session: string, sequence: string, commandDigest: string, occurredAt: string, key: string): OrderFactEntry {
  const envelope = { ...metadata(1, { session, key, digest: commandDigest, occurredAt }), source: { name: 'fix', session, sequence } };
  const refs = { clOrdId: 'X' };
  return type === 'CancelRequested' ? factEntry({ type, data: { refs, origin: 'fact' } }, envelope) : factEntry({ type, data: { refs } }, envelope);
}

const placeOf = (type: Placed, session: string, sequence: string, commandDigest: string, second = 1, key = 'k1'): OrderFactEntry =>
  entryOf(type, session, sequence, commandDigest, `2012-06-21T09:00:0${second}Z`, key);

describe('the place of a fact', () => {
  const time = fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('', '.0', '.5', '.50', '.500000', '.000000001', '.4999'))
    .map(([second, fraction]) => `2012-06-21T09:00:0${second}${fraction}Z`);
  const type = fc.constantFrom<Placed>('OrderAccepted', 'OrderCanceled', 'OrderRejected', 'OrderExpired', 'CancelRequested');
  const entry = fc
    .record({
      occurredAt: time,
      session: fc.constantFrom('A', 'B'),
      sequence: fc.constantFrom('', '1', '2', '10', '9007199254740993', '9007199254740992', 'x'),
      commandDigest: fc.constantFrom('d1', 'd2'),
      key: fc.constantFrom('k1', 'k2'),
      type,
    })
    .map(({ occurredAt, session, sequence, commandDigest, key, type: kind }) => entryOf(kind, session, sequence, commandDigest, occurredAt, key));

  test('is a total order: antisymmetric, transitive, and equal only for what is the same', () => {
    fc.assert(
      fc.property(entry, entry, entry, (a, b, c) => {
        expect(Math.sign(compareFacts(a, b))).toBe(-Math.sign(compareFacts(b, a)) + 0);
        const isChain = compareFacts(a, b) <= 0 && compareFacts(b, c) <= 0;
        expect(!isChain || compareFacts(a, c) <= 0).toBe(true);
        const isSame = JSON.stringify({ ...a, place: { ...a.place, occurredAt: '' } }) === JSON.stringify({ ...b, place: { ...b.place, occurredAt: '' } });
        expect(compareFacts(a, b) === 0).toBe(isSame && compareTimes(a.place.occurredAt, b.place.occurredAt) === 0);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, Parameters<typeof placeOf>, Parameters<typeof placeOf>]>([
    ['the earlier time', ['OrderCanceled', 'B', '9', 'z', 1], ['OrderAccepted', 'A', '1', 'a', 2]],
    ['at one time, the request before any report', ['CancelRequested', 'Z', '9', 'z'], ['OrderAccepted', 'A', '1', 'a']],
    ['within a session, the smaller number, as a number', ['OrderCanceled', 'A', '9', 'z'], ['OrderAccepted', 'A', '10', 'a']],
    ['within a session, numbers beyond 2^53', ['OrderCanceled', 'A', '9007199254740992', 'z'], ['OrderAccepted', 'A', '9007199254740993', 'a']],
    ['without numbers, what happens earlier in a life', ['OrderAccepted', 'A', '', 'z'], ['OrderCanceled', 'A', '', 'a']],
    ['of one kind, the smaller digest', ['OrderAccepted', 'A', '', 'a', 1, 'k9'], ['OrderAccepted', 'A', '', 'b', 1, 'k1']],
    ['of one digest, the smaller key', ['OrderAccepted', 'A', '', 'a', 1, 'k1'], ['OrderAccepted', 'A', '', 'a', 1, 'k9']],
  ])('comes first by %s', (_name, first, second) => {
    expect(compareFacts(placeOf(...first), placeOf(...second))).toBeLessThan(0);
    expect(compareFacts(placeOf(...second), placeOf(...first))).toBeGreaterThan(0);
  });

  test('knows nanoseconds, and one moment in two precisions', () => {
    expect(compareTimes('2012-06-21T13:30:00.004241176Z', '2012-06-21T13:30:00.004241177Z')).toBeLessThan(0);
    expect(compareTimes('2012-06-21T13:30:00.5Z', '2012-06-21T13:30:00.500000000Z')).toBe(0);
    expect(compareTimes('2012-06-21T13:30:00Z', '2012-06-21T13:30:00.000Z')).toBe(0);
    expect(compareTimes('2012-06-21T13:30:00.1Z', '2012-06-21T13:30:00.09Z')).toBeGreaterThan(0);
    expect(compareTimes('no time', '2012-06-21T13:30:00Z')).toBeGreaterThan(0);
  });
});
