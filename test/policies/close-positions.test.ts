import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatQuantity, quantityText } from '../../src/domain/amounts.js';
import { accountId, tenantId } from '../../src/domain/ids.js';
import type { PositionId } from '../../src/domain/ids.js';
import type { OrderFactEvent } from '../../src/domain/order/events.js';
import type { OrderFact } from '../../src/eventstore/commands.js';
import { clientAlias, orderStream } from '../../src/eventstore/identity.js';
import type { Policies } from '../../src/policies/runner.js';
import { executionOf, termsOf } from '../support/events.js';
import { accepted, busted, canceled, Desk, placed, placedOrderId, traded } from './desk.js';
import { reactAndDie } from './reacting-process.js';

let desk: Desk;

/** What the broker says of the order that was placed under a ClOrdID. */
const answer = (clOrdId: string, event: OrderFactEvent): OrderFact => ({ ...desk.fact(clOrdId, event), aliases: [clientAlias(tenantId('default'), accountId('main'), clOrdId)] });
const closingTrade = (clOrdId: string, exec: string, qty: string): OrderFact =>
  answer(clOrdId, { type: 'ExecutionRecorded', data: { refs: { clOrdId }, execution: executionOf(exec, { side: 'buy', lastQty: quantityText(qty) }) } });
const closingCanceled = (clOrdId: string, reason: string): OrderFact => answer(clOrdId, { type: 'OrderCanceled', data: { refs: { clOrdId }, report: { reason } } });

const cancelsOf = async (name: string): Promise<number> => (await desk.orderEvents(name)).filter(({ type }) => type === 'CancelRequested').length;
const closingsOf = async (position: PositionId): Promise<readonly string[]> =>
  (await desk.positionEvents(position)).flatMap(({ event }) => {
    if (event.type === 'ClosingOrderSized') return [`${event.type} ${event.data.quantity}`];
    if (event.type === 'PositionCloseEnded') return [`${event.type} ${event.data.outcome}`];
    return event.type === 'PositionCloseRequested' ? [`${event.type} ${event.data.quantity} ${event.data.side}`] : [];
  });

/** A short position of 10 with targets of 4 and 3 whose orders work. */
async function withTargets(prefix: string): Promise<PositionId> {
  const position = await desk.openPosition();
  await desk.record(desk.fact(`${prefix}a`, placed(`${prefix}a`)), desk.fact(`${prefix}b`, placed(`${prefix}b`, { orderQty: quantityText('3') })));
  await desk.setTarget(position, 'a', { orderRef: `${prefix}a` });
  await desk.setTarget(position, 'b', { orderRef: `${prefix}b`, quantity: '3' });
  return position;
}

