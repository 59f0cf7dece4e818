import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountId } from '../../src/domain/ids.js';
import { orderStream } from '../../src/eventstore/identity.js';
import { EventStoreError } from '../../src/eventstore/errors.js';
import { fillTargets } from '../../src/policies/fill-targets.js';
import type { Policy } from '../../src/policies/policy.js';
import { WrongStoreError } from '../../src/projections/checkpoint.js';
import { openDatabase } from '../../src/projections/database.js';
import { WaitTimeoutError } from '../../src/projections/reached.js';
import { StreamWriter } from '../projections/ledger.js';
import { busted, canceled, Desk, orderOf, placed, traded } from './desk.js';
import { handlerWith } from './handler-with.js';
import { reactAndDie } from './reacting-process.js';

let desk: Desk;
beforeEach(async () => {
  desk = await Desk.open();
});
afterEach(() => desk.close());

/** A target that is set, attached, filled by three trades of which one is busted, and another that is cancelled: 8 reactions. */
async function trade(): Promise<Awaited<ReturnType<Desk['openPosition']>>> {
  const position = await desk.openPosition();
  await desk.setTarget(position, 'a', { orderRef: 'o1' });
  await desk.setTarget(position, 'b', { orderRef: 'o2' });
  await desk.record(desk.fact('o1', placed('o1')), desk.fact('o2', placed('o2')));
  await desk.record(...['e1', 'e2', 'e3'].map((exec) => desk.fact('o1', traded('o1', exec))), desk.fact('o1', busted('o1', 'e2')));
  await desk.record(desk.fact('o2', traded('o2', 'e1', '2')), desk.fact('o2', canceled('o2')));
  return position;
}

async function expectTraded(position: Awaited<ReturnType<typeof trade>>): Promise<void> {
  expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '2', '1.2']);
  expect(await desk.shownTarget(position, 'b')).toEqual(['cancelled', '2', '1.2']);
  // Whether the version of e2 before its bust was ever told depends on when the policy came to it; nothing is told twice.
  const told = (await desk.positionEvents(position)).map(({ event }) => ('fill' in event.data ? JSON.stringify(event.data.fill) : `${event.type} ${'targetKey' in event.data ? event.data.targetKey : ''}`));
  expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
  expect(told.filter((each) => each.startsWith('TargetOrderAttached'))).toHaveLength(2);
}

describe('a process that is killed between a reaction and the checkpoint', () => {
  it('each reaction counts once, whichever it was killed after', { timeout: 120_000 }, async () => {
    const position = await trade();
    const where = { eventStoreUrl: desk.server.url, databaseUrl: desk.databaseUrl, storeId: desk.storeId };
    const ends = await reactAndDie(where, [1, 2, 3, 5, 8]);
    expect(ends.filter((end) => end === 'killed').length).toBeGreaterThan(3);
    await desk.settled(desk.startPolicies());
    await expectTraded(position);
  });
});

describe('a transaction that is lost between a reaction and the checkpoint', () => {
  it('is made again, and each reaction counts once', async () => {
    let kills = 0;
    const handler = handlerWith(desk.handler, {
      changePosition: async (...args) => {
        const result = await desk.handler.changePosition(...args);
        kills += 1;
        // After every other reaction, Postgres ends the session that holds the checkpoint.
        if (kills % 2 === 1 && kills < 12) await desk.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'");
        return result;
      },
    });
    const policies = desk.startPolicies({ handler });
    const position = await trade();
    await desk.settled(policies);
    expect(kills).toBeGreaterThan(12);
    await expectTraded(position);
  });
});

describe('several processes', () => {
  it('one reacts at a time; another one takes over when it ends, and can be waited for meanwhile', async () => {
    const [first, second] = [desk.startPolicies(), desk.startPolicies()];
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'o1' });
    await desk.record(desk.fact('o1', placed('o1')), desk.fact('o1', traded('o1', 'e1')));
    await Promise.all([desk.settled(first), desk.settled(second)]);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '1', '1.2']);
    expect([first, second].map((each) => each.status().state).toSorted()).toEqual(['running', 'standby']);
    const [active, standby] = first.status().state === 'running' ? [first, second] : [second, first];
    await active.stop();
    await desk.record(desk.fact('o1', traded('o1', 'e2', '3')));
    await desk.settled(standby);
    expect(standby.status().state).toBe('running');
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
    const fills = (await desk.positionEvents(position)).filter(({ event }) => event.type === 'FillRecorded');
    expect(fills).toHaveLength(2);
  });
});

