import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OrderFact } from '../../src/eventstore/commands.js';
import { WaitingFacts } from '../../src/eventstore/waiting-facts.js';
import { contextOf, executionOf } from '../support/events.js';

const fact: OrderFact = { aliases: [], fact: { type: 'ExecutionRecorded', data: { refs: {}, execution: executionOf('e1') } }, context: contextOf() };

/** What it should do, copied at each step. */
const parkedIn = (keys: readonly string[], key: string): string[] => [...keys, key];
const takenUpIn = (keys: readonly string[], key: string): string[] => keys.filter((each) => each !== key);
const keysOf = (waiting: WaitingFacts): string[] => waiting.byKey().flatMap((facts) => facts.map(({ key }) => key));

describe('facts that wait', () => {
  it('each version shows what it showed when it was made, whatever became of it and of those before it', () => {
    const step = fc.record({ from: fc.nat(), key: fc.constantFrom('a', 'b', 'c', 'd'), isTakenUp: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const versions = [{ waiting: WaitingFacts.empty(), keys: new Array<string>() }];
        for (const { from, key, isTakenUp } of steps) {
          // Mostly on from the newest, as a stream is folded; sometimes a second time from an older one, as after a lost race.
          const before = versions[from % 3 === 0 ? from % versions.length : versions.length - 1] ?? versions[0];
          if (!before) throw new Error('there is a first version');
          versions.push({
            waiting: isTakenUp ? before.waiting.without(key) : before.waiting.with({ key, fact }),
            keys: isTakenUp ? takenUpIn(before.keys, key) : parkedIn(before.keys, key),
          });
        }
        for (const { waiting, keys } of versions) {
          expect(keysOf(waiting).toSorted()).toEqual(keys.toSorted());
          expect(waiting.size).toBe(keys.length);
        }
      }),
    );
  });

  it('those of one key are taken up together, and the others keep their order over many that come and go', () => {
    let waiting = WaitingFacts.empty().with({ key: 'first', fact }).with({ key: 'twice', fact }).with({ key: 'twice', fact });
    for (let index = 0; index < 5_000; index += 1) waiting = waiting.with({ key: `k${index}`, fact }).without(`k${index}`);
    expect(keysOf(waiting.with({ key: 'last', fact }))).toEqual(['first', 'twice', 'twice', 'last']);
    expect(keysOf(waiting.without('twice'))).toEqual(['first']);
  });
});
