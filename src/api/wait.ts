import { builder } from './builder.js';
import type { ApiContext } from './context.js';
import { apiError } from './errors.js';
import type { ReadModelName } from './read-models.js';

/** What every query takes, so that it can read what a mutation has just written. */
export const waitArguments = builder.args((t) => ({
  waitFor: t.field({ type: 'LogPosition', description: 'Read once the read model has everything up to this position: that of a mutation\'s payload.' }),
  settled: t.boolean({ defaultValue: false, description: 'With `waitFor`: wait also for what policies do in reaction, such as a fill of a target.' }),
  waitTimeoutMs: t.int({ description: 'How long to wait at the most, 1 to 30000; 5000 where it is not given. Then the error is WAIT_TIMEOUT.' }),
}));

export interface WaitArguments {
  readonly waitFor?: bigint | null | undefined;
  readonly settled?: boolean | null | undefined;
  readonly waitTimeoutMs?: number | null | undefined;
}

function timeoutOf({ limits }: ApiContext, timeoutMs: number | null | undefined): number {
  const chosen = timeoutMs ?? limits.defaultWaitMs;
  if (chosen < 1 || chosen > limits.waitMs) throw apiError('BAD_USER_INPUT', `waitTimeoutMs: must be 1 to ${limits.waitMs}`, 'waitTimeoutMs');
  return chosen;
}

/** The position that the read models must reach: that of the policies' own events, where the query waits for them too. */
async function settledPosition({ policies }: ApiContext, position: bigint, timeoutMs: number): Promise<bigint> {
  if (!policies) throw apiError('UNAVAILABLE', 'settled: policies do not run here', 'settled');
  return policies.waitFor(position, timeoutMs);
}

/** Waits as a query's arguments say until the read models that it reads are there. Throws a GraphQL error WAIT_TIMEOUT. */
export async function waitForReadModels(context: ApiContext, args: WaitArguments, ...projections: readonly ReadModelName[]): Promise<void> {
  const { waitFor, settled } = args;
  if (waitFor === undefined || waitFor === null) {
    if (settled === true) throw apiError('BAD_USER_INPUT', 'settled: needs waitFor', 'settled');
    return;
  }
  const timeoutMs = timeoutOf(context, args.waitTimeoutMs);
  const deadlineMs = performance.now() + timeoutMs;
  const leave = context.waitingRoom.enter(context.viewer);
  try {
    const position = settled === true ? await settledPosition(context, waitFor, timeoutMs) : waitFor;
    await context.projector.waitFor(position, { projections, timeoutMs: Math.max(1, Math.ceil(deadlineMs - performance.now())) });
  } finally {
    leave();
  }
}
