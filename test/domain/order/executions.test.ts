import { describe, expect, test } from 'vitest';
import { quantityText } from '../../../src/domain/amounts.js';
import { canonicalDecimal } from '../../../src/domain/decimal.js';
import { execId } from '../../../src/domain/ids.js';
import type { OrderFactEvent } from '../../../src/domain/order/events.js';
import { accepted, busted, corrected, figures, kinds, placed, refs, report, restated, traded } from './facts.js';
import { INSTRUMENT, asEvents, execution, foldEvents, given, metadata } from './given.js';

describe('the executions of an order', () => {
  test('given a correction that another one waited for, then both apply', () => {
    const state = given(placed(), traded('E1', '400'), corrected('E3', 'E2', '300'), corrected('E2', 'E1', '350'));
    expect(figures(state)).toBe('partially_filled 1000/300/700 @ 100');
    expect(kinds(state)).toEqual([]);
  });

  test('given a correction or the trade itself once more, then nothing changes', () => {
    const once = given(placed(), traded('E1', '400'), corrected('E2', 'E1', '350'));
    for (const again of [corrected('E2', 'E1', '350'), traded('E1', '400')]) {
      const state = given(placed(), traded('E1', '400'), corrected('E2', 'E1', '350'), again);
      expect(state.view.executions).toEqual(once.view.executions);
      expect(kinds(state)).toEqual([]);
    }
  });

  test('given a bust and then a correction of a trade that no message brought, then it does not count', () => {
    expect(figures(given(placed(), accepted, busted('B', 'E1'), corrected('E2', 'E1', '350')))).toBe('new 1000/0/1000 @ 0');
  });

  test('given a bust before and after it is filled, then what it was worth is gone', () => {
    expect(figures(given(placed(), traded('E1', '400'), busted('B', 'E1'), traded('E2', '1000')))).toBe('filled 1000/1000/0 @ 100');
    expect(figures(given(placed(), traded('E1', '400'), traded('E2', '600', '90'), busted('B', 'E1')))).toBe('partially_filled 1000/600/400 @ 90');
  });

  test('given all of its trades busted, then it is new, and AvgPx is 0', () => {
    expect(figures(given(placed(), accepted, traded('E1', '1000'), busted('B', 'E1')))).toBe('new 1000/0/1000 @ 0');
  });

  test('given a chain of corrections whose trade comes last, then the newest values count, and nothing is missing', () => {
    const state = given(placed(), corrected('E3', 'E2', '300', '120'), corrected('E2', 'E1', '350'), traded('E1', '400'));
    expect(figures(state)).toBe('partially_filled 1000/300/700 @ 120');
    expect(state.view.executions).toMatchObject([{ execId: 'E1', version: 3, status: 'corrected', execution: { execId: 'E3', lastQty: '300' } }]);
    expect(kinds(state)).toEqual([]);
  });

  test('given a correction of a trade that no message brought, then it counts, and the trade is missed by name', () => {
    const state = given(placed(), corrected('E2', 'E1', '350'));
    expect(figures(state)).toBe('partially_filled 1000/350/650 @ 100');
    expect(state.view.executions).toMatchObject([{ execId: 'E1', version: 2, status: 'corrected' }]);
    expect(state.view.discrepancies).toMatchObject([{ kind: 'missing_execution', execId: 'E1' }]);
  });

  test('given a bust of a trade that comes later, then the trade never counts', () => {
    const state = given(placed(), accepted, busted('B', 'E1'), traded('E1', '400'));
    expect(figures(state)).toBe('new 1000/0/1000 @ 0');
    expect(state.view.executions).toMatchObject([{ execId: 'E1', status: 'busted' }]);
    expect(kinds(state)).toEqual([]);
  });

  test('given a correction of a bust trade, then it stays busted', () => {
    expect(figures(given(placed(), accepted, traded('E1', '400'), busted('B', 'E1'), corrected('E2', 'E1', '300')))).toBe('new 1000/0/1000 @ 0');
  });

  test('given corrections that name each other, then the fold ends', () => {
    expect(kinds(given(placed(), corrected('A', 'B', '1'), corrected('B', 'A', '2')))).toEqual([]);
  });

  test('given one ExecID again, then the same trade counts once and another one is a conflict', () => {
    expect(figures(given(placed(), traded('E1', '400'), traded('E1', '400')))).toBe('partially_filled 1000/400/600 @ 100');
    const state = given(placed(), traded('E1', '400'), traded('E1', '500'));
    expect(figures(state)).toBe('partially_filled 1000/400/600 @ 100');
    expect(state.view.discrepancies).toMatchObject([{ kind: 'conflicting_fact', execId: 'E1', brokers: '500 @ 100', ours: '400 @ 100' }]);
  });

  test('given a possible resend under another ExecID, then CumQty tells whether it is another trade', () => {
    const first = traded('E1', '400', '100', { report: report('partially_filled', '400') });
    const again = traded('E2', '400', '100', { report: report('partially_filled', '400'), possResend: true });
    const another = traded('E2', '400', '100', { report: report('partially_filled', '800'), possResend: true });
    expect(figures(given(placed(), first, again))).toBe('partially_filled 1000/400/600 @ 100');
    expect(figures(given(placed(), first, again, busted('B', 'E2')))).toBe('new 1000/0/1000 @ 0');
    expect(figures(given(placed(), first, another))).toBe('partially_filled 1000/800/200 @ 100');
  });

  test('given a split with a ratio that divides no trade, then they count what their sum does, and nothing where all are busted', () => {
    const split = restated('333', { report: { ordStatus: 'partially_filled', orderQty: quantityText('333'), cumQty: quantityText('111'), reason: '0' } });
    const trades = [placed('999'), traded('E1', '100', '3'), traded('E2', '100', '3'), traded('E3', '133', '3'), split];
    expect(figures(given(...trades))).toBe('partially_filled 333/111/222 @ 9');
    expect(figures(given(...trades, busted('B1', 'E1'), busted('B2', 'E2'), busted('B3', 'E3')))).toBe('new 333/0/333 @ 0');
  });

  test('given a split with a ratio that does not divide, then a bust takes away what the trade had become', () => {
    const split = restated('333', { report: { ordStatus: 'partially_filled', orderQty: quantityText('333'), cumQty: quantityText('111'), reason: '0' } });
    const state = given(placed('999'), traded('E1', '333', '3'), split);
    expect(figures(state)).toBe('partially_filled 333/111/222 @ 9');
    expect(kinds(state)).toEqual([]);
    expect(figures(given(placed('999'), traded('E1', '333', '3'), split, traded('E2', '222', '9'), busted('B', 'E1')))).toBe('partially_filled 333/222/111 @ 9');
  });
});

