import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatQuantity, priceText, quantityText } from '../../src/domain/amounts.js';
import type { PositionId } from '../../src/domain/ids.js';
import type { OrderFactEvent } from '../../src/domain/order/events.js';
import type { Policies } from '../../src/policies/runner.js';
import { executionOf } from '../support/events.js';
import { accepted, busted, canceled, corrected, Desk, orderOf, placed, traded } from './desk.js';
import { recordAtOnce } from './recording-process.js';

let desk: Desk;
let policies: Policies;
beforeAll(async () => {
  desk = await Desk.open();
  policies = desk.startPolicies();
});
afterAll(() => desk.close());

const replaced = (name: string, clOrdId: string, origClOrdId: string, orderQty: string): OrderFactEvent => ({
  type: 'OrderReplaced',
  data: { refs: { brokerOrderId: name, clOrdId, origClOrdId }, change: { orderQty: quantityText(orderQty) } },
});
const replaceRejected = (name: string, clOrdId: string): OrderFactEvent => ({ type: 'CancelRejected', data: { refs: { brokerOrderId: name, clOrdId }, responseTo: 'replace' } });

describe("a replace of a target's order", () => {
  it('keeps it attached through chained ClOrdIDs, and fills under any of them count', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'cl-r1' });
    await desk.record(
      desk.fact('r1', placed('r1')),
      desk.fact('r1', traded('r1', 'e1')),
      desk.fact('r1', replaced('r1', 'cl-r1-2', 'cl-r1', '5')),
      desk.fact('r1', replaced('r1', 'cl-r1-3', 'cl-r1-2', '4')),
    );
    // The broker speaks of the order by the newest ClOrdID alone.
    const execution = executionOf('e2', { lastQty: quantityText('3'), lastPx: priceText('1.2') });
    await desk.record(desk.fact('r1', { type: 'ExecutionRecorded', data: { refs: { clOrdId: 'cl-r1-3' }, execution } }));
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ orderId: orderOf('r1'), formerOrderIds: [] });
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
  });

  it('by a smaller one leaves the target partly filled, and a later fill still counts', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'r2' });
    await desk.record(desk.fact('r2', placed('r2')), desk.fact('r2', traded('r2', 'e1', '2')), desk.fact('r2', replaced('r2', 'cl-r2-2', 'cl-r2', '2')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '2', '1.2']);
    await desk.record(desk.fact('r2', traded('r2', 'e2', '1')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '3', '1.2']);
  });

  it('that is rejected changes nothing of the target', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'r3' });
    await desk.record(desk.fact('r3', placed('r3')), desk.fact('r3', accepted('r3')), desk.fact('r3', replaceRejected('r3', 'cl-r3-2')), desk.fact('r3', traded('r3', 'e1', '1')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '1', '1.2']);
  });

  it('under another order of its own is a change of the target: fills of both count', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'r4' });
    await desk.record(desk.fact('r4', placed('r4')), desk.fact('r4', traded('r4', 'e1')), desk.fact('r4b', placed('r4b')));
    await desk.settled(policies);
    await desk.setTarget(position, 'a', { orderRef: 'r4b' });
    await desk.record(desk.fact('r4', canceled('r4')), desk.fact('r4b', traded('r4b', 'e1', '2')), desk.fact('r4', traded('r4', 'e2')));
    await desk.settled(policies);
    expect(await desk.target(position, 'a')).toMatchObject({ orderId: orderOf('r4b'), formerOrderIds: [orderOf('r4')] });
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
  });
});