describe('an event store that is away', () => {
  it('delays reactions, and loses none', async () => {
    const policies = desk.startPolicies();
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'o1' });
    await desk.record(desk.fact('o1', placed('o1')));
    await desk.settled(policies);
    await desk.server.kill();
    await desk.server.restart();
    await desk.record(desk.fact('o1', traded('o1', 'e1', '4')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['filled', '4', '1.2']);
  });

  it('a reaction that the store does not take is tried until it does', async () => {
    let refusals = 0;
    const handler = handlerWith(desk.handler, {
      changePosition: (...args) => {
        refusals += 1;
        if (refusals <= 5) throw new EventStoreError('unavailable', 'the store is away');
        return desk.handler.changePosition(...args);
      },
    });
    const policies = desk.startPolicies({ handler });
    const position = await trade();
    await desk.settled(policies);
    await expectTraded(position);
    expect(await desk.rows('SELECT * FROM set_aside')).toEqual([]);
  });
});

describe('what cannot be reacted to', () => {
  it('an event that no program can read is set aside, and everything else goes on', async () => {
    const broken = orderStream(orderOf('broken'));
    await new StreamWriter(desk.store).append(broken, [{ type: 'ExecutionRecorded', data: { nonsense: true } }]);
    const policies = desk.startPolicies();
    const position = await trade();
    await desk.settled(policies);
    await expectTraded(position);
    expect(await desk.rows('SELECT projection, stream, reason FROM set_aside')).toEqual([
      { projection: 'policy:fill-targets', stream: broken, reason: expect.stringContaining('ExecutionRecorded at revision 0') },
    ]);
  });

  it('a bug in one reaction is set aside after some tries, and made good when the program is started without it', { timeout: 60_000 }, async () => {
    let isBroken = true;
    const buggy: Policy = {
      ...fillTargets,
      open(tools) {
        const reactor = fillTargets.open(tools);
        return {
          async openBatch(...args) {
            const batch = await reactor.openBatch(...args);
            return {
              react(event) {
                if (isBroken && event.stream === orderStream(orderOf('o1')) && event.type === 'ExecutionRecorded') throw new TypeError('a bug');
                return batch.react(event);
              },
            };
          },
        };
      },
    };
    const policies = desk.startPolicies({ policies: [buggy] });
    const position = await desk.openPosition();
    await desk.setTarget(position, 'a', { orderRef: 'o1' });
    await desk.setTarget(position, 'b', { orderRef: 'o2' });
    await desk.record(desk.fact('o1', placed('o1')), desk.fact('o2', placed('o2')));
    await desk.settled(policies);
    await desk.record(desk.fact('o1', traded('o1', 'e1')), desk.fact('o1', traded('o1', 'e2')), desk.fact('o2', traded('o2', 'e1')));
    await desk.settled(policies);
    expect(await desk.shownTarget(position, 'a')).toEqual(['active', '0', '0']);
    expect(await desk.shownTarget(position, 'b')).toEqual(['partially_filled', '1', '1.2']);
    expect(await desk.rows('SELECT stream, reason FROM set_aside')).toEqual([{ stream: orderStream(orderOf('o1')), reason: 'a bug' }]);
    await policies.stop();
    isBroken = false;
    const repaired = desk.startPolicies({ policies: [buggy] });
    await expect.poll(() => desk.rows('SELECT * FROM set_aside'), { timeout: 20_000 }).toEqual([]);
    // What was made good before the first batch counts as a reaction, too.
    expect(await desk.rows('SELECT position::text FROM policy_reaction')).toEqual([{ position: (await desk.store.head())?.toString() }]);
    await desk.settled(repaired);
    expect(await desk.shownTarget(position, 'a')).toEqual(['partially_filled', '2', '1.2']);
  });

  it('another store behind the address stops the policies with a clear error', async () => {
    const policies = desk.startPolicies();
    await desk.openPosition();
    await desk.settled(policies);
    await policies.stop();
    const strange = desk.startPolicies({ storeId: '00000000-0000-4000-8000-000000000000' });
    await expect(strange.waitFor(10n ** 15n, 20_000)).rejects.toThrow(WrongStoreError);
    expect(strange.status().state).toBe('failed');
    await expect(strange.waitFor(0n)).rejects.toThrow(WrongStoreError);
  });
});