describe('discrepancies', () => {
  test('given a CumQty that our sum does not have, then it is open with both numbers until the missing trade is in', () => {
    const facts = [placed(), traded('E1', '400', '100', { report: report('partially_filled', '400') }), traded('E2', '100'), traded('E3', '200', '100', { report: report('partially_filled', '700') })];
    const events = asEvents(facts);
    const missing = foldEvents(events.filter((_event, index) => index !== 2));
    expect(missing.view.discrepancies).toEqual([{ kind: 'cum_qty', field: 'cumQty', brokers: '700', ours: '600' }]);
    expect(kinds(foldEvents(events.slice(2, 3), missing))).toEqual([]);
  });

  test('given an overfill, then it is counted, shown, and closed by a bust', () => {
    const state = given(placed(), traded('E1', '700'), traded('E2', '400'));
    expect(figures(state)).toBe('filled 1000/1100/0 @ 100');
    expect(state.view.discrepancies).toEqual([{ kind: 'overfill', field: 'cumQty', brokers: '1000', ours: '1100' }]);
    expect(kinds(given(placed(), traded('E1', '700'), traded('E2', '400'), busted('B', 'E2')))).toEqual([]);
  });

  test('given a status that is not ours, then it is open until a report agrees', () => {
    const state = given(placed(), { type: 'OrderAccepted', data: { refs, report: report('partially_filled') } });
    expect(state.view.discrepancies).toEqual([{ kind: 'status', field: 'ordStatus', brokers: 'partially_filled', ours: 'new' }]);
    expect(kinds(given(placed(), { type: 'OrderAccepted', data: { refs, report: report('partially_filled') } }, traded('E1', '1', '100', { report: report('partially_filled') })))).toEqual([]);
  });

  test('given a trade of another instrument than the order’s, then it is shown until the trade is corrected or busted', () => {
    const other = { ...INSTRUMENT, securityType: 'option' as const, multiplier: canonicalDecimal('100') };
    const ofOption = placed('1000', { instrument: other });
    const state = given(ofOption, traded('E1', '400'), traded('E2', '100'));
    expect(state.view.discrepancies).toEqual([{ kind: 'instrument', field: 'instrument', brokers: 'TEST (equity, x 1, USD)', ours: 'TEST (option, x 100, USD)', execId: 'E1' }]);
    expect(kinds(given(ofOption, traded('E1', '400'), busted('B', 'E1')))).toEqual([]);
    expect(kinds(given(ofOption, traded('E1', '400'), corrected('E3', 'E1', '300')))).toEqual([]);
    expect(kinds(given(placed('1000', { instrument: { ...other, securityType: 'multileg' } }), traded('E1', '400')))).toEqual([]);
  });

  test.each([
    [{ symbol: 'TEST 20240621 150' }, { symbol: 'TEST 20240621 C 150' }, false],
    [{ symbol: 'TEST 20240621 C 150' }, { symbol: 'TEST' }, true],
    [{}, { securityType: 'option' as const, multiplier: canonicalDecimal('100') }, false],
    [{ multiplier: canonicalDecimal('0.01') }, {}, true],
    [{ symbol: 'OTHER' }, {}, true],
    [{ quoteCurrency: 'EUR' }, {}, true],
    [{}, { quoteCurrency: 'EUR' }, true],
  ])('given an order of %j and a trade of %j, then it is shown only where the trade says less or another thing', (ordered, booked, isShown) => {
    const fact: OrderFactEvent = { type: 'ExecutionRecorded', data: { refs, execution: { ...execution('E1', '1', '100'), instrument: { ...INSTRUMENT, ...booked } } } };
    expect(kinds(given(placed('1000', { instrument: { ...INSTRUMENT, ...ordered } }), fact))).toEqual(isShown ? ['instrument'] : []);
  });

  test('given no terms, then what is executed is known and the terms are missed', () => {
    const state = given(traded('E1', '400'));
    expect(figures(state)).toBe('partially_filled 0/400/0 @ 100');
    expect(kinds(state)).toEqual(['terms_missing']);
  });
});