describe('a stop-loss', () => {
  it('is set, filled, busted and cancelled as a profit target is', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'stop', { orderRef: 's1', kind: 'stop_loss' });
    await desk.record(desk.fact('s1', placed('s1', { ordType: 'stop' })), desk.fact('s1', traded('s1', 'e1', '4', '3.1')));
    await desk.settled(policies);
    expect(await desk.target(position, 'stop')).toMatchObject({ kind: 'stop_loss', orderId: orderOf('s1') });
    expect(await desk.shownTarget(position, 'stop')).toEqual(['filled', '4', '3.1']);
    await desk.record(desk.fact('s1', busted('s1', 'e1')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'stop')).toEqual(['active', '0', '0']);
    await desk.record(desk.fact('s1', canceled('s1', 'one cancels the other')));
    await desk.settled(policies);
    expect(await desk.target(position, 'stop')).toMatchObject({ status: 'cancelled', reason: 'one cancels the other' });
  });
});

describe('targets whose orders fill in the same millisecond', () => {
  it('all count, whichever of several processes records them', { timeout: 60_000 }, async () => {
    const position = await desk.openPosition({ quantity: '20' });
    const names = Array.from({ length: 5 }, (_, index) => `m${index}`);
    await Promise.all(names.map((name) => desk.setTarget(position, name, { orderRef: name })));
    await desk.record(...names.map((name) => desk.fact(name, placed(name))));
    await desk.settled(policies);
    // Three processes record every target's two trades, all of one instant; each trade comes from two of them.
    const trades = names.flatMap((name) => ['e1', 'e2'].map((exec) => desk.fact(name, traded(name, exec, '2'), { occurredAt: '2026-11-20T16:00:00.001Z' })));
    await recordAtOnce(desk.server.url, [0, 1, 2].map((process) => trades.filter((_, index) => index % 3 !== process)));
    await desk.settled(policies);
    for (const name of names) expect(await desk.shownTarget(position, name)).toEqual(['filled', '4', '1.2']);
    const state = await desk.position(position);
    expect([state.status, formatQuantity(state.closedQty)]).toEqual(['closed', '20']);
    expect(state.fills).toHaveLength(10);
  });
});

/** One step of a trade; the numbers say what must come before what. */
const STEPS = ['open', 'set', 'placed', 'accepted', 'e1', 'e2', 'e2 corrected', 'e1 busted', 'settle'] as const;

describe('a target that is set before, between or after the messages of its order', () => {
  it('comes out the same in any interleaving, by any name of the order (property)', { timeout: 120_000 }, async () => {
    let runs = 0;
    const interleaving = fc.shuffledSubarray([...STEPS], { minLength: STEPS.length }).map((steps) => (steps.indexOf('open') < steps.indexOf('set') ? steps : steps.with(steps.indexOf('open'), 'set').with(steps.indexOf('set'), 'open')));
    await fc.assert(
      fc.asyncProperty(interleaving, fc.constantFrom('broker', 'client', 'fillbook'), async (steps, naming) => {
        runs += 1;
        const name = `any-${runs}`;
        const orderRef = { broker: name, client: `cl-${name}`, fillbook: orderOf(name) }[naming];
        let position: PositionId | undefined;
        // Source order is the same whatever order they come in.
        const said = (second: number, fact: OrderFactEvent) => desk.record(desk.fact(name, fact, { occurredAt: `2026-11-20T17:00:0${second}Z` }));
        for (const step of steps) {
          if (step === 'open') position = await desk.openPosition();
          else if (step === 'set' && position !== undefined) await desk.setTarget(position, 'a', { orderRef });
          else if (step === 'settle') await desk.settled(policies);
          else if (step === 'placed') await said(0, placed(name));
          else if (step === 'accepted') await said(1, accepted(name));
          else if (step === 'e1') await said(2, traded(name, 'e1', '3'));
          else if (step === 'e2') await said(3, traded(name, 'e2', '1'));
          else if (step === 'e2 corrected') await said(4, corrected(name, 'e2', 'e2c', '2', '1.4'));
          else await said(5, busted(name, 'e1'));
        }
        await desk.settled(policies);
        if (position === undefined) throw new Error('no position was opened');
        expect(await desk.target(position, 'a')).toMatchObject({ orderId: orderOf(name) });
        expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '2', '1.4']);
      }),
      { numRuns: 25 },
    );
  });
});
