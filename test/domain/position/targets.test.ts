import { describe, expect, it } from 'vitest';
import { formatPrice, formatQuantity, quantity, quantityText } from '../../../src/domain/amounts.js';
import { positionDecider } from '../../../src/domain/position/decider.js';
import { attachOrder, cancelTarget, endTarget, given, openPosition, raw, recordFill, setTarget, target, when } from './given.js';

const NOTHING = { kind: 'accepted', events: [] };
const rejection = (code: string, field: string) => ({ kind: 'rejected', rejection: { code, field, message: expect.stringContaining(`${field}:`) } });
const tenTargets = Array.from({ length: 10 }, (_, index) => setTarget({ targetKey: `t${index}` }));

describe('opening a position', () => {
  it('records the terms, decimals in their one form', () => {
    const decision = when(positionDecider.initialState, openPosition({ quantity: raw('10.00') as never, openPrice: raw('2.50') as never, originalCredit: { amount: raw('+2500.0'), currency: 'USD' } }));
    expect(decision).toMatchObject({ kind: 'accepted', events: [{ type: 'PositionOpened', data: { quantity: '10', openPrice: '2.5', originalCredit: { amount: '2500', currency: 'USD' } } }] });
  });

  it('is open with quantity 0 while its opening orders are still to fill', () => {
    expect(given(openPosition({ quantity: raw('0') as never })).status).toBe('open');
  });

  it('the same again is nothing new, another input under the key is refused, another key too', () => {
    const state = given(openPosition());
    expect(when(state, openPosition())).toEqual(NOTHING);
    expect(when(state, openPosition({ strategyType: 'iron_condor' }))).toEqual(rejection('idempotency_key_reused', 'idempotencyKey'));
    expect(when(state, openPosition({}, 'second'))).toEqual(rejection('position_exists', 'positionId'));
  });

  it.each([
    ['quantity', { quantity: raw('-1') as never }, 'quantity_invalid'],
    ['quantity', { quantity: raw('1e3') as never }, 'quantity_invalid'],
    ['openPrice', { openPrice: raw('x') as never }, 'open_price_invalid'],
    ['strategyType', { strategyType: ' ' }, 'strategy_type_invalid'],
    ['group', { group: 'a\u0000b' }, 'group_invalid'],
    ['originalCredit.amount', { originalCredit: { amount: raw(''), currency: 'USD' } }, 'original_credit_amount_invalid'],
    ['originalCredit.currency', { originalCredit: { amount: raw('1'), currency: '' } }, 'original_credit_currency_invalid'],
  ])('a wrong %s is refused by name: %j', (field, terms, code) => {
    expect(when(positionDecider.initialState, openPosition(terms))).toEqual(rejection(code, field));
  });

  it('names a wrong multiplier', () => {
    const { instrument } = openPosition().terms;
    expect(when(positionDecider.initialState, openPosition({ instrument: { ...instrument, multiplier: raw('0') } }))).toEqual(rejection('instrument_multiplier_invalid', 'instrument.multiplier'));
  });
});