const version = (digest: string, sequence: number, lastQty: string): Parameters<typeof foldEvents>[0][number] => ({
  ...traded('E1', lastQty),
  metadata: metadata(sequence, { key: 'k', digest }),
});
const asConflict = (event: ReturnType<typeof version>): ReturnType<typeof version> => {
  const { metadata: envelope, ...fact } = event;
  if (fact.type !== 'ExecutionRecorded') throw new Error('not a trade');
  return { type: 'FactConflicted', data: { firstDigest: metadata(1).commandDigest, fact }, metadata: envelope };
};

describe('conflicting messages under one key', () => {
  const [first, second, third] = [version('d1', 2, '100'), version('d2', 3, '200'), version('d3', 4, '300')];
  const rest = asEvents([placed()]);

  test.each([
    ['in order', [first, asConflict(second), asConflict(third)]],
    ['the last one first', [third, asConflict(second), asConflict(first)]],
    ['the second one first', [second, asConflict(third), asConflict(first)]],
  ])('given them %s, then the first of the source counts and the others are shown', (_name, events) => {
    for (const state of [foldEvents([...rest, ...events]), foldEvents([...events, ...rest])]) {
      expect(figures(state)).toBe('partially_filled 1000/100/900 @ 100');
      expect(state.view.discrepancies).toEqual([
        { kind: 'conflicting_fact', field: 'k', brokers: 'd2', ours: 'd1', execId: 'E1' },
        { kind: 'conflicting_fact', field: 'k', brokers: 'd3', ours: 'd1', execId: 'E1' },
      ]);
      expect(state.conflicts).toBe(2);
    }
  });
});

describe('the view of an order', () => {
  test('given a fact that leaves the executions as they are, then they are the same list', () => {
    const before = given(placed(), traded('E1', '400'));
    expect(before.view.executions).toHaveLength(1);
    const after = foldEvents([{ ...accepted, metadata: metadata(3) }], before);
    expect(after.view.executions).toBe(before.view.executions);
  });
});

const again = (cumQty: string) => traded('E2', '100', '10', { report: report('partially_filled', cumQty), possResend: true });

describe('a trade that is sent again (PossResend) under an ExecID that nobody has seen', () => {
  const first = traded('E1', '100', '10', { report: report('partially_filled', '100') });
  const third = traded('E3', '100', '10.1', { report: report('partially_filled', '300') });

  test('is the trade that was lost where the broker counted it beside the one that it looks like', () => {
    expect(kinds(given(placed(), first, third))).toEqual(['cum_qty']);
    const found = given(placed(), first, third, again('200'));
    expect(figures(found)).toBe('partially_filled 1000/300/700 @ 10.0333333333');
    expect(kinds(found)).toEqual([]);
  });

  test('is the one that is known where the broker counted no more with it', () => {
    const state = given(placed(), first, again('100'));
    expect(figures(state)).toBe('partially_filled 1000/100/900 @ 10');
    expect(kinds(state)).toEqual([]);
  });

  test('takes with it a bust that names it and came before', () => {
    const state = given(placed(), first, busted('B', 'E2'), again('100'));
    expect(figures(state)).toBe('new 1000/0/1000 @ 0');
    expect(kinds(state)).toEqual([]);
  });
});

const withFee = (fee: string): OrderFactEvent => ({
  type: 'ExecutionCorrected',
  data: { refs, execRefId: execId('E1'), execution: { ...execution('E1', '400', '100'), fees: [{ amount: canonicalDecimal(fee), currency: 'USD' }] } },
});

describe('a correction that keeps the ExecID', () => {
  test('of the fees alone counts, once however often it comes', () => {
    const state = given(placed(), traded('E1', '400'), withFee('5'), withFee('5'));
    expect(state.view.executions).toMatchObject([{ version: 2, execution: { fees: [{ amount: '5', currency: 'USD' }] } }]);
    expect(figures(state)).toBe('partially_filled 1000/400/600 @ 100');
  });
});
