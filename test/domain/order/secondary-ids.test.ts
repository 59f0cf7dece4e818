import { describe, expect, test } from 'vitest';
import { execId } from '../../../src/domain/ids.js';
import type { OrderFactEvent } from '../../../src/domain/order/events.js';
import { busted, figures, kinds, placed, traded } from './facts.js';
import { given } from './given.js';

/** The trade `id`, which messages also name by `secondary`. */
function alsoNamed(id: string, secondary: string, lastQty: string): OrderFactEvent {
  const fact = traded(id, lastQty);
  if (fact.type !== 'ExecutionRecorded') throw new Error('not a trade');
  return { ...fact, data: { ...fact.data, execution: { ...fact.data.execution, secondaryExecId: execId(secondary) } } };
}

describe('a trade with two names (FIX SecondaryExecID)', () => {
  test('given a bust that refers to the other name, before the trade or after it, then it never was', () => {
    for (const facts of [[alsoNamed('X.01', 'T1', '400'), busted('B', 'T1')], [busted('B', 'T1'), alsoNamed('X.01', 'T1', '400')]]) {
      const state = given(placed(), ...facts, traded('Y.01', '100'));
      expect(figures(state)).toBe('partially_filled 1000/100/900 @ 100');
      expect(kinds(state)).toEqual([]);
    }
  });

  test('given the trade under the one name and under both, in either order, then it counts once', () => {
    for (const facts of [[traded('T1', '400'), alsoNamed('X.01', 'T1', '400')], [alsoNamed('X.01', 'T1', '400'), traded('T1', '400')], [traded('X.01', '400'), alsoNamed('X.01', 'T1', '400')]]) {
      const state = given(placed(), ...facts);
      expect(figures(state)).toBe('partially_filled 1000/400/600 @ 100');
      expect(kinds(state)).toEqual([]);
      expect(figures(given(placed(), ...facts, busted('B', 'T1')))).toBe('new 1000/0/1000 @ 0');
    }
  });

  test('given two trades alike with one other name, then both count', () => {
    expect(figures(given(placed(), alsoNamed('X.01', 'T1', '400'), alsoNamed('X.02', 'T1', '400')))).toBe('partially_filled 1000/800/200 @ 100');
  });

  test('given two trades with one other name, then both count, and the name is that of the first', () => {
    const state = given(placed(), alsoNamed('X.01', 'T1', '400'), alsoNamed('X.02', 'T1', '300'), busted('B', 'T1'));
    expect(figures(state)).toBe('partially_filled 1000/300/700 @ 100');
    expect(state.view.executions.map(({ execId: id, status }) => `${id} ${status}`)).toEqual(['X.01 busted', 'X.02 live']);
  });
});