describe('setting a target', () => {
  it('records its terms, decimals in their one form', () => {
    const decision = when(given(openPosition()), setTarget({ percent: '40.50', targetPrice: '01.20', quantity: '4.0', orderRef: 'ord-1' }));
    expect(decision).toEqual({
      kind: 'accepted',
      events: [{ type: 'TargetSet', data: { targetKey: 'put_spread_1_40', kind: 'profit', percent: '40.5', targetPrice: '1.2', quantity: '4', orderRef: 'ord-1' } }],
    });
  });

  it.each([
    ['percent', { percent: '0' }],
    ['percent', { percent: '-1' }],
    ['percent', { percent: '100.01' }],
    ['percent', { percent: '33.333' }],
    ['percent', { percent: 'NaN' }],
    ['percent', { percent: '' }],
    ['targetPrice', { targetPrice: '0' }],
    ['targetPrice', { targetPrice: '-1' }],
    ['targetPrice', { targetPrice: '1e5' }],
    ['quantity', { quantity: '0' }],
    ['quantity', { quantity: '-4' }],
    ['quantity', { quantity: '9'.repeat(61) }],
    ['targetKey', { targetKey: '' }],
    ['targetKey', { targetKey: 'x'.repeat(101) }],
    ['targetKey', { targetKey: 'put spread' }],
    ['targetKey', { targetKey: 'put\u0000spread' }],
    ['targetKey', { targetKey: 'ünï' }],
    ['orderRef', { orderRef: '' }],
    ['orderRef', { orderRef: '   ' }],
    ['orderRef', { orderRef: 'x'.repeat(201) }],
    ['orderRef', { orderRef: 'a\u0000b' }],
    ['orderRef', { orderRef: 'a\nb' }],
    ['orderRef', { orderRef: 'a\ud800b' }],
    ['orderRef', { orderRef: 'NONE' }],
    ['orderRef', { orderRef: '0' }],
  ])('a wrong %s is refused by name: %j', (field, input) => {
    const code = `${field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_invalid`;
    expect(when(given(openPosition()), setTarget(input))).toEqual(rejection(code, field));
  });

  it.each([{ percent: '0.01' }, { percent: '100' }, { percent: '100.00' }, { targetKey: 'x'.repeat(100) }, { targetKey: 'A.b:c/d-e_9' }, { orderRef: 'x'.repeat(200) }, { orderRef: '😀'.repeat(100) }, { orderRef: 'NONE-1' }])(
    'accepts what is just within the limits: %j',
    (input) => {
      expect(when(given(openPosition()), setTarget(input))).toMatchObject({ kind: 'accepted', events: [{ type: 'TargetSet' }] });
    },
  );

  it('ten are active at the most; what is filled or ended makes room, and a change of terms needs none', () => {
    const full = given(openPosition(), ...tenTargets);
    const eleventh = setTarget({ targetKey: 'eleventh' });
    expect(when(full, eleventh)).toEqual(rejection('too_many_targets', 'targetKey'));
    expect(when(full, setTarget({ targetKey: 't3', percent: '60' }))).toMatchObject({ kind: 'accepted' });
    const partly = given(openPosition(), ...tenTargets, recordFill({ order: 'o', exec: 'e', target: 't0', qty: '3' }));
    expect(when(partly, eleventh)).toEqual(rejection('too_many_targets', 'targetKey'));
    const filled = given(openPosition(), ...tenTargets, recordFill({ order: 'o', exec: 'e', target: 't0', qty: '4' }));
    expect(when(filled, eleventh)).toMatchObject({ kind: 'accepted' });
    expect(when(given(openPosition(), ...tenTargets, cancelTarget('t0')), eleventh)).toMatchObject({ kind: 'accepted' });
  });

  it('a bust may re-open an eleventh: facts know no limit', () => {
    const filled = [openPosition(), ...tenTargets, recordFill({ order: 'o', exec: 'e', target: 't0', qty: '4' }), setTarget({ targetKey: 'eleventh' })];
    const state = given(...filled, recordFill({ order: 'o', exec: 'e', target: 't0', qty: '4', version: 2, change: 'reversed' }));
    expect(state.targets.filter(({ status }) => status === 'active')).toHaveLength(11);
  });

  it('the same again is nothing new, another input under its key is refused', () => {
    const state = given(openPosition(), setTarget({ percent: '40' }, 'k1'));
    expect(when(state, setTarget({ percent: '40' }, 'k1'))).toEqual(NOTHING);
    expect(when(state, setTarget({ percent: '50' }, 'k1'))).toEqual(rejection('idempotency_key_reused', 'idempotencyKey'));
  });

  it('needs a position that is there and open', () => {
    expect(when(positionDecider.initialState, setTarget())).toEqual(rejection('position_not_found', 'positionId'));
    const closed = given(openPosition(), recordFill({ order: 'o', exec: 'e', qty: '10' }));
    expect(when(closed, setTarget())).toEqual(rejection('position_not_open', 'positionId'));
  });

  it('set again, it has other terms; what is left out stays as it was', () => {
    const first = setTarget({ orderRef: 'ord-1', originalCredit: { amount: '250', currency: 'USD' } });
    const state = given(openPosition(), first, setTarget({ percent: '55', quantity: '2' }));
    expect(target(state)).toMatchObject({ percent: '55', orderRef: 'ord-1', originalCredit: { amount: '250', currency: 'USD' } });
    expect(state.targets).toHaveLength(1);
  });

  it('a target that is filled or has ended no longer changes', () => {
    const filled = given(openPosition(), setTarget(), recordFill({ order: 'o', exec: 'e', target: 'put_spread_1_40', qty: '4' }));
    expect(when(filled, setTarget({ percent: '50' }))).toEqual(rejection('target_filled', 'targetKey'));
    expect(when(filled, cancelTarget('put_spread_1_40'))).toEqual(rejection('target_filled', 'targetKey'));
    const ended = given(openPosition(), setTarget(), cancelTarget('put_spread_1_40'));
    expect(when(ended, setTarget({ percent: '50' }))).toEqual(rejection('target_ended', 'targetKey'));
    expect(when(ended, cancelTarget('put_spread_1_40', undefined, 'another'))).toEqual(rejection('target_ended', 'targetKey'));
  });

  it('its quantity may shrink to what is filled, which fills it, and not below', () => {
    const commands = [openPosition(), setTarget(), recordFill({ order: 'o', exec: 'e', target: 'put_spread_1_40', qty: '2' })];
    expect(when(given(...commands), setTarget({ quantity: '1.99' }))).toEqual(rejection('quantity_below_filled', 'quantity'));
    expect(target(given(...commands, setTarget({ quantity: '2' })))).toMatchObject({ status: 'filled' });
  });

  it('one order reference belongs to one target', () => {
    const state = given(openPosition(), setTarget({ targetKey: 'a', orderRef: 'ord-1' }));
    expect(when(state, setTarget({ targetKey: 'b', orderRef: 'ord-1' }))).toEqual(rejection('order_ref_in_use', 'orderRef'));
    expect(when(given(openPosition(), setTarget({ targetKey: 'a', orderRef: 'ord-1' }), cancelTarget('a')), setTarget({ targetKey: 'b', orderRef: 'ord-1' }))).toMatchObject({ kind: 'accepted' });
  });
});