describe('a position that is asked to be closed', () => {
  let policies: Policies;
  beforeAll(async () => {
    desk = await Desk.open();
    policies = desk.startPolicies();
  });
  afterAll(() => desk.close());

  it('without targets is closed by one order at once, and the fills of that order close it', async () => {
    const position = await desk.openPosition();
    expect(await desk.closePosition(position, 'plain')).toMatchObject({ kind: 'applied', eventCount: 1 });
    await desk.settled(policies);
    const order = await desk.placedOrder('plain');
    const { price: _price, ...terms } = termsOf({ side: 'buy', orderQty: quantityText('10'), ordType: 'market', timeInForce: 'day', positionEffect: 'close', positionId: position });
    expect(order?.terms).toEqual(terms);
    await desk.record(closingTrade('plain', 'e1', '4'), closingTrade('plain', 'e2', '6'));
    await desk.settled(policies);
    expect(await desk.position(position)).toMatchObject({ status: 'closed', close: { status: 'filled', reason: undefined } });
    expect(await closingsOf(position)).toEqual(['PositionCloseRequested 10 buy', 'ClosingOrderSized 10', 'PositionCloseEnded filled']);
    await desk.settled(policies);
    expect(await desk.rows('SELECT order_id FROM policy_closing_order WHERE position_id = $1', [position])).toEqual([]);
  });

  it('a long one is sold', async () => {
    const position = await desk.openPosition({ direction: 'long', quantity: '2' });
    await desk.closePosition(position, 'long');
    await desk.settled(policies);
    expect((await desk.placedOrder('long'))?.terms).toMatchObject({ side: 'sell', orderQty: '2', positionEffect: 'close' });
  });

  it('cancels its targets in the same append, and asks for the cancellation of each working order once', async () => {
    const position = await withTargets('w');
    await desk.settled(policies);
    const closed = await desk.closePosition(position, 'waits');
    expect(closed).toMatchObject({ kind: 'applied', eventCount: 3 });
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ status: 'cancelled', reason: 'the position is closed: expiry' });
    expect([await cancelsOf('wa'), await cancelsOf('wb')]).toEqual([1, 1]);
    expect(await desk.placedOrder('waits')).toBeUndefined();
    // One of two has ended: not yet.
    await desk.record(desk.fact('wa', canceled('wa')));
    await desk.settled(policies);
    expect(await desk.placedOrder('waits')).toBeUndefined();
    await desk.record(desk.fact('wb', canceled('wb')));
    await desk.settled(policies);
    expect((await desk.placedOrder('waits'))?.terms?.orderQty).toBe('10');
    expect([await cancelsOf('wa'), await cancelsOf('wb')]).toEqual([1, 1]);
  });

  it('counts what the targets fill before their cancellation arrives: the order is for the rest', async () => {
    const position = await withTargets('r');
    await desk.settled(policies);
    await desk.closePosition(position, 'rest');
    await desk.record(desk.fact('ra', traded('ra', 'e1', '1')), desk.fact('rb', traded('rb', 'e1', '3')), desk.fact('ra', canceled('ra')));
    await desk.settled(policies);
    expect((await desk.placedOrder('rest'))?.terms?.orderQty).toBe('6');
    expect(await desk.shownTarget(position, 'a')).toEqual(['cancelled', '1', '1.2']);
    expect(await desk.shownTarget(position, 'b')).toEqual(['filled', '3', '1.2']);
    await desk.record(closingTrade('rest', 'e1', '6'));
    await desk.settled(policies);
    expect((await desk.position(position)).status).toBe('closed');
  });

  it.each([{ immediately: false }, { immediately: true }])(
    'knows an order that was acknowledged right before, and what it filled, though no policy had seen it yet ($immediately)',
    async ({ immediately }) => {
      const name = `unseen-${immediately}`;
      const position = await desk.openPosition();
      await desk.setTarget(position, 'a', { orderRef: name });
      await desk.settled(policies);
      // Nobody reacts while the bot and the broker are quick.
      await policies.stop();
      await desk.record(desk.fact(name, placed(name)), desk.fact(name, traded(name, 'e1', '1')));
      await desk.closePosition(position, `close-${name}`, { immediately });
      policies = desk.startPolicies();
      await desk.settled(policies);
      expect(await desk.shownTarget(position, 'a')).toEqual(['cancelled', '1', '1.2']);
      expect(await cancelsOf(name)).toBe(1);
      expect((await desk.placedOrder(`close-${name}`))?.terms?.orderQty).toBe(immediately ? '9' : undefined);
      await desk.record(desk.fact(name, canceled(name)));
      await desk.settled(policies);
      expect((await desk.placedOrder(`close-${name}`))?.terms?.orderQty).toBe('9');
      expect(await cancelsOf(name)).toBe(1);
    },
  );

  it('waits for a target’s order whose quantity nobody has said, and asks for its cancellation', async () => {
    const position = await desk.openPosition();
    await desk.record(desk.fact('unsized', placed('unsized', { orderQty: quantityText('0') })), desk.fact('unsized', accepted('unsized')));
    await desk.setTarget(position, 'a', { orderRef: 'unsized' });
    await desk.closePosition(position, 'after-unsized');
    await desk.settled(policies);
    expect(await cancelsOf('unsized')).toBe(1);
    expect(await desk.placedOrder('after-unsized')).toBeUndefined();
    await desk.record(desk.fact('unsized', canceled('unsized')));
    await desk.settled(policies);
    expect((await desk.placedOrder('after-unsized'))?.terms?.orderQty).toBe('10');
  });

  it('is not closed by an order that is done for the day with a part filled', async () => {
    const position = await desk.openPosition();
    await desk.closePosition(position, 'day-order');
    await desk.settled(policies);
    const doneForDay: OrderFactEvent = { type: 'OrderDoneForDay', data: { refs: { clOrdId: 'day-order' }, report: { ordStatus: 'done_for_day', cumQty: quantityText('4'), leavesQty: quantityText('0') } } };
    await desk.record(closingTrade('day-order', 'e1', '4'), answer('day-order', doneForDay));
    await desk.settled(policies);
    expect((await desk.position(position)).close).toMatchObject({ status: 'cancelled', reason: 'its order is done_for_day' });
  });

  it('needs no order where the targets close it all', async () => {
    const position = await desk.openPosition({ quantity: '4' });
    await desk.record(desk.fact('all', placed('all')));
    await desk.setTarget(position, 'a', { orderRef: 'all' });
    await desk.settled(policies);
    await desk.closePosition(position, 'unneeded');
    await desk.record(desk.fact('all', traded('all', 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.placedOrder('unneeded')).toBeUndefined();
    expect(await desk.position(position)).toMatchObject({ status: 'closed', close: { status: 'nothing_left' } });
  });

  it('immediately: the order does not wait, and what a target still fills over-closes the position, for all to see', async () => {
    const position = await withTargets('i');
    await desk.settled(policies);
    await desk.closePosition(position, 'now', { immediately: true });
    await desk.settled(policies);
    expect((await desk.placedOrder('now'))?.terms?.orderQty).toBe('10');
    expect([await cancelsOf('ia'), await cancelsOf('ib')]).toEqual([1, 1]);
    await desk.record(desk.fact('ib', traded('ib', 'e1', '3')), closingTrade('now', 'e1', '10'));
    await desk.settled(policies);
    const state = await desk.position(position);
    expect([state.status, formatQuantity(state.openQty)]).toEqual(['over_closed', '-3']);
  });

  it('that waits can be hurried, and is otherwise closed once', async () => {
    const position = await withTargets('h');
    await desk.settled(policies);
    await desk.closePosition(position, 'slow', { key: 'slow-key' });
    await desk.settled(policies);
    expect(await desk.closePosition(position, 'slow', { key: 'slow-key' })).toMatchObject({ kind: 'duplicate' });
    expect(await desk.closePosition(position, 'slow-2')).toMatchObject({ kind: 'rejected', rejection: { code: 'position_closing', field: 'positionId' } });
    expect(await desk.setTarget(position, 'c')).toMatchObject({ kind: 'rejected', rejection: { code: 'position_closing' } });
    expect(await desk.closePosition(position, 'fast', { immediately: true })).toMatchObject({ kind: 'applied' });
    await desk.settled(policies);
    expect((await desk.placedOrder('fast'))?.terms?.orderQty).toBe('10');
    expect(await desk.closePosition(position, 'faster', { immediately: true })).toMatchObject({ kind: 'rejected', rejection: { code: 'position_closing' } });
    await desk.record(desk.fact('ha', canceled('ha')), desk.fact('hb', canceled('hb')));
    await desk.settled(policies);
    expect(await desk.placedOrder('slow')).toBeUndefined();
  });

  it('can be closed again for what the order left when it ended, and targets can be set again', async () => {
    const position = await desk.openPosition();
    await desk.closePosition(position, 'first-try');
    await desk.settled(policies);
    await desk.record(closingTrade('first-try', 'e1', '4'), closingCanceled('first-try', 'end of the session'));
    await desk.settled(policies);
    expect((await desk.position(position)).close).toMatchObject({ status: 'cancelled', reason: 'end of the session' });
    expect(await desk.setTarget(position, 'again')).toMatchObject({ kind: 'applied' });
    await desk.closePosition(position, 'second-try');
    await desk.settled(policies);
    expect((await desk.placedOrder('second-try'))?.terms?.orderQty).toBe('6');
    await desk.record(closingTrade('second-try', 'e1', '6'));
    await desk.settled(policies);
    // A bust re-opens it; it may be closed once more.
    await desk.record(answer('second-try', busted('second-try', 'e1')));
    await desk.settled(policies);
    const state = await desk.position(position);
    expect([state.status, formatQuantity(state.openQty)]).toEqual(['open', '6']);
    expect(await desk.closePosition(position, 'third-try')).toMatchObject({ kind: 'applied' });
  });

  it('ends its closing where the order cannot be placed, with the reason', async () => {
    const [position, other] = [await desk.openPosition(), await desk.openPosition()];
    await desk.closePosition(other, 'taken');
    await desk.settled(policies);
    await desk.closePosition(position, 'taken');
    await desk.settled(policies);
    expect((await desk.position(position)).close).toMatchObject({ status: 'rejected', reason: 'there is an order with the ClOrdID "taken" already' });
    expect((await desk.position(other)).close).toMatchObject({ status: 'sized' });
    expect(await desk.closePosition(position, 'not-taken')).toMatchObject({ kind: 'applied' });
  });

  it('whose target has an order that was linked into another one waits for that one', async () => {
    const position = await desk.openPosition();
    await desk.record(desk.fact('l1', placed('l1')));
    await desk.setTarget(position, 'a', { orderRef: 'l1' });
    await desk.settled(policies);
    await desk.closePosition(position, 'linked');
    await desk.record(desk.fact('l2', placed('l2')));
    // One message that uses both names brings the two together.
    const both = desk.fact('l2', traded('l2', 'e1', '1'));
    await desk.record({ ...both, aliases: [...desk.fact('l1', traded('l1', 'e1', '1')).aliases, ...both.aliases] });
    await desk.settled(policies);
    expect(await desk.placedOrder('linked')).toBeUndefined();
    await desk.record(desk.fact('l1', canceled('l1')));
    await desk.settled(policies);
    expect((await desk.placedOrder('linked'))?.terms?.orderQty).toBe('9');
  });
});

