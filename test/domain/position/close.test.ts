import { describe, expect, it } from 'vitest';
import { formatQuantity, quantityText } from '../../../src/domain/amounts.js';
import { positionDecider } from '../../../src/domain/position/decider.js';
import { closingTerms } from '../../../src/domain/position/close.js';
import { apply, at, attachOrder, closePosition, endClose, endTarget, given, metadataOf, openPosition, raw, recordFill, setTarget, sizeClosingOrder, target, when } from './given.js';

const NOTHING = { kind: 'accepted', events: [] };
const targets = [setTarget({ targetKey: 'a', orderRef: 'ord-a' }), setTarget({ targetKey: 'b' }), setTarget({ targetKey: 'c', quantity: '2' })];
const withTargets = [openPosition(), ...targets, attachOrder('a', 'ord-a', 'order-a'), recordFill({ order: 'order-a', exec: 'e', target: 'a', qty: '1' }), recordFill({ order: 'order-c', exec: 'e', target: 'c', qty: '2' })];

describe('closing a position', () => {
  it('ends every unfilled target and asks for the order, in one decision', () => {
    const order = { clOrdId: 'close-1', ordType: 'stop_limit', price: raw('1.50'), stopPx: raw('01.40'), timeInForce: 'day' } as const;
    const reason = 'the position is closed: risk';
    expect(when(given(...withTargets), closePosition({ reason: 'risk', order: order as never }))).toEqual({
      kind: 'accepted',
      events: [
        { type: 'TargetCancelled', data: { targetKey: 'a', reason } },
        { type: 'TargetCancelled', data: { targetKey: 'b', reason } },
        {
          type: 'PositionCloseRequested',
          data: { reason: 'risk', quantity: '7', side: 'buy', order: { clOrdId: 'close-1', ordType: 'stop_limit', price: '1.5', stopPx: '1.4', timeInForce: 'day' }, immediately: false },
        },
      ],
    });
  });

  it('leaves a filled target as it is, and keeps what was filled of the others', () => {
    const state = given(...withTargets, closePosition());
    expect([target(state, 'a').status, target(state, 'b').status, target(state, 'c').status]).toEqual(['cancelled', 'cancelled', 'filled']);
    expect(formatQuantity(target(state, 'a').filledQty)).toBe('1');
    expect(state.close).toMatchObject({ status: 'requested', quantity: undefined });
  });

  it('sells a long position', () => {
    expect(when(given(openPosition({ direction: 'long' })), closePosition())).toMatchObject({ events: [{ data: { side: 'sell', quantity: '10' } }] });
  });

  it('the same again is nothing new, another input under its key is refused', () => {
    const state = given(...withTargets, closePosition());
    expect(when(state, closePosition())).toEqual(NOTHING);
    expect(when(state, closePosition({ reason: 'manual' }))).toMatchObject({ rejection: { code: 'idempotency_key_reused' } });
    expect(when(state, closePosition({}, 'other'))).toMatchObject({ rejection: { code: 'position_closing', field: 'positionId' } });
  });

  it('that waits can be asked for again, not to wait; nothing else can', () => {
    const hurried = closePosition({ immediately: true, order: { clOrdId: 'close-2', ordType: 'market' } }, 'hurry');
    const waiting = given(...withTargets, closePosition());
    expect(apply(waiting, hurried).close).toMatchObject({ status: 'requested', request: { immediately: true, order: { clOrdId: 'close-2' } } });
    // What the policy made of the first request comes too late.
    expect(when(apply(waiting, hurried), sizeClosingOrder('close-1'))).toEqual(NOTHING);
    expect(when(apply(waiting, hurried), { ...hurried, commandKey: 'again' })).toMatchObject({ rejection: { code: 'position_closing' } });
    expect(when(apply(waiting, sizeClosingOrder()), hurried)).toMatchObject({ rejection: { code: 'position_closing' } });
  });

  it('is not changed by the news of a former closing', () => {
    const hurried = given(...withTargets, closePosition(), closePosition({ immediately: true, order: { clOrdId: 'close-2', ordType: 'market' } }, 'hurry'));
    const metadata = metadataOf(sizeClosingOrder(), at(9));
    const news = [{ type: 'ClosingOrderSized', data: { clOrdId: 'close-1', quantity: quantityText('7') } }, { type: 'PositionCloseEnded', data: { clOrdId: 'close-1', outcome: 'filled' } }] as const;
    for (const event of news) expect(positionDecider.evolve(hurried, { ...event, metadata }).close).toBe(hurried.close);
  });

  it('sizes its order by what is open when it is placed', () => {
    const requested = given(...withTargets, closePosition());
    const filledSince = apply(requested, recordFill({ order: 'order-a', exec: 'e2', target: 'a', qty: '3' }));
    expect(when(filledSince, sizeClosingOrder())).toEqual({ kind: 'accepted', events: [{ type: 'ClosingOrderSized', data: { clOrdId: 'close-1', quantity: '4' } }] });
    const sized = apply(filledSince, sizeClosingOrder());
    expect(sized.close?.status).toBe('sized');
    expect(when(sized, sizeClosingOrder('close-1', 'twice'))).toEqual(NOTHING);
    expect(when(requested, sizeClosingOrder('another'))).toEqual(NOTHING);
    expect(when(given(openPosition()), sizeClosingOrder())).toEqual(NOTHING);
  });

  it('needs no order where nothing is left, or more than nothing was closed', () => {
    for (const qty of ['7', '8']) {
      const state = given(...withTargets, closePosition(), recordFill({ order: 'order-a', exec: 'e2', target: 'a', qty }));
      expect(when(state, sizeClosingOrder())).toEqual({ kind: 'accepted', events: [{ type: 'PositionCloseEnded', data: { clOrdId: 'close-1', outcome: 'nothing_left' } }] });
    }
  });

  it('ends with its order, once; then the position can be closed again', () => {
    const sized = given(...withTargets, closePosition(), sizeClosingOrder());
    const ended = apply(sized, endClose('cancelled', 'close-1', 'end of day'));
    expect(ended.close).toMatchObject({ status: 'cancelled', reason: 'end of day' });
    expect(when(ended, endClose('filled'))).toEqual(NOTHING);
    expect(when(sized, endClose('filled', 'another'))).toEqual(NOTHING);
    expect(when(positionDecider.initialState, endClose('filled'))).toEqual(NOTHING);
    expect(when(ended, setTarget({ targetKey: 'new' }))).toMatchObject({ kind: 'accepted' });
    expect(when(ended, closePosition({}, 'again'))).toMatchObject({ kind: 'accepted' });
  });

  it('a target whose order fills or ends meanwhile counts what it filled', () => {
    const state = given(...withTargets, closePosition(), recordFill({ order: 'order-a', exec: 'e2', target: 'a', qty: '3' }), endTarget('a', 'cancelled', 'user', 'order-a'));
    expect(target(state, 'a')).toMatchObject({ status: 'filled', reason: undefined });
    expect(formatQuantity(state.openQty)).toBe('4');
  });
});

describe('the terms of the closing order', () => {
  it('are those of the position, the other way round', () => {
    const { terms } = openPosition({ strategy: 'wheel', signal: 's', group: 'g', portfolio: 'p' });
    const asked = { side: 'buy', order: { clOrdId: 'close-1', ordType: 'limit', price: raw('1.5') } } as const;
    expect(closingTerms(terms, asked as never, quantityText('3'))).toEqual({
      environment: 'paper',
      instrument: terms.instrument,
      sourceSymbol: 'SPX',
      side: 'buy',
      orderQty: '3',
      ordType: 'limit',
      price: '1.5',
      positionEffect: 'close',
      strategy: 'wheel',
      signal: 's',
      group: 'g',
      portfolio: 'p',
    });
  });
});
