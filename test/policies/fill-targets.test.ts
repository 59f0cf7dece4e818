import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatQuantity, quantityText } from '../../src/domain/amounts.js';
import { orderStream, positionStream } from '../../src/eventstore/identity.js';
import { storedMetadata } from '../../src/eventstore/schemas/metadata-schema.js';
import type { Policies } from '../../src/policies/runner.js';
import { accepted, busted, canceled, corrected, Desk, orderOf, placed, rejected, traded } from './desk.js';

// Each test has positions and orders of its own; they share the stores and the running policies.
let desk: Desk;
let policies: Policies;
beforeAll(async () => {
  desk = await Desk.open();
  policies = desk.startPolicies();
});
afterAll(() => desk.close());

describe("a target's order", () => {
  it('is attached where it is known when the target is set, and its fills so far count', async () => {
    await desk.record(desk.fact('known', placed('known')), desk.fact('known', traded('known', 'e1', '1', '1.1')));
    const position = await desk.openPosition();
    await desk.setTarget(position, 'put_spread_1_40', { orderRef: 'known' });
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'put_spread_1_40')).toEqual(['partially_filled', '1', '1.1']);
    await desk.record(desk.fact('known', traded('known', 'e2', '3', '1.3')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'put_spread_1_40')).toEqual(['filled', '4', '1.25']);
    expect(formatQuantity((await desk.position(position)).openQty)).toBe('6');
  });

  it.each([
    ["the broker's id", 'later', 'later'],
    ['the ClOrdID', 'cl-later2', 'later2'],
    ["Fillbook's own id", orderOf('later3'), 'later3'],
  ])('is attached when it appears later, by %s', async (_, orderRef, name) => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef });
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ orderId: undefined, status: 'active' });
    await desk.record(desk.fact(name, placed(name)), desk.fact(name, traded(name, 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ orderId: orderOf(name), status: 'filled' });
  });

  it("is found by Fillbook's own id where it is known already", async () => {
    await desk.record(desk.fact('by-id', placed('by-id')));
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: orderOf('by-id') });
    await desk.settled(policies);
    expect((await desk.target(position, 'a')).orderId).toBe(orderOf('by-id'));
  });

  it("is found by a name that only the broker's later message gave it", async () => {
    const position = await desk.openPosition();
    await desk.record(desk.fact('acked', placed('acked', {}, { clOrdId: 'cl-acked' })));
    await desk.setTarget(position, 'a', { orderRef: 'acked' });
    await desk.record(desk.fact('acked', accepted('acked')), desk.fact('acked', traded('acked', 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
  });

  it('is the latest one where ids recycle', async () => {
    const recycled = { brokerOrderId: 'recycled' };
    await desk.record(desk.fact('day-1', placed('day-1', {}, recycled)), desk.fact('day-2', placed('day-2', {}, recycled)));
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'recycled' });
    await desk.settled(policies);
    expect((await desk.target(position, 'a')).orderId).toBe(orderOf('day-2'));
  });

  it("is never another account's", async () => {
    await desk.record(desk.fact('private', placed('private'), { account: 'other' }), desk.fact('private', traded('private', 'e1', '4'), { account: 'other' }));
    const position = await desk.openPosition();
    for (const [key, orderRef] of Object.entries({ a: 'private', b: orderOf('private', 'other') })) await desk.setTarget(position, key, { orderRef });
    await desk.settled(policies);
    expect((await desk.position(position)).targets.map(({ orderId, status }) => [orderId, status])).toEqual([
      [undefined, 'active'],
      [undefined, 'active'],
    ]);
  });

  it('is one target’s: the one that was set first has it, the other is rejected with the reason', async () => {
    const [first, second] = [await desk.openPosition(), await desk.openPosition()];
    await desk.setTarget(first, 'first', { orderRef: 'wanted' });
    await desk.setTarget(second, 'second', { orderRef: 'cl-wanted' });
    await desk.record(desk.fact('wanted', placed('wanted')), desk.fact('wanted', traded('wanted', 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.target(first, 'first')).toMatchObject({ status: 'filled', orderId: orderOf('wanted') });
    expect(await desk.target(second, 'second')).toMatchObject({ status: 'rejected', orderId: undefined, reason: expect.stringContaining(`target first of position ${first}`) });
    const third = await desk.openPosition();
    await desk.setTarget(third, 'third', { orderRef: 'wanted' });
    await desk.settled(policies);
    expect(await desk.target(third, 'third')).toMatchObject({ status: 'rejected' });
    const sameposition = await desk.setTarget(first, 'again', { orderRef: 'cl-wanted' });
    expect(sameposition.kind).toBe('applied');
    await desk.settled(policies);
    expect(await desk.target(first, 'again')).toMatchObject({ status: 'rejected' });
  });
});

describe("the fills of a target's order", () => {
  it('count for several targets of a position at the same moment', async () => {
    const position = await desk.openPosition();
    const names = Array.from({ length: 10 }, (_, index) => `m${index}`);
    for (const name of names) await desk.setTarget(position, name, { orderRef: `many-${name}`, quantity: '1' });
    await Promise.all(names.flatMap((name) => [placed(`many-${name}`), traded(`many-${name}`, 'e1')].map((fact) => desk.record(desk.fact(`many-${name}`, fact, { second: '30' })))));
    await desk.settled(policies);
    const state = await desk.position(position);
    expect(state.targets.map(({ status }) => status)).toEqual(names.map(() => 'filled'));
    expect([state.status, formatQuantity(state.closedQty)]).toEqual(['closed', '10']);
  });

  it('are corrected and busted with their executions, which re-opens target and position', async () => {
    const position = await desk.openPosition({ quantity: '4' });
    await desk.setTarget(position, 'a', { orderRef: 'busts' });
    await desk.record(desk.fact('busts', placed('busts')), desk.fact('busts', traded('busts', 'e1', '4')));
    await desk.settled(policies);
    expect((await desk.position(position)).status).toBe('closed');
    await desk.record(desk.fact('busts', corrected('busts', 'e1', 'e2', '3', '1')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '3', '1']);
    await desk.record(desk.fact('busts', busted('busts', 'e2')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['active', '0', '0']);
    const state = await desk.position(position);
    expect([state.status, state.fills.map(({ fill, live }) => [fill.execId, fill.version, live])]).toEqual(['open', [['e1', 3, false]]]);
  });

  it('come out the same whatever order an execution, its corrections and its bust come in', async () => {
    const facts = [traded('x', 'e1', '4'), corrected('x', 'e1', 'c1', '3', '1'), corrected('x', 'c1', 'c2', '2', '1.1'), traded('x', 'e2', '1', '1.4'), busted('x', 'e2')];
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [2, 0, 4, 1, 3],
      [1, 2, 0, 3, 4],
      [2, 4, 1, 3, 0],
    ];
    for (const [run, arrival] of orders.entries()) {
      const name = `shuffled-${run}`;
      const position = await desk.openPosition();
      await desk.setTarget(position, 'a', { orderRef: name });
      await desk.record(desk.fact(name, placed(name), { second: '0' }));
      for (const index of arrival) {
        const fact = facts[index];
        if (fact) await desk.record(desk.fact(name, fact, { second: String(index + 1) }));
        await desk.settled(policies);
      }
      expect([arrival, await desk.shownTarget(position, 'a')]).toEqual([arrival, ['partially_filled', '2', '1.1']]);
    }
  });

  it('have the event that brought them as their cause, and its workflow', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'traced' });
    await desk.record(desk.fact('traced', placed('traced')));
    await desk.settled(policies);
    await desk.record(...['e1', 'e2', 'e3'].map((exec) => desk.fact('traced', traded('traced', exec))));
    await desk.settled(policies);
    const orderEvents = await desk.orderEvents('traced');
    const reactions = (await desk.positionEvents(position)).filter(({ event }) => event.type === 'FillRecorded');
    expect(reactions.map(({ event }) => event.metadata.$causationId)).toEqual(orderEvents.slice(1).map(({ id }) => id));
    expect(reactions.map(({ event }) => [event.metadata.$correlationId, event.metadata.actor])).toEqual(Array.from({ length: 3 }, () => ['session of traced', 'policy:fill-targets']));
    expect(reactions.map(({ event }) => event.metadata.occurredAt)).toEqual(orderEvents.slice(1).map(({ metadata }) => storedMetadata.parse(metadata).occurredAt));
  });

  it('a late fill of an order that the target no longer names still counts, and its end does not end the target', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'former' });
    await desk.record(desk.fact('former', placed('former')), desk.fact('present', placed('present')));
    await desk.settled(policies);
    await desk.setTarget(position, 'a', { orderRef: 'present' });
    await desk.settled(policies);
    await desk.record(desk.fact('former', traded('former', 'e1', '1')), desk.fact('former', canceled('former')));
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ status: 'partially_filled', orderId: orderOf('present') });
    await desk.record(desk.fact('present', traded('present', 'e1', '3')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
  });
});

