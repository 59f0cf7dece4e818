import { ChildProgram } from '../embedded/child-program.js';

const moduleUrl = (name: string): string => JSON.stringify(new URL(`../../dist/${name}.js`, import.meta.url).href);

/**
 * Runs the policies; killed by itself, as by kill -9, right after its n-th reaction is in the store: before the checkpoint is.
 * Arguments: event store, database, store id, n. Says "done" once everything has been reacted to.
 */
const program = `
  import { connectEventStore } from ${moduleUrl('eventstore/client')};
  import { createCommandHandler } from ${moduleUrl('eventstore/handle-command')};
  import { startPolicies } from ${moduleUrl('policies/runner')};
  import { openDatabase } from ${moduleUrl('projections/database')};
  const [eventStoreUrl, databaseUrl, storeId, deadlyReaction] = process.argv.slice(1);
  const store = connectEventStore({ url: eventStoreUrl });
  const handler = createCommandHandler({ store, producer: 'fillbook/test' });
  let reactions = 0;
  const deadly = (method) => async (...args) => {
    const result = await handler[method](...args);
    reactions += 1;
    if (reactions === Number(deadlyReaction)) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  const mortal = {
    changePosition: deadly('changePosition'),
    placeOrder: deadly('placeOrder'),
    changeOrder: deadly('changeOrder'),
    takeUpParked: deadly('takeUpParked'),
    resolveAlias: (alias) => handler.resolveAlias(alias),
  };
  const policies = startPolicies({ store, handler: mortal, database: openDatabase(databaseUrl), storeId, maxBatchSize: 1000 });
  await policies.waitFor(await store.head(), 20_000);
  console.log('done');
  process.exit(0);
`;

export interface ReactingProcessOptions {
  readonly eventStoreUrl: string;
  readonly databaseUrl: string;
  readonly storeId: string;
}

/** Runs one process after the other, each killed by its n-th reaction; says how each ended: killed, or done before that. */
export async function reactAndDie(where: ReactingProcessOptions, deadlyReactions: readonly number[]): Promise<readonly ('killed' | 'done')[]> {
  const ends: ('killed' | 'done')[] = [];
  for (const deadlyReaction of deadlyReactions) ends.push(await reactUntilKilled(where, deadlyReaction));
  return ends;
}

async function reactUntilKilled({ eventStoreUrl, databaseUrl, storeId }: ReactingProcessOptions, deadlyReaction: number): Promise<'killed' | 'done'> {
  const child = new ChildProgram(program, { args: [eventStoreUrl, databaseUrl, storeId, String(deadlyReaction)] });
  const code = await child.exited;
  if (code === 0) return 'done';
  if (child.process.signalCode === 'SIGKILL') return 'killed';
  throw new Error(`the reacting process ended with ${code}: ${await child.line()}`);
}