describe('a process that is killed while it closes a position', () => {
  beforeEach(async () => {
    desk = await Desk.open();
  });
  afterEach(() => desk.close());

  it('places one order, and asks for each cancellation once, whichever reaction it was killed after', { timeout: 120_000 }, async () => {
    const position = await withTargets('k');
    const where = { eventStoreUrl: desk.server.url, databaseUrl: desk.databaseUrl, storeId: desk.storeId };
    expect(await reactAndDie(where, [99])).toEqual(['done']);
    await desk.closePosition(position, 'killed');
    expect(await reactAndDie(where, [1, 2])).toEqual(['killed', 'killed']);
    await desk.record(desk.fact('ka', canceled('ka')), desk.fact('kb', canceled('kb')));
    const ends = await reactAndDie(where, [1, 1, 2, 99]);
    expect(ends.filter((end) => end === 'killed').length).toBeGreaterThan(1);
    expect([await cancelsOf('ka'), await cancelsOf('kb')]).toEqual([1, 1]);
    expect(await closingsOf(position)).toEqual(['PositionCloseRequested 10 buy', 'ClosingOrderSized 10']);
    const placements: string[] = [];
    for await (const { type } of desk.store.readStream(orderStream(placedOrderId('killed')))) placements.push(type);
    expect(placements).toEqual(['OrderPlaced']);
  });
});