describe("the end of a target's order", () => {
  it.each([
    ['cancelled', canceled('ends-0', 'user asked'), 'cancelled', 'user asked'],
    ['rejected', rejected('ends-1', 'no buying power'), 'rejected', 'no buying power'],
    ['cancelled without words', canceled('ends-2'), 'cancelled', 'its order is canceled'],
  ])('ends the target: %s', async (_, fact, status, reason) => {
    const name = fact.data.refs.brokerOrderId ?? '';
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: name });
    await desk.setTarget(position, 'b');
    await desk.record(desk.fact(name, placed(name)), desk.fact(name, fact));
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ status, reason });
    expect(await desk.target(position, 'b')).toMatchObject({ status: 'active' });
  });

  it('keeps what was filled', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'partly' });
    await desk.record(desk.fact('partly', placed('partly')), desk.fact('partly', traded('partly', 'e1', '1')), desk.fact('partly', canceled('partly')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['cancelled', '1', '1.2']);
  });

  it('that had ended before the target was set, ends it as well', async () => {
    await desk.record(desk.fact('over', placed('over')), desk.fact('over', canceled('over')));
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'over' });
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ status: 'cancelled' });
  });

  it('that was acknowledged before its target was cancelled still counts, though nobody had seen it yet', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'just-before' });
    await desk.settled(policies);
    await policies.stop();
    await desk.record(desk.fact('just-before', placed('just-before')), desk.fact('just-before', traded('just-before', 'e1', '1')));
    await desk.cancelTarget(position, 'a');
    policies = desk.startPolicies();
    await desk.record(desk.fact('just-before', traded('just-before', 'e2', '2')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['cancelled', '3', '1.2']);
    expect(formatQuantity((await desk.position(position)).closedQty)).toBe('3');
  });

  it('leaves a target that was taken back as it is, and attaches nothing to it', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'taken-back' });
    await desk.cancelTarget(position, 'a');
    await desk.record(desk.fact('taken-back', placed('taken-back')), desk.fact('taken-back', traded('taken-back', 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ status: 'cancelled', orderId: undefined });
  });
});