describe('taking a target back', () => {
  it('ends it with its reason and leaves the others active', () => {
    const state = given(openPosition(), setTarget({ targetKey: 'a' }), setTarget({ targetKey: 'b' }), cancelTarget('a', 'changed my mind'));
    expect(target(state, 'a')).toMatchObject({ status: 'cancelled', reason: 'changed my mind' });
    expect(target(state, 'b')).toMatchObject({ status: 'active' });
  });

  it('is refused for what is not there, or with a reason that is too long', () => {
    expect(when(given(openPosition()), cancelTarget('nope'))).toEqual(rejection('target_not_found', 'targetKey'));
    expect(when(positionDecider.initialState, cancelTarget('nope'))).toEqual(rejection('position_not_found', 'positionId'));
    expect(when(given(openPosition(), setTarget()), cancelTarget('put_spread_1_40', 'x'.repeat(201)))).toEqual(rejection('reason_invalid', 'reason'));
  });
});

describe("attaching a target's order", () => {
  const withRefs = [openPosition(), setTarget({ targetKey: 'a', orderRef: 'ord-a' }), setTarget({ targetKey: 'b', orderRef: 'ord-b' })];

  it('is recorded once', () => {
    const state = given(...withRefs, attachOrder('a', 'ord-a', 'order-1'));
    expect(target(state, 'a').orderId).toBe('order-1');
    expect(when(state, { ...attachOrder('a', 'ord-a', 'order-1'), commandKey: 'another' })).toEqual(NOTHING);
  });

  it('an order belongs to one target, also when that has another order by now', () => {
    const attached = [...withRefs, attachOrder('a', 'ord-a', 'order-1')];
    expect(when(given(...attached), attachOrder('b', 'ord-b', 'order-1'))).toEqual(rejection('order_attached', 'orderId'));
    const moved = given(...attached, setTarget({ targetKey: 'a', orderRef: 'ord-c' }));
    expect(target(moved, 'a')).toMatchObject({ orderId: undefined, formerOrderIds: ['order-1'] });
    const movedAgain = given(...attached, setTarget({ targetKey: 'a', orderRef: 'ord-c' }), attachOrder('a', 'ord-c', 'order-3'), setTarget({ targetKey: 'a', orderRef: 'ord-d' }));
    expect(target(movedAgain, 'a')).toMatchObject({ orderId: undefined, formerOrderIds: ['order-1', 'order-3'] });
    expect(when(moved, attachOrder('b', 'ord-b', 'order-1'))).toEqual(rejection('order_attached', 'orderId'));
  });

  it('is refused where the target changed meanwhile', () => {
    expect(when(given(...withRefs), attachOrder('a', 'old-ref', 'order-1'))).toEqual(rejection('order_ref_changed', 'orderRef'));
    expect(when(given(...withRefs, attachOrder('a', 'ord-a', 'order-1')), attachOrder('a', 'ord-a', 'order-2'))).toEqual(rejection('target_has_order', 'orderId'));
    expect(when(given(...withRefs, endTarget('a', 'rejected')), attachOrder('a', 'ord-a', 'order-1'))).toEqual(rejection('target_ended', 'targetKey'));
    expect(when(given(...withRefs), attachOrder('z', 'ord-a', 'order-1'))).toEqual(rejection('target_not_found', 'targetKey'));
  });

  it('that was cancelled in the moment before is the order whose fills it counts, unless another target waits for it by now', () => {
    const cancelled = [...withRefs, cancelTarget('a')];
    const late = given(...cancelled, attachOrder('a', 'ord-a', 'order-1'), recordFill({ order: 'order-1', exec: 'e', target: 'a', qty: '1', px: '1.1' }));
    expect(target(late, 'a')).toMatchObject({ status: 'cancelled', orderId: 'order-1', filledQty: quantity(quantityText('1')) });
    const heir = given(...cancelled, setTarget({ targetKey: 'c', orderRef: 'ord-a' }));
    expect(when(heir, attachOrder('a', 'ord-a', 'order-1'))).toEqual(rejection('order_ref_changed', 'orderRef'));
    expect(when(heir, attachOrder('c', 'ord-a', 'order-1'))).toMatchObject({ kind: 'accepted' });
  });

  it('a change of terms that keeps the reference keeps the order', () => {
    const state = given(...withRefs, attachOrder('a', 'ord-a', 'order-1'), setTarget({ targetKey: 'a', percent: '10' }));
    expect(target(state, 'a')).toMatchObject({ orderId: 'order-1', formerOrderIds: [] });
  });
});

