import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantityText } from '../../src/domain/amounts.js';
import { parkedStream } from '../../src/eventstore/identity.js';
import type { Policies } from '../../src/policies/runner.js';
import { StreamWriter } from '../projections/ledger.js';
import { accepted, aliasOf, canceled, Desk, placed, traded } from './desk.js';
import { reactAndDie } from './reacting-process.js';

let desk: Desk;
let policies: Policies;
beforeAll(async () => {
  desk = await Desk.open();
  policies = desk.startPolicies();
});
afterAll(() => desk.close());

const parkedTypes = async (of: Desk, name: string): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type } of of.store.readStream(parkedStream(aliasOf(name)))) types.push(type);
  return types;
};
const orderTypes = async (of: Desk, name: string): Promise<string[]> => (await of.orderEvents(name)).map(({ type }) => type);

describe('facts that were parked', () => {
  it('are taken up by themselves when their order appears', async () => {
    expect((await desk.record(desk.fact('early', traded('early', 'e1', '1')), desk.fact('early', canceled('early')))).map(({ kind }) => kind)).toEqual(['parked', 'parked']);
    await desk.settled(policies);
    expect(await parkedTypes(desk, 'early')).toEqual(['FactParked', 'FactParked']);
    await desk.record(desk.fact('early', placed('early')));
    await desk.settled(policies);
    expect(await orderTypes(desk, 'early')).toEqual(['OrderPlaced', 'ExecutionRecorded', 'OrderCanceled']);
    expect(await parkedTypes(desk, 'early')).toEqual(['FactParked', 'FactParked', 'ParkedFactTakenUp', 'ParkedFactTakenUp']);
    expect(await desk.rows('SELECT * FROM policy_parked_fact')).toEqual([]);
  });

  it('are taken up when an order is given the name that they use', async () => {
    await desk.record(desk.fact('other-name', traded('other-name', 'e1', '1')));
    await desk.record(desk.fact('first-name', placed('first-name')));
    await desk.settled(policies);
    expect(await orderTypes(desk, 'first-name')).toEqual(['OrderPlaced']);
    const naming = desk.fact('first-name', accepted('first-name'));
    await desk.record({ ...naming, newAliases: [aliasOf('other-name')] });
    await desk.settled(policies);
    expect(await orderTypes(desk, 'first-name')).toEqual(['OrderPlaced', 'OrderAccepted', 'ExecutionRecorded']);
    expect(await parkedTypes(desk, 'other-name')).toEqual(['FactParked', 'ParkedFactTakenUp']);
  });

  it('fill the target whose order it was', async () => {
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'parked-target' });
    await desk.record(desk.fact('parked-target', traded('parked-target', 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['active', '0', '0']);
    await desk.record(desk.fact('parked-target', placed('parked-target')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
  });

  it('are taken up where their order appeared just before they were parked', async () => {
    await desk.record(desk.fact('between', placed('between')));
    await desk.settled(policies);
    // As another process parks it that asked for the order a moment too early.
    const { aliases, fact, context } = desk.fact('between', traded('between', 'e1'));
    await new StreamWriter(desk.store).append(parkedStream(aliasOf('between')), [{ type: 'FactParked', data: { aliases, newAliases: [], fact } }], context);
    await desk.settled(policies);
    expect(await orderTypes(desk, 'between')).toEqual(['OrderPlaced', 'ExecutionRecorded']);
    expect(await parkedTypes(desk, 'between')).toEqual(['FactParked', 'ParkedFactTakenUp']);
    expect(await desk.rows('SELECT * FROM policy_parked_fact')).toEqual([]);
  });

  it('of a busy order are all counted once, and stopping in the middle does not wait for them', { timeout: 60_000 }, async () => {
    const name = 'busy';
    const first = desk.startPolicies();
    await policies.stop();
    const facts = Array.from({ length: 3_000 }, (_, index) => desk.fact(name, traded(name, `e${index}`)));
    await Promise.all(facts.map((fact) => desk.handler.recordOrderFact(fact)));
    await desk.settled(first);
    await desk.record(desk.fact(name, placed(name, { orderQty: quantityText('3000') })));
    const isBegun = async (): Promise<boolean> => (await desk.store.readLast(parkedStream(aliasOf(name))))?.type === 'ParkedFactTakenUp';
    await expect.poll(isBegun, { timeout: 20_000, interval: 1 }).toBe(true);
    await first.stop();
    const takenUpSoFar = (await parkedTypes(desk, name)).length - facts.length;
    expect(takenUpSoFar).toBeGreaterThan(0);
    expect(takenUpSoFar).toBeLessThan(facts.length);
    policies = desk.startPolicies();
    await desk.settled(policies);
    const executions = (await desk.orderEvents(name)).filter(({ type }) => type === 'ExecutionRecorded');
    expect(executions).toHaveLength(facts.length);
    expect((await parkedTypes(desk, name)).filter((type) => type === 'ParkedFactTakenUp')).toHaveLength(facts.length);
    expect(await desk.rows('SELECT * FROM policy_parked_fact')).toEqual([]);
    expect(await desk.rows('SELECT * FROM set_aside')).toEqual([]);
  });

  it('are taken up once, whenever the process is killed', { timeout: 120_000 }, async () => {
    const own = await Desk.open();
    try {
      for (const name of ['p1', 'p2', 'p3']) await own.record(own.fact(name, traded(name, 'e1')), own.fact(name, traded(name, 'e2')), own.fact(name, placed(name)));
      const where = { eventStoreUrl: own.server.url, databaseUrl: own.databaseUrl, storeId: own.storeId };
      const ends = await reactAndDie(where, [1, 2, 3, 5]);
      expect(ends.filter((end) => end === 'killed').length).toBeGreaterThan(1);
      await own.settled(own.startPolicies());
      for (const name of ['p1', 'p2', 'p3']) {
        expect(await orderTypes(own, name)).toEqual(['OrderPlaced', 'ExecutionRecorded', 'ExecutionRecorded']);
        expect(await parkedTypes(own, name)).toEqual(['FactParked', 'FactParked', 'ParkedFactTakenUp', 'ParkedFactTakenUp']);
      }
    } finally {
      await own.close();
    }
  });
});