describe('an order that names a position itself', () => {
  it('fills it, opening or closing, and its fills become those of the target that it turns out to be', async () => {
    const position = await desk.openPosition({ quantity: '0', direction: 'long' });
    const opening = { positionId: position, positionEffect: 'open', orderQty: quantityText('10') } as const;
    await desk.record(desk.fact('opening', placed('opening', opening)), desk.fact('opening', traded('opening', 'e1', '10')));
    await desk.record(desk.fact('own-close', placed('own-close', { side: 'sell', positionId: position })));
    await desk.record(desk.fact('own-close', traded('own-close', 'e1', '4', '1.2', 'sell')));
    await desk.settled(policies);
    const state = await desk.position(position);
    expect([formatQuantity(state.openedQty), formatQuantity(state.closedQty), state.status]).toEqual(['10', '4', 'open']);
    await desk.setTarget(position, 'a', { orderRef: 'own-close' });
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
    expect(formatQuantity((await desk.position(position)).closedQty)).toBe('4');
  });

  it("of another account changes nothing there and is listed with its reason", async () => {
    const position = await desk.openPosition({ account: 'other' });
    await desk.record(desk.fact('foreign', placed('foreign', { positionId: position })), desk.fact('foreign', traded('foreign', 'e1')));
    await desk.settled(policies);
    expect((await desk.position(position)).fills).toEqual([]);
    expect(await desk.rows('SELECT projection, reason FROM set_aside WHERE stream = $1', [orderStream(orderOf('foreign'))])).toEqual([
      { projection: 'policy:fill-targets', reason: expect.stringContaining(position) },
    ]);
  });
});

describe('two orders that turn out to be one', () => {
  it('fill the target once, under the order that both are', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'half-1' });
    await desk.record(desk.fact('half-1', placed('half-1')), desk.fact('half-1', traded('half-1', 'e1', '1')), desk.fact('half-2', placed('half-2')), desk.fact('half-2', traded('half-2', 'e2', '2')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '1', '1.2']);
    const joining = desk.fact('half-1', accepted('half-1'));
    await desk.record({ ...joining, aliases: [...joining.aliases, ...desk.fact('half-2', accepted('half-2')).aliases] });
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '3', '1.2']);
    await desk.record(desk.fact('half-1', traded('half-1', 'e3', '1')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
    expect(await desk.rows('SELECT stream FROM set_aside WHERE stream = $1', [positionStream(position)])).toEqual([]);
  });
});