describe("the end of a target's order", () => {
  const one = [openPosition(), setTarget({ orderRef: 'ord-1' }), attachOrder('put_spread_1_40', 'ord-1', 'order-1')];

  it('ends a target that is not wholly filled, and keeps what was filled', () => {
    const state = given(...one, recordFill({ order: 'order-1', exec: 'e', target: 'put_spread_1_40', qty: '1', px: '1.1' }), endTarget('put_spread_1_40', 'cancelled', 'user', 'order-1'));
    const ended = target(state);
    expect([ended.status, ended.reason, formatQuantity(ended.filledQty), formatPrice(ended.avgFillPx)]).toEqual(['cancelled', 'user', '1', '1.1']);
  });

  it('a rejected order rejects it', () => {
    expect(target(given(...one, endTarget('put_spread_1_40', 'rejected', 'no buying power')))).toMatchObject({ status: 'rejected', reason: 'no buying power' });
  });

  it('is ignored where the target is filled, ended, unknown or has another order', () => {
    expect(when(given(...one, recordFill({ order: 'order-1', exec: 'e', target: 'put_spread_1_40', qty: '4' })), endTarget('put_spread_1_40'))).toEqual(NOTHING);
    expect(when(given(...one, endTarget('put_spread_1_40')), endTarget('put_spread_1_40', 'rejected'))).toEqual(NOTHING);
    expect(when(given(...one), endTarget('nope'))).toEqual(NOTHING);
    expect(when(given(...one), endTarget('put_spread_1_40', 'cancelled', undefined, 'order-9'))).toEqual(NOTHING);
    expect(when(positionDecider.initialState, endTarget('put_spread_1_40'))).toEqual(NOTHING);
  });

  it('a late fill still counts, and may fill a target that had ended; its bust ends it again', () => {
    const ended = [...one, endTarget('put_spread_1_40', 'cancelled', 'user')];
    const fill = { order: 'order-1', exec: 'e', target: 'put_spread_1_40', qty: '4' };
    expect(target(given(...ended, recordFill(fill)))).toMatchObject({ status: 'filled', reason: undefined });
    expect(target(given(...ended, recordFill(fill), recordFill({ ...fill, version: 2, change: 'reversed' })))).toMatchObject({ status: 'cancelled', reason: 'user' });
  });
});
