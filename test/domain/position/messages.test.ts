import { describe, expect, it } from 'vitest';
import { positionDecider } from '../../../src/domain/position/decider.js';
import { cancelTarget, closePosition, given, openPosition, recordFill, setTarget, when } from './given.js';

/* What a client reads when an input is refused, word for word: the field, and what is wrong with it. */

const messageOf = (decision: ReturnType<typeof when>): string => (decision.kind === 'rejected' ? decision.rejection.message : 'accepted');

describe('the message of a refused target', () => {
  it.each([
    [{ percent: '0' }, 'percent: must be greater than 0, is "0"'],
    [{ percent: '-0.01' }, 'percent: must be greater than 0, is "-0.01"'],
    [{ percent: '100.01' }, 'percent: must be at most 100, is "100.01"'],
    [{ percent: '0.001' }, 'percent: must have at most two decimals, is "0.001"'],
    [{ percent: 'forty' }, 'percent: must be a plain decimal of at most 60 digits, is "forty"'],
    [{ percent: '1'.repeat(63) }, `percent: must be a plain decimal of at most 60 digits, is "${'1'.repeat(40)}…"`],
    [{ targetPrice: '0' }, 'targetPrice: must be greater than 0, is "0"'],
    [{ targetPrice: '1,2' }, 'targetPrice: must be a plain decimal of at most 60 digits, is "1,2"'],
    [{ quantity: '-4' }, 'quantity: must be greater than 0, is "-4"'],
    [{ quantity: '' }, 'quantity: must be a plain decimal of at most 60 digits, is ""'],
    [{ orderRef: '' }, 'orderRef: must not be empty'],
    [{ orderRef: 'x'.repeat(201) }, 'orderRef: must be at most 200 characters, has 201'],
    [{ orderRef: ' none ' }, "orderRef: \" none \" is not an order's id"],
    [{ orderRef: '0' }, "orderRef: \"0\" is not an order's id"],
    [{ orderRef: 'a\u0007b' }, 'orderRef: must not hold control characters'],
    [{ targetKey: 'x'.repeat(101) }, 'targetKey: must be at most 100 characters, has 101'],
    [{ targetKey: 'put spread' }, 'targetKey: must be ASCII letters, digits and _ . : / - only, is "put spread"'],
    [{ originalCredit: { amount: '1e3', currency: 'USD' } }, 'originalCredit.amount: must be a plain decimal of at most 60 digits, is "1e3"'],
    [{ originalCredit: { amount: '1', currency: ' ' } }, 'originalCredit.currency: must not be empty'],
  ])('%j', (input, message) => {
    expect(messageOf(when(given(openPosition()), setTarget(input)))).toBe(message);
    expect(messageOf(when(given(openPosition()), setTarget({ ...input, targetKind: 'stop_loss' })))).toBe(message);
  });

  it('says which limit is reached, profit targets and stop-losses counted together', () => {
    const ten = Array.from({ length: 10 }, (_, index) => setTarget({ targetKey: `t${index}`, targetKind: index % 2 === 0 ? 'profit' : 'stop_loss' }));
    expect(messageOf(when(given(openPosition(), ...ten), setTarget({ targetKey: 'eleventh' })))).toBe('targetKey: the position has 10 active targets already, the most that it can have');
  });

  it('says what it depends on', () => {
    const filled = recordFill({ order: 'o', exec: 'e', target: 'put_spread_1_40', qty: '2' });
    expect(messageOf(when(positionDecider.initialState, setTarget()))).toBe('positionId: there is no such position');
    expect(messageOf(when(given(openPosition(), setTarget(), filled), setTarget({ quantity: '1' })))).toBe('quantity: must be at least what is filled already, 2');
    expect(messageOf(when(given(openPosition(), setTarget({ orderRef: 'o1' })), setTarget({ targetKey: 'b', orderRef: 'o1' })))).toBe('orderRef: is the order of target put_spread_1_40 already');
    expect(messageOf(when(given(openPosition(), setTarget(), cancelTarget('put_spread_1_40')), setTarget({ percent: '10' })))).toBe('targetKey: target put_spread_1_40 is cancelled and can no longer change');
  });
});

describe('the message of a refused closing', () => {
  const open = given(openPosition());

  it.each([
    [{ clOrdId: '', ordType: 'market' }, 'clOrdId: is no id: ""'],
    [{ clOrdId: 'x'.repeat(201), ordType: 'market' }, 'clOrdId: has 201 characters, at most 200 are allowed'],
    [{ clOrdId: 'c', ordType: 'limit' }, 'price: an order of type limit needs one'],
    [{ clOrdId: 'c', ordType: 'stop' }, 'stopPx: an order of type stop needs one'],
  ] as const)('%j', (order, message) => {
    expect(messageOf(when(open, closePosition({ order })))).toBe(message);
  });

  it('says what the position is', () => {
    expect(messageOf(when(positionDecider.initialState, closePosition()))).toBe('positionId: there is no such position');
    expect(messageOf(when(given(openPosition({ quantity: '0' as never })), closePosition()))).toBe('positionId: nothing of the position is open yet');
    expect(messageOf(when(given(openPosition(), recordFill({ order: 'o', exec: 'e', qty: '10' })), closePosition()))).toBe('positionId: the position is closed');
    expect(messageOf(when(given(openPosition(), recordFill({ order: 'o', exec: 'e', qty: '11' })), closePosition()))).toBe('positionId: the position is over_closed');
    expect(messageOf(when(given(openPosition(), closePosition()), closePosition({}, 'another key')))).toBe('positionId: the position is being closed by order close-1');
    expect(messageOf(when(given(openPosition(), closePosition()), setTarget()))).toBe('positionId: the position is being closed by order close-1');
  });
});