describe('policies', () => {
  it('that have lost their tables react to the whole store again, and nothing changes', async () => {
    const policies = desk.startPolicies();
    const position = await trade();
    await desk.settled(policies);
    await policies.stop();
    const head = await desk.store.head();
    await desk.rows("DELETE FROM checkpoint WHERE name LIKE 'policy:%'");
    await desk.rows('TRUNCATE policy_order_ref, policy_target, policy_order_link, policy_parked_fact, policy_reaction');
    await desk.settled(desk.startPolicies());
    await expectTraded(position);
    expect(await desk.store.head()).toBe(head);
  });

  it('of another version than the one that remembers begin anew, and nothing changes', async () => {
    const policies = desk.startPolicies();
    const position = await trade();
    await desk.settled(policies);
    await policies.stop();
    const head = await desk.store.head();
    await desk.rows("INSERT INTO policy_order_ref VALUES ('default', 'main', 'of the former version', 'x', 0)");
    const anew = desk.startPolicies({ policies: [{ ...fillTargets, version: fillTargets.version + 1 }] });
    // Until it has begun, the former version's checkpoint says how far the policy is.
    const versions = () => desk.rows('SELECT version FROM checkpoint WHERE name = $1', [fillTargets.name]);
    await expect.poll(versions, { timeout: 10_000 }).toEqual([{ version: fillTargets.version + 1 }]);
    await desk.settled(anew);
    await expectTraded(position);
    expect(await desk.store.head()).toBe(head);
    expect(await desk.rows("SELECT * FROM policy_order_ref WHERE ref = 'of the former version'")).toEqual([]);
  });

  it('say when they have not got there in time, and stop at once', async () => {
    const policies = desk.startPolicies();
    await desk.openPosition();
    const tooLate: unknown = await policies.waitFor(10n ** 15n, 50).catch((error: unknown) => error);
    expect(tooLate).toBeInstanceOf(WaitTimeoutError);
    expect(String(tooLate)).toMatch(/within \d+ ms: /);
    const waiting = Promise.allSettled([policies.waitFor(10n ** 15n, 60_000)]);
    await policies.stop();
    expect(await waiting).toMatchObject([{ status: 'rejected', reason: { message: 'the policies were stopped' } }]);
    expect(policies.status().state).toBe('stopped');
  });

  it('look for what another process reached at one pace, however many have waited', async () => {
    await desk.settled(desk.startPolicies());
    const database = openDatabase(desk.databaseUrl);
    const standby = desk.startPolicies({ database });
    for (let waits = 0; waits < 100; waits += 1) await expect(standby.waitFor(10n ** 15n, 1)).rejects.toThrow(WaitTimeoutError);
    let queries = 0;
    database.pool.on('acquire', () => (queries += 1));
    await expect(standby.waitFor(10n ** 15n, 500)).rejects.toThrow(WaitTimeoutError);
    // Every 50 ms a look, every 250 ms a question for the lease.
    expect(queries).toBeGreaterThan(0);
    expect(queries).toBeLessThan(30);
    await standby.stop();
    await database.close();
  });

  it('move their checkpoints over events that they do not react to', async () => {
    const policies = desk.startPolicies();
    const position = await new StreamWriter(desk.store).append('store-note', [{ type: 'Whatever', data: {} }], { accountId: accountId('main') });
    await desk.record(desk.fact('o1', placed('o1')));
    const head = await desk.settled(policies);
    expect(head).toBeGreaterThan(position);
    expect(await desk.rows("SELECT count(*)::int AS behind FROM checkpoint WHERE name LIKE 'policy:%' AND position < $1", [head.toString()])).toEqual([{ behind: 0 }]);
  });
});
