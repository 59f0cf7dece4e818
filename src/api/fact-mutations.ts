import { builder } from './builder.js';
import { orderPayload, outcomeOf, refused } from './command-payload.js';
import type { CommandOutcome } from './command-payload.js';
import type { ApiContext } from './context.js';
import { apiError, caughtError } from './errors.js';
import { readFact } from './fact-input.js';
import type { FactInput } from './fact-input.js';
import { BrokerFactInput } from './order-inputs.js';

async function recordFact(input: FactInput, context: ApiContext): Promise<CommandOutcome> {
  const fact = readFact(input, context);
  return 'errors' in fact ? refused(fact.errors) : outcomeOf(await context.handler.recordOrderFact(fact.value));
}

/** One of many: what goes wrong with it is its own error, since those before it are recorded. */
async function recordFactOfMany(input: FactInput, context: ApiContext): Promise<CommandOutcome> {
  try {
    return await recordFact(input, context);
  } catch (error) {
    return refused([caughtError(error, context.log)]);
  }
}

/** Facts begin in the order given, a bounded number at a time: facts of one order are applied in the order in which they begin. */
async function recordFacts(inputs: readonly FactInput[], context: ApiContext): Promise<CommandOutcome[]> {
  const outcomes: CommandOutcome[] = [];
  const waiting = inputs.entries();
  const worker = async (): Promise<void> => {
    for (const [index, input] of waiting) outcomes[index] = await recordFactOfMany(input, context);
  };
  await Promise.all(Array.from({ length: Math.min(inputs.length, context.limits.bulkConcurrency) }, () => worker()));
  return outcomes;
}

const count = (outcomes: readonly CommandOutcome[], outcome: CommandOutcome['outcome']): number => outcomes.filter((one) => one.outcome === outcome).length;

const latest = (outcomes: readonly CommandOutcome[]): bigint | null =>
  outcomes.reduce<bigint | null>((newest, { position }) => (position !== undefined && (newest === null || position > newest) ? position : newest), null);

const factsPayload = builder.objectRef<readonly CommandOutcome[]>('BrokerFactsPayload').implement({
  description: 'What became of each fact, in the order in which they were sent.',
  fields: (t) => ({
    results: t.field({ type: [orderPayload], resolve: (outcomes) => [...outcomes] }),
    applied: t.int({ resolve: (outcomes) => count(outcomes, 'applied') }),
    duplicates: t.int({ resolve: (outcomes) => count(outcomes, 'duplicate') }),
    parked: t.int({ resolve: (outcomes) => count(outcomes, 'parked') }),
    rejected: t.int({ resolve: (outcomes) => count(outcomes, 'rejected') }),
    position: t.field({ type: 'LogPosition', nullable: true, description: 'The latest of the results: a query that waits for it sees all of them.', resolve: (outcomes) => latest(outcomes) }),
  }),
});

builder.mutationFields((t) => ({
  recordBrokerFact: t.field({
    type: orderPayload,
    description: 'Records what a broker or a log says about an order. The same message again is a duplicate.',
    args: { fact: t.arg({ type: BrokerFactInput, required: true }) },
    resolve: (_root, { fact }, context) => recordFact(fact, context),
  }),
  recordBrokerFacts: t.field({
    type: factsPayload,
    description: 'Records up to 1,000 facts. Each has a result of its own; facts of one order are applied in the order given.',
    args: { facts: t.arg({ type: [BrokerFactInput], required: true }) },
    complexity: ({ facts }) => ({ field: 1, multiplier: facts.length / 10 }),
    resolve: (_root, { facts }, context) => {
      const { bulkFacts } = context.limits;
      if (facts.length < 1 || facts.length > bulkFacts) throw apiError('BAD_USER_INPUT', `facts: must be 1 to ${bulkFacts}, are ${facts.length}`, 'facts');
      return recordFacts(facts, context);
    },
  }),
}));
